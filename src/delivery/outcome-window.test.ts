import { describe, expect, test } from 'vitest'
import { type Outcome, outcomes, reasonCode } from '../domain/outcome.ts'
import { OutcomeWindow, requestsOf } from './outcome-window.ts'
import { NO_OUTCOME } from './result-index.ts'

/** Rows by outcome, of requests of so many rows each. `coming`: no outcome yet. */
function rowsOf(...requests: readonly (readonly (Outcome | 'coming')[])[]) {
  const ends = requests.flat()
  const rows = new OutcomeWindow(0, ends.length)
  for (const [row, end] of ends.entries()) {
    rows.offer(row, row, end === 'coming' ? NO_OUTCOME : outcomes.indexOf(end), reasonCode.none)
    rows.length[row] = 100 + row
  }
  const starts = new Uint32Array(requests.length + 1)
  for (const [index, { length }] of requests.entries()) starts[index + 1] = (starts[index] as number) + length
  return { rows, starts }
}

describe('A request that is several rows', () => {
  test.each([
    [['succeeded', 'succeeded', 'succeeded'], 'succeeded', 0],
    [['succeeded', 'failed', 'failed'], 'failed', 1],
    [['succeeded', 'missing', 'expired'], 'missing', 1],
    [['expired', 'failed', 'succeeded'], 'failed', 1],
    [['failed', 'coming', 'succeeded'], undefined, 1],
  ] as const)('of %j ended as %s, by row %i', (ends, outcome, decides) => {
    const { rows, starts } = rowsOf(['succeeded'], ends, ['failed'])
    const requests = requestsOf(rows, 7, starts)
    expect([requests.first, requests.count]).toEqual([7, 3])
    expect(outcomes[requests.outcome[1] as number]).toBe(outcome)
    expect(requests.winner[1]).toBe(1 + decides)
    expect([...requests.winner].filter((_, index) => index !== 1)).toEqual([0, 4])
  })

  test('keeps the lines of all rows where all have an answer, else of the row that decides', () => {
    const { rows, starts } = rowsOf(['succeeded', 'succeeded'], ['succeeded', 'failed', 'failed'])
    requestsOf(rows, 0, starts)
    expect([...rows.length]).toEqual([100, 101, 0, 103, 0])
  })
})
