import type { Limits } from '../../domain/limits.ts'
import type { Lane } from '../../domain/usage.ts'
import { DAY } from '../../kit/clock.ts'
import type { BatchLane, SyncLane } from '../../providers/contract.ts'
import type { Vendors } from '../ports.ts'

/** What a lane asks of the rows that it is to carry, and how its results are read. */
export type LaneTerms = Pick<
  BatchLane,
  'limits' | 'rowFrame' | 'marks' | 'ownRows' | 'openSchemas' | 'attach' | 'scanner'
>

export function termsOf(vendors: Vendors, lane: Lane): LaneTerms {
  const sync = vendors.sync(lane)
  return sync === undefined ? vendors.batch(lane) : syncTerms(sync)
}

/** Where each request is a call of its own, nothing is uploaded: a run only has to stay within what we can keep. */
function syncTerms({ limits, ownRows, blanksModel, scanner }: SyncLane): LaneTerms {
  const frame = { beforeId: empty, afterId: empty, afterBody: newline, ...(blanksModel ? { blanksModel } : {}) }
  return {
    limits: { ...unlimited, ...limits, rowBytesMax: limits.bodyBytesMax },
    rowFrame: () => frame,
    marks: true,
    scanner,
    ...(ownRows ? { ownRows } : {}),
  }
}

const empty = new Uint8Array(0)
const newline = Uint8Array.of(10)

const unlimited = {
  rowsMax: 50_000,
  fileBytesMax: 1_000_000_000,
  inputsMax: null,
  modelsPerFileMax: 1,
  createsPerHourMax: null,
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null,
  enqueuedTokensMax: () => null,
  enqueuedRequestsMax: () => null,
  windowMs: Number.POSITIVE_INFINITY,
  cancelLagMs: 0,
  returnsPartial: true,
  countsWhileOpen: true,
  collectWithinMs: 365 * DAY,
} satisfies Partial<Limits>
