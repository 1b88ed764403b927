import type { Pace } from './view.ts'

/** A model writes about so fast, and thinks for so long before. */
const TOKENS_PER_SECOND = 60
const FIRST_SECONDS = 1.5
/** Requests a second that most accounts are let have at least. */
const PER_SECOND = 16
/** How little that says, until something has been measured or told. */
const SIGMA = 0.35
const SIGMA_TOLD = 0.18
/** A lane that sheds: the part of it that is given, and how uncertain that is. */
const SHED_SHARE = 0.6
const SHED_SIGMA = 0.6

/**
 * What a lane that takes requests one by one is thought to do before anybody has flown on it.
 * @param of.outputTokens  of an answer, on average
 * @param of.concurrency   requests that may be in flight
 * @param toldPerSecond    what the user or the vendor's own headers allow, where they have been heard
 */
export function quotedPace(
  { outputTokens, concurrency, sheds }: { outputTokens: number; concurrency: number; sheds: boolean },
  toldPerSecond?: number,
): Pace {
  const byLatency = concurrency / (FIRST_SECONDS + outputTokens / TOKENS_PER_SECOND)
  const perSecond = Math.min(byLatency, toldPerSecond ?? PER_SECOND)
  return sheds
    ? { perSecond: perSecond * SHED_SHARE, sigma: SHED_SIGMA }
    : { perSecond, sigma: toldPerSecond === undefined ? SIGMA : SIGMA_TOLD }
}
