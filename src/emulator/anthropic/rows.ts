import type { Charge } from '../bill.ts'
import { chargesOfGroup, type Group } from './charges.ts'
import type { Usage } from './usage.ts'

export const outcomes = { succeeded: 1, errored: 2 } as const
export type RowOutcome = (typeof outcomes)[keyof typeof outcomes]

export interface Totals {
  readonly succeeded: number
  readonly errored: number
  /** Those of them that are paid for. */
  readonly paid: number
  /** Of the results written for them. */
  readonly bytes: number
}

/**
 * The rows of one batch in the order of their execution, a few numbers each. The results are in a file, written in the
 * same order: what a batch had finished at some moment is a prefix of it.
 */
export interface RowTable {
  /** @param group  model, place and price class of a row that is paid for; null for one that is not */
  add(outcome: RowOutcome, bytes: number, group: Group | null, usage: Usage | null): void
  totals(executed: number): Totals
  charges(executed: number, batch: string, at: number): Charge[]
}

const fields = 9

export function createRowTable(): RowTable {
  let capacity = 1024
  let data = new Uint32Array(capacity * fields)
  let length = 0
  const groups: Group[] = []
  const indexOf = (group: Group) => {
    const known = groups.findIndex(
      (each) => each.model === group.model && each.geo === group.geo && each.long === group.long,
    )
    return known < 0 ? groups.push(group) - 1 : known
  }
  const value = (row: number, field: number) => data[row * fields + field] ?? 0
  return {
    add(outcome, bytes, group, usage) {
      if (length === capacity) {
        capacity *= 2
        const grown = new Uint32Array(capacity * fields)
        grown.set(data)
        data = grown
      }
      const at = length++ * fields
      data[at] = outcome
      data[at + 1] = bytes
      data[at + 2] = group ? indexOf(group) + 1 : 0
      data[at + 3] = usage?.input ?? 0
      data[at + 4] = usage?.cacheRead ?? 0
      data[at + 5] = usage?.cacheWrite5m ?? 0
      data[at + 6] = usage?.cacheWrite1h ?? 0
      data[at + 7] = usage?.output ?? 0
      data[at + 8] = usage?.webSearches ?? 0
    },
    totals(executed) {
      let [succeeded, errored, paid, bytes] = [0, 0, 0, 0]
      for (let row = 0; row < Math.min(executed, length); row++) {
        if (value(row, 0) === outcomes.succeeded) succeeded++
        else errored++
        if (value(row, 2) > 0) paid++
        bytes += value(row, 1)
      }
      return { succeeded, errored, paid, bytes }
    },
    charges(executed, batch, at) {
      const sums = groups.map(() => ({
        input: 0,
        cacheRead: 0,
        cacheWrite5m: 0,
        cacheWrite1h: 0,
        output: 0,
        webSearches: 0,
      }))
      for (let row = 0; row < Math.min(executed, length); row++) {
        const sum = sums[value(row, 2) - 1]
        if (!sum) continue
        sum.input += value(row, 3)
        sum.cacheRead += value(row, 4)
        sum.cacheWrite5m += value(row, 5)
        sum.cacheWrite1h += value(row, 6)
        sum.output += value(row, 7)
        sum.webSearches += value(row, 8)
      }
      return groups.flatMap((group, index) =>
        chargesOfGroup(group, 'batch', sums[index] as (typeof sums)[number], batch, at),
      )
    },
  }
}
