import type { Pace } from './view.ts'

/** A model writes about so fast, and thinks for so long before. */
const TOKENS_PER_SECOND = 60
const FIRST_SECONDS = 1.5
/** Requests in flight, and a second, that most accounts are let have at least. */
const CONCURRENCY = 64
const PER_SECOND_MAX = 8
/** How little that says, until something has been measured. */
const SIGMA = 0.35
/** A lane that sheds: the part of it that is given, and how uncertain that is. */
const SHED_SHARE = 0.6
const SHED_SIGMA = 0.6

/**
 * What a lane that takes requests one by one is thought to do before anybody has flown on it.
 * @param outputTokens  of an answer, on average
 * @param toldPerSecond what the vendor's own headers allow, where they have been seen
 */
export function quotedPace(outputTokens: number, sheds: boolean, toldPerSecond?: number): Pace {
  const byLatency = CONCURRENCY / (FIRST_SECONDS + outputTokens / TOKENS_PER_SECOND)
  const perSecond = Math.min(byLatency, toldPerSecond ?? PER_SECOND_MAX)
  return sheds
    ? { perSecond: perSecond * SHED_SHARE, sigma: SHED_SIGMA }
    : { perSecond, sigma: toldPerSecond === undefined ? SIGMA : SIGMA / 2 }
}
