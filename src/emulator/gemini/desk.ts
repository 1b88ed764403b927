import type { Charge } from '../bill.ts'
import { digest } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { Latency } from '../latency.ts'
import type { ActLog } from '../log.ts'
import type { Course } from './course.ts'
import type { Problem } from './errors.ts'
import type { BatchFaults, GeminiSwitchboard } from './faults.ts'
import type { Model } from './models.ts'
import type { Scan } from './run-lines.ts'

export interface FileRecord {
  /** Without `files/` before it. */
  readonly id: string
  readonly project: string
  readonly displayName: string | undefined
  readonly mimeType: string
  readonly bytes: number
  readonly sha256: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly activeAt: number
  readonly fails: boolean
  readonly source: 'UPLOADED' | 'GENERATED'
  readonly path: string
  /** Where it can be read, as the client reached us. */
  readonly origin: string
  /** Batches that may still read it; the bytes are removed only after them. */
  readonly readers: Promise<unknown>[]
}

/** What a batch was made of. */
export type Input =
  | { readonly kind: 'file'; readonly fileId: string; readonly path: string | null; readonly bytes: number }
  | { readonly kind: 'inline'; readonly path: string; readonly bytes: number }

export interface BatchRecord {
  readonly id: string
  readonly project: string
  readonly origin: string
  readonly method: 'generate' | 'embed'
  /** As the client named it. */
  readonly modelName: string
  /** Who answers and is billed: not always the one named. */
  readonly model: Model
  readonly displayName: string | undefined
  readonly priority: string | undefined
  readonly input: Input
  readonly course: Course
  readonly faults: BatchFaults
  /** Why it fails, when it does. */
  problem: Problem | null
  /** Reading the input through: nothing past PENDING may be said before it is done. */
  scanning: Promise<Scan>
  scan: Scan | null
  /** Epoch milliseconds. */
  deletedAt: number | null
  outputFileId: string | null
  /** Whether its table of rows was already reduced to sums. */
  sealed: boolean
}

export interface CacheRecord {
  readonly id: string
  readonly project: string
  readonly modelName: string
  readonly displayName: string | undefined
  readonly tokens: number
  readonly createdAt: number
  updatedAt: number
  expiresAt: number
  deletedAt: number | null
}

/** Everything one emulated Gemini Developer API holds. Payloads are files in `dir`; here are only their names. */
export interface Desk {
  readonly clock: Clock
  readonly seed: number
  readonly dir: string
  readonly log: ActLog
  readonly switchboard: GeminiSwitchboard
  readonly latency: Latency
  readonly files: Map<string, FileRecord>
  /** Ids of files that are gone: the answer to them differs from the one to an id that never was. */
  readonly formerFiles: Set<string>
  readonly batches: Map<string, BatchRecord>
  readonly caches: Map<string, CacheRecord>
  /** Charges of calls outside batches, summed by their key. */
  readonly callCharges: Map<string, Charge>
  readonly nextId: (kind: string, length: number) => string
  /** Scans run one after another: in the order of creation, and one core's worth at a time. */
  queue: Promise<unknown>
  /** Creates are let in one after another. */
  admissions: Promise<unknown>
}

/** Ids are lower-case letters and digits, and depend on the seed and the order of the calls only. */
export function idMaker(vendor: string, seed: number): (kind: string, length: number) => string {
  const counts = new Map<string, number>()
  return (kind, length) => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    return BigInt(`0x${digest('id', vendor, seed, kind, count)}`)
      .toString(36)
      .padStart(length, '0')
      .slice(-length)
  }
}

export const day = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10)
