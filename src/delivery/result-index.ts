/**
 * Two files per collected submission, in row order, written by collect and kept after the payloads are gone.
 *
 * Result index, 16 bytes a row:
 *
 *      0  u8   outcome (255: this submission says nothing of the row)     1  u8   reason
 *      2  u8   result file (255: no line)                                 3  u40  offset of the line
 *      8  u32  length of the line                                        12  u32  offset of the id's content in it
 *
 * Usage record, 32 bytes a row, and after the rows one for each charged answer that has no id:
 *
 *      0  u32  input   4  u32  cached input   8  u32  cache write   12  u32  output
 *     16  u16  model (index into the submission's list)   18  u8  tier answered (likewise)
 *     19  u8   1: billed · 2: at the data-residency price
 *     20  u32  cache write kept 5 minutes   24  u32  cache write kept an hour   28  u32  web searches
 */
export const RESULTS_VERSION = 1
export const RESULT_BYTES = 16
export const USAGE_BYTES = 32
export const NO_OUTCOME = 255
export const NO_FILE = 255

/** What collect keeps beside a submission; JSON in its row. */
export interface Collected {
  readonly version: typeof RESULTS_VERSION
  /** Blob names; `files` in the order the index means. */
  readonly index: string
  readonly usage: string
  readonly files: readonly string[]
  readonly models: readonly string[]
  readonly tiers: readonly string[]
  readonly rows: {
    /** Lines read, of all files. */
    readonly lines: number
    readonly duplicates: number
    /** Ids that were never sent, or none at all. */
    readonly strangers: number
    readonly missing: number
  }
  readonly bytes: number
  /** The vendor may have billed rows that it handed out nothing of, and does not say how many. */
  readonly perhapsBilled?: boolean
  /** Calls, one by one, that may be paid for and left nothing; the tokens are the most that they can have used. */
  readonly unproven?: { readonly attempts: number; readonly inputTokens: number; readonly outputMax: number }
  /** Of a trial: what each answer took, by row, in ms of our clock; null where it is not known. */
  readonly ms?: readonly (number | null)[]
  /** The submission's share of the time of an engine that is paid by the hour. */
  readonly engineMs?: number
}

export interface ResultRow {
  outcome: number
  reason: number
  file: number
  offset: number
  length: number
  idAt: number
}

export function writeResult(view: DataView, at: number, row: ResultRow): void {
  view.setUint8(at, row.outcome)
  view.setUint8(at + 1, row.reason)
  view.setUint8(at + 2, row.file)
  view.setUint8(at + 3, Math.floor(row.offset / 2 ** 32))
  view.setUint32(at + 4, row.offset >>> 0, true)
  view.setUint32(at + 8, row.length, true)
  view.setUint32(at + 12, row.idAt, true)
}

export function readResult(view: DataView, at: number, row: ResultRow): ResultRow {
  row.outcome = view.getUint8(at)
  row.reason = view.getUint8(at + 1)
  row.file = view.getUint8(at + 2)
  row.offset = view.getUint8(at + 3) * 2 ** 32 + view.getUint32(at + 4, true)
  row.length = view.getUint32(at + 8, true)
  row.idAt = view.getUint32(at + 12, true)
  return row
}

export const emptyResult = (): ResultRow => ({
  outcome: NO_OUTCOME,
  reason: 0,
  file: NO_FILE,
  offset: 0,
  length: 0,
  idAt: 0,
})

export interface UsageRow {
  input: number
  cachedInput: number
  cacheWrite: number
  cacheWrite5m: number
  cacheWrite1h: number
  output: number
  webSearches: number
  model: number
  tier: number
  billed: boolean
  resident: boolean
}

export function writeUsage(view: DataView, at: number, row: UsageRow): void {
  view.setUint32(at, row.input, true)
  view.setUint32(at + 4, row.cachedInput, true)
  view.setUint32(at + 8, row.cacheWrite, true)
  view.setUint32(at + 12, row.output, true)
  view.setUint16(at + 16, row.model, true)
  view.setUint8(at + 18, row.tier)
  view.setUint8(at + 19, (row.billed ? 1 : 0) | (row.resident ? 2 : 0))
  view.setUint32(at + 20, row.cacheWrite5m, true)
  view.setUint32(at + 24, row.cacheWrite1h, true)
  view.setUint32(at + 28, row.webSearches, true)
}

export function readUsage(view: DataView, at: number, row: UsageRow): UsageRow {
  row.input = view.getUint32(at, true)
  row.cachedInput = view.getUint32(at + 4, true)
  row.cacheWrite = view.getUint32(at + 8, true)
  row.output = view.getUint32(at + 12, true)
  row.model = view.getUint16(at + 16, true)
  row.tier = view.getUint8(at + 18)
  row.billed = (view.getUint8(at + 19) & 1) !== 0
  row.resident = (view.getUint8(at + 19) & 2) !== 0
  row.cacheWrite5m = view.getUint32(at + 20, true)
  row.cacheWrite1h = view.getUint32(at + 24, true)
  row.webSearches = view.getUint32(at + 28, true)
  return row
}

/** Whether the record at `at` is of a row that the vendor bills. */
export const isBilled = (usage: Uint8Array, at: number): boolean => ((usage[at + 19] as number) & 1) !== 0

export const emptyUsage = (): UsageRow => ({
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  webSearches: 0,
  model: 0,
  tier: 0,
  billed: false,
  resident: false,
})

/** Upstream ids: `<key>-<row>`, 20 characters, a dash, 7 digits. */
export const KEY_LENGTH = 20
export const ROW_DIGITS = 7
export const ID_LENGTH = KEY_LENGTH + 1 + ROW_DIGITS

export const upstreamId = (key: string, row: number): string => `${key}-${String(row).padStart(ROW_DIGITS, '0')}`

/** Of the form that keys and ids of ours have, in whatever home they were made. */
export const isKey = (text: string): boolean => /^[a-z2-7]{20}$/.test(text)
export const isUpstreamId = (text: string): boolean => /^[a-z2-7]{20}-\d{7}$/.test(text)
