import type { Charge } from '../bill.ts'
import { between, chanceOf, digest, normal, word } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { ActLog } from '../log.ts'
import type { PromptCache } from './cache.ts'
import { type Course, windowMs } from './course.ts'
import type { Scan } from './execute.ts'
import type { BatchFaults, Switchboard } from './faults.ts'
import type { FileRecord } from './files.ts'

export interface BatchRecord {
  readonly id: string
  readonly workspace: string
  readonly version: string
  readonly betas: readonly string[]
  readonly rows: number
  /** sha256 over the custom ids, in their order. */
  readonly idsDigest: string
  readonly course: Course
  readonly faults: BatchFaults
  /** Running the rows through: nothing about how they ended may be said before it is done. */
  scanning: Promise<Scan>
  scan: Scan | null
  settling: Promise<void> | null
  deleted: boolean
}

/** Everything one emulated Anthropic holds. Payloads are files in `dir`; here are only their names. */
export interface Desk {
  readonly clock: Clock
  readonly seed: number
  readonly dir: string
  readonly log: ActLog
  readonly switchboard: Switchboard
  readonly latency: Latency
  readonly batches: Map<string, BatchRecord>
  readonly files: Map<string, FileRecord>
  readonly cache: PromptCache
  /** Charges of calls outside batches, summed by their key. */
  readonly callCharges: Map<string, Charge>
  readonly nextId: (prefix: string) => string
  /** Scans run one after another: in the order of creation, and one core's worth at a time. */
  queue: Promise<unknown>
}

/** Durations of a batch in emulated seconds. */
export interface Latency {
  /** Median of the time in progress for about 100 rows; it grows with their number to the power of 0.3. 0: at once. */
  readonly medianSeconds: number
  /** Spread: the standard deviation of its logarithm. */
  readonly sigma: number
  readonly cancellingSeconds: number
}

/** People have timed 90 to 120 s for one row and 3 to 11 min for ten; a cancel of three rows took 25 s. */
export const defaultLatency: Latency = { medianSeconds: 360, sigma: 0.6, cancellingSeconds: 25 }

/** Draws how long a batch takes, once, from the seed and the batch's own name. */
export function layCourse(desk: Desk, id: string, now: number, rows: number, faults: BatchFaults): Course {
  const spread = Math.exp(desk.latency.sigma * normal(chanceOf('course', desk.seed, id)))
  const scale = Math.min(8, Math.max(0.3, (rows / 100) ** 0.3))
  const runMs = 1000 * (faults.runSeconds ?? desk.latency.medianSeconds * scale * spread)
  const stall = faults.stallShare === undefined ? 0 : (faults.stallSeconds ?? Number.POSITIVE_INFINITY) * 1000
  return {
    createdAt: now,
    expiresAt: now + windowMs,
    runMs,
    endsAt: now + runMs + stall,
    stallShare: faults.stallShare ?? 1,
    expiryLagMs: (faults.expiryLagSeconds ?? 0) * 1000,
    cancel: null,
  }
}

/** How long a cancel takes for this batch. */
export function cancelLagMs(desk: Desk, batch: BatchRecord): number {
  const lag = batch.faults.cancelLagSeconds
  if (lag !== undefined) return lag * 1000
  return (desk.latency.cancellingSeconds * 1000 * between(chanceOf('cancel', desk.seed, batch.id), 50, 150)) / 100
}

/** Ids look like the vendor's and depend on the seed and the order of the calls only. */
export function idMaker(seed: number): (prefix: string) => string {
  const counts = new Map<string, number>()
  return (prefix) => {
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    return idOf(prefix, digest('anthropic id', seed, count))
  }
}

/** `msgbatch_01…`, `msg_01…`, `req_01…` */
export function idOf(prefix: string, name: string): string {
  return `${prefix}_01${word(chanceOf(prefix, name), 22)}`
}
