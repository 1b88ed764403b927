import type { Charge } from '../bill.ts'
import { digest } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { Latency } from '../latency.ts'
import type { ActLog } from '../log.ts'
import type { Course } from './course.ts'
import type { Scan } from './execute.ts'
import type { BatchFaults, OpenAiSwitchboard } from './faults.ts'
import type { Likeness } from './likeness.ts'

export interface FileRecord {
  readonly id: string
  readonly scope: string
  readonly purpose: string
  readonly filename: string
  readonly bytes: number
  /** Epoch milliseconds; the wire shows seconds. */
  readonly createdAt: number
  /** Epoch seconds, or null for never. */
  readonly expiresAt: number | null
  readonly path: string
  /** Batches that may still read it; the bytes are removed only after them. */
  readonly readers: Promise<unknown>[]
}

export interface UploadRecord {
  readonly id: string
  readonly scope: string
  readonly bytes: number
  readonly filename: string
  readonly purpose: string
  readonly createdAt: number
  readonly expiresAfter: number | null
  readonly parts: Map<string, { readonly path: string; readonly bytes: number }>
  status: 'pending' | 'completed' | 'cancelled'
  file: FileRecord | null
}

export interface BatchRecord {
  readonly id: string
  readonly scope: string
  readonly endpoint: string
  readonly inputFileId: string
  readonly metadata: Record<string, string> | null
  /** Of all its lines, where a purchase names it. */
  readonly model: string | null
  readonly outputExpiresAfter: number
  readonly course: Course
  readonly faults: BatchFaults
  /** Reading the input through: nothing past validation may be said before it is done. */
  scanning: Promise<Scan>
  scan: Scan | null
  results: Results | null
  settling: Promise<Results> | null
}

/** What a batch left behind when it ended. */
export interface Results {
  readonly outputFileId: string | null
  readonly errorFileId: string | null
}

/** Everything one emulated OpenAI holds. Payloads are files in `dir`; here are only their names. */
export interface Desk {
  readonly clock: Clock
  readonly seed: number
  readonly likeness: Likeness
  readonly dir: string
  readonly log: ActLog
  readonly switchboard: OpenAiSwitchboard
  readonly latency: Latency
  readonly files: Map<string, FileRecord>
  readonly uploads: Map<string, UploadRecord>
  readonly batches: Map<string, BatchRecord>
  /** Charges of calls outside batches, summed by their key. */
  readonly callCharges: Map<string, Charge>
  readonly nextId: (kind: string) => string
  /** Scans run one after another: in the order of creation, and one core's worth at a time. */
  queue: Promise<unknown>
}

/** Ids look like the vendor's and depend on the seed and the order of the calls only. */
export function idMaker(seed: number | string): (kind: string) => string {
  const counts = new Map<string, number>()
  return (kind) => {
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const hex = digest('id', seed, kind, count)
    if (kind === 'file') return `file-${base62(hex, 22)}`
    return `${kind}_${hex.slice(0, 32)}`
  }
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(hex: string, length: number): string {
  let number = BigInt(`0x${hex}`)
  let text = ''
  while (text.length < length) {
    text += digits.charAt(Number(number % 62n))
    number /= 62n
  }
  return text
}

export function fileOf(desk: Desk, scope: string, id: string): FileRecord | undefined {
  const file = desk.files.get(id)
  if (!file || file.scope !== scope) return undefined
  if (file.expiresAt !== null && file.expiresAt <= desk.clock.seconds()) return undefined
  return file
}
