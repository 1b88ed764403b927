import { outcomes, reasonCode } from '../domain/outcome.ts'
import { blankRow, type ScannedRow } from '../domain/scanned-row.ts'
import type { TaskReply } from '../kit/byte-pool.ts'
import type { AnswerCheck } from './answer-check.ts'
import { ID_LENGTH, KEY_LENGTH, ROW_DIGITS } from './result-index.ts'

/** Reads a block of whole result lines in a worker thread; the provider's scanner knows the shape of a row. */
export interface ResultsIn {
  readonly buffer: ArrayBuffer
  readonly length: number
  /** Module with `scanRow`. */
  readonly scanner: string
  readonly key: string
  /** Module with `checkAnswer`, and what to check against, where answers have a schema. */
  readonly check?: { readonly module: string; readonly with: unknown }
}

export interface ResultsOut {
  readonly buffer: ArrayBuffer
  readonly length: number
  readonly lines: number
  /** Lines whose id is not ours; those without any id are among the entries, as row NO_ROW. */
  readonly strangers: number
  /** ENTRY_WORDS u32 a line that is ours or has no id. */
  readonly entries: ArrayBuffer
  readonly count: number
  readonly models: readonly string[]
  readonly tiers: readonly string[]
}

/**
 * row · outcome | reason << 8 | billed << 16 | resident << 17 · line start · line length · id offset · input · cached ·
 * write · output · model | tier << 16 · write 5m · write 1h · searches
 */
export const ENTRY_WORDS = 13
/** The row of a line that has no id. */
export const NO_ROW = 0xffff_ffff

type Scan = (bytes: Uint8Array, start: number, end: number, row: ScannedRow) => boolean

export async function run(input: ResultsIn): Promise<TaskReply<ResultsOut>> {
  const { scanRow } = (await import(input.scanner)) as { scanRow: Scan }
  const check =
    input.check === undefined
      ? undefined
      : await (
          (await import(input.check.module)) as { answerCheck: (of: unknown) => Promise<AnswerCheck> }
        ).answerCheck(input.check.with)
  const value = readBlock(input, scanRow, check)
  return { value, transfer: [value.buffer, value.entries] }
}

const SUCCEEDED = outcomes.indexOf('succeeded')
/** Filled by the block at hand, copied from at its end, and kept for the next: a thread reads one after another. */
let entries = new Uint32Array(ENTRY_WORDS * 1024)

export function readBlock(input: ResultsIn, scanRow: Scan, check?: AnswerCheck): ResultsOut {
  const bytes = new Uint8Array(input.buffer, 0, input.length)
  const key = Buffer.from(`${input.key}-`)
  const row = blankRow()
  const models = new Names()
  const tiers = new Names()
  let lines = 0
  let strangers = 0
  let count = 0
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.indexOf(10, start)
    if (end < 0) end = bytes.length
    const lineEnd = end > start && bytes[end - 1] === 13 ? end - 1 : end
    if (lineEnd > start) {
      lines++
      const read = scanRow(bytes, start, lineEnd, row)
      const ours = !read ? -1 : row.idStart < 0 ? NO_ROW : rowOf(bytes, row, key)
      if (ours < 0) strangers++
      else {
        if (check !== undefined && row.outcome === SUCCEEDED) {
          const invalid = reasonCode[check(bytes, start, lineEnd)]
          if (invalid !== 0) row.reason = row.reason === reasonCode.truncated ? reasonCode.truncated_invalid : invalid
        }
        if ((count + 1) * ENTRY_WORDS > entries.length) {
          const grown = new Uint32Array(entries.length * 2)
          grown.set(entries)
          entries = grown
        }
        const at = count++ * ENTRY_WORDS
        entries[at] = ours
        entries[at + 1] =
          row.outcome | (row.reason << 8) | ((row.billed ? 1 : 0) << 16) | ((row.resident ? 1 : 0) << 17)
        entries[at + 2] = start
        entries[at + 3] = lineEnd - start
        entries[at + 4] = row.idStart - start
        entries[at + 5] = row.input
        entries[at + 6] = row.cachedInput
        entries[at + 7] = row.cacheWrite
        entries[at + 8] = row.output
        entries[at + 9] = models.of(row.model) | (tiers.of(row.tier) << 16)
        entries[at + 10] = row.cacheWrite5m
        entries[at + 11] = row.cacheWrite1h
        entries[at + 12] = row.webSearches
      }
    }
    start = end + 1
  }
  return {
    buffer: input.buffer,
    length: input.length,
    lines,
    strangers,
    entries: entries.buffer.slice(0, count * ENTRY_WORDS * 4),
    count,
    models: models.list,
    tiers: tiers.list,
  }
}

/** The row number of an id of ours, by arithmetic; -1 when it is not ours. */
function rowOf(bytes: Uint8Array, { idStart, idEnd }: ScannedRow, key: Uint8Array): number {
  if (idStart < 0 || idEnd - idStart !== ID_LENGTH) return -1
  for (let index = 0; index <= KEY_LENGTH; index++) if (bytes[idStart + index] !== key[index]) return -1
  let row = 0
  for (let index = 0; index < ROW_DIGITS; index++) {
    const digit = (bytes[idStart + KEY_LENGTH + 1 + index] as number) - 48
    if (digit < 0 || digit > 9) return -1
    row = row * 10 + digit
  }
  return row
}

class Names {
  readonly list: string[] = []
  #last = 0
  of(name: string): number {
    if (this.list[this.#last] === name) return this.#last
    let at = this.list.indexOf(name)
    if (at < 0) at = this.list.push(name) - 1
    this.#last = at
    return at
  }
}
