import type { Pace } from './view.ts'

/** What a lane has done lately; older work counts less and less. */
export interface Measured {
  readonly requests: number
  /** During which it had work. */
  readonly seconds: number
}

const HALF_LIFE = 20 * 60
/** Spread of a pace measured over five minutes, around that of the hour. */
const SPREAD = 0.2
const SPREAD_SECONDS = 300
/** A lane that has answered nothing is taken to be this many times slower than was thought, not infinitely. */
const SLOWEST = 50

/** @param seconds  for which the lane had work, and answered `requests` of it */
export function measure(before: Measured, requests: number, seconds: number): Measured {
  const fade = 0.5 ** (seconds / HALF_LIFE)
  return { requests: before.requests * fade + requests, seconds: before.seconds * fade + seconds }
}

/** What was thought of a pace and what was measured, each weighed by how well it is known. */
export function paceOf(prior: Pace, measured: Measured): Pace {
  if (measured.seconds < 30) return prior
  const seen = Math.max(measured.requests / measured.seconds, prior.perSecond / SLOWEST)
  const [before, after] = [1 / prior.sigma ** 2, measured.seconds / SPREAD_SECONDS / SPREAD ** 2]
  const mean = (Math.log(prior.perSecond) * before + Math.log(seen) * after) / (before + after)
  return { perSecond: Math.exp(mean), sigma: Math.sqrt(1 / (before + after)) }
}
