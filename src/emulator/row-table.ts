import type { Usage } from './usage.ts'

/** How a line ended, as far as counting and billing go. */
export const outcomes = { succeeded: 1, failed: 2, uncounted: 3, missing: 4 } as const
export type RowOutcome = (typeof outcomes)[keyof typeof outcomes]

export interface Totals {
  readonly succeeded: number
  readonly failed: number
  readonly outputBytes: number
  readonly errorBytes: number
  readonly usage: Usage
}

export interface TokenSums {
  prompt: number
  cached: number
  written: number
  output: number
}

/**
 * The lines of one batch in the order of their execution, a few numbers each. The texts are in files, written in the
 * same order: what a batch had finished at some moment is a prefix of them, and no copy is made to serve it.
 */
export interface RowTable {
  readonly length: number
  add(outcome: RowOutcome, outputBytes: number, errorBytes: number, usage: Usage | null): void
  totals(executed: number): Totals
  /** Tokens of the paid answers among the first `executed` lines, apart for short and long prompts. */
  paidTokens(executed: number, isLong: (promptTokens: number) => boolean): { short: TokenSums; long: TokenSums }
}

const fields = 8

export function createRowTable(): RowTable {
  let capacity = 1024
  let data = new Uint32Array(capacity * fields)
  let length = 0
  const value = (row: number, field: number) => data[row * fields + field] ?? 0
  return {
    get length() {
      return length
    },
    add(outcome, outputBytes, errorBytes, usage) {
      if (length === capacity) {
        capacity *= 2
        const grown = new Uint32Array(capacity * fields)
        grown.set(data)
        data = grown
      }
      data.set(
        [
          outcome,
          outputBytes,
          errorBytes,
          usage?.promptTokens ?? 0,
          usage?.cachedTokens ?? 0,
          usage?.cacheWriteTokens ?? 0,
          usage?.outputTokens ?? 0,
          usage?.reasoningTokens ?? 0,
        ],
        length * fields,
      )
      length++
    },
    totals(executed) {
      const sum = [0, 0, 0, 0, 0, 0, 0, 0]
      let succeeded = 0
      let failed = 0
      for (let row = 0; row < Math.min(executed, length); row++) {
        const outcome = value(row, 0)
        if (outcome === outcomes.succeeded) succeeded++
        if (outcome === outcomes.failed) failed++
        for (let field = 1; field < fields; field++) sum[field] = (sum[field] ?? 0) + value(row, field)
      }
      const [, outputBytes = 0, errorBytes = 0, promptTokens = 0, cachedTokens = 0, cacheWriteTokens = 0] = sum
      const usage = {
        promptTokens,
        cachedTokens,
        cacheWriteTokens,
        outputTokens: sum[6] ?? 0,
        reasoningTokens: sum[7] ?? 0,
      }
      return { succeeded, failed, outputBytes, errorBytes, usage }
    },
    paidTokens(executed, isLong) {
      const short = { prompt: 0, cached: 0, written: 0, output: 0 }
      const long = { prompt: 0, cached: 0, written: 0, output: 0 }
      for (let row = 0; row < Math.min(executed, length); row++) {
        if (value(row, 0) !== outcomes.succeeded) continue
        const sums = isLong(value(row, 3)) ? long : short
        sums.prompt += value(row, 3)
        sums.cached += value(row, 4)
        sums.written += value(row, 5)
        sums.output += value(row, 6)
      }
      return { short, long }
    },
  }
}

/** The table of a batch that has ended: only its sums are kept, for nothing in it can change any more. */
export function sealed(rows: RowTable, executed: number, isLong: (promptTokens: number) => boolean): RowTable {
  const totals = rows.totals(executed)
  const paid = rows.paidTokens(executed, isLong)
  const { length } = rows
  return {
    length,
    add() {
      throw new Error('The batch has ended.')
    },
    totals: () => totals,
    paidTokens: () => paid,
  }
}
