import type { RowCounts } from './usage.ts'

/** What a scanner reads of one result row. Reused for every row; the scanner overwrites all of it. */
export interface ScannedRow extends RowCounts {
  /** The span of the upstream id inside its quotes; idStart < 0: the row has no id. */
  idStart: number
  idEnd: number
  /** Index into domain `outcomes` and `reasons`. */
  outcome: number
  reason: number
}

/** Reads one result row, `bytes[start, end)` without its newline, into `row`. False: not a row at all. */
export type RowScanner = (bytes: Uint8Array, start: number, end: number, row: ScannedRow) => boolean

export const blankRow = (): ScannedRow => ({
  idStart: -1,
  idEnd: -1,
  outcome: 0,
  reason: 0,
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  webSearches: 0,
  resident: false,
  model: '',
  tier: '',
  billed: false,
})
