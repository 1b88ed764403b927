import { MINUTE, SECOND } from '../kit/clock.ts'
import { isSure } from './outlook.ts'
import type { Offer } from './view.ts'

/** A quote promises what the sure lanes alone can do, if they are a quarter slower than thought and start late. */
const SLOWER = 1.25
const START_MS = 5 * MINUTE

/**
 * The earliest deadline that a quote accepts, epoch ms; undefined where no lane can be relied upon, and a chance is all
 * there is to offer.
 */
export function earliestDeadline(requests: number, offers: readonly Offer[], now: number): number | undefined {
  let pace = 0
  for (const offer of offers) if (offer.kind === 'sync' && isSure(offer) && !offer.down) pace += offer.pace.perSecond
  return pace === 0 ? undefined : now + ((SLOWER * requests) / pace) * SECOND + START_MS
}
