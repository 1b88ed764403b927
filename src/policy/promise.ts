import { MINUTE, SECOND } from '../kit/clock.ts'
import type { Pace } from './view.ts'

/** A quote promises what the sure lanes alone can do, if they are a quarter slower than thought and start late. */
const SLOWER = 1.25
const START_MS = 5 * MINUTE

/**
 * The earliest deadline that a quote accepts, epoch ms; undefined where no lane can be relied upon, and a chance is all
 * there is to offer.
 * @param sure  paces of the lanes that turn nobody away
 */
export function earliestDeadline(requests: number, sure: readonly Pace[], now: number): number | undefined {
  const pace = sure.reduce((sum, { perSecond }) => sum + perSecond, 0)
  return pace === 0 ? undefined : now + ((SLOWER * requests) / pace) * SECOND + START_MS
}
