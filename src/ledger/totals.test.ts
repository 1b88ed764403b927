import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  booksClose,
  byDay,
  byLane,
  byModel,
  byTag,
  byTier,
  type LedgerLine,
  savedOf,
  totalOf,
  totalsBy,
} from './totals.ts'

const line = (more: Partial<LedgerLine> = {}): LedgerLine => ({
  submissionId: 'sub_1',
  jobId: 'job_1',
  model: 'gpt-5',
  tier: 'batch',
  kind: 'input',
  part: 'proven',
  tokens: 10,
  nanoUsd: 100n,
  standardNanoUsd: 200n,
  tags: {},
  at: Date.parse('2026-11-23T23:59:59Z'),
  ...more,
})

describe('totals', () => {
  test('keep proven, unproven and duplicate money apart', () => {
    const totals = totalOf([
      line(),
      line({ kind: 'output', tokens: 3, nanoUsd: 7n, standardNanoUsd: 14n }),
      line({ part: 'unproven', nanoUsd: 1000n }),
      line({ part: 'duplicate', nanoUsd: 50n }),
    ])
    expect(totals).toEqual({
      proven: 107n,
      unproven: 1000n,
      duplicate: 50n,
      standard: 214n,
      cacheSaved: 0n,
      priced: true,
      tokens: { input: 10, output: 3 },
    })
    expect(savedOf(totals)).toBe(107n)
  })

  test('say that they are not complete when a price is unknown', () => {
    const totals = totalOf([line(), line({ nanoUsd: null, standardNanoUsd: null })])
    expect(totals).toMatchObject({ proven: 100n, priced: false, standard: null })
    expect(savedOf(totals)).toBeNull()
    expect(savedOf(totalOf([line({ standardNanoUsd: null })]))).toBeNull()
  })

  test('of an empty ledger are zero', () => {
    expect(totalOf([])).toMatchObject({ proven: 0n, standard: 0n, priced: true })
  })

  test('come by model, tier, day, tag and lane', () => {
    const lines = [
      line({ tags: { team: 'search' } }),
      line({ model: 'gpt-4o', submissionId: 'sub_2', tier: 'standard', at: Date.parse('2026-11-24T00:00:00Z') }),
    ]
    const names = (group: (line: LedgerLine) => string): string[] => [...totalsBy(lines, group).keys()]
    expect(names(byModel)).toEqual(['gpt-5', 'gpt-4o'])
    expect(names(byTier)).toEqual(['batch', 'standard'])
    expect(names(byDay)).toEqual(['2026-11-23', '2026-11-24'])
    expect(names(byTag('team'))).toEqual(['search', ''])
    // sub_2 was bought as flex and answered as standard: the tier that answered is what was charged.
    const lanes: Record<string, string> = { sub_1: 'openai/batch', sub_2: 'openai/flex' }
    expect(names(byLane((id) => lanes[id]))).toEqual(['openai/batch', 'openai/standard'])
    expect(names(byLane(() => undefined))).toEqual(['batch', 'standard'])
  })

  test('of the groups add up to the total, in any order', () => {
    const anyLine = fc
      .record({
        model: fc.constantFrom('a', 'b', 'c'),
        kind: fc.constantFrom('input', 'output'),
        part: fc.constantFrom('proven', 'unproven', 'duplicate'),
        tokens: fc.nat(),
        nanoUsd: fc.bigInt(0n, 2n ** 62n),
        standardNanoUsd: fc.bigInt(0n, 2n ** 62n),
      })
      .map((parts) => line(parts as Partial<LedgerLine>))
    fc.assert(
      fc.property(fc.array(anyLine), (lines) => {
        const total = totalOf(lines)
        const groups = [...totalsBy(lines.toReversed(), byModel).values()]
        for (const part of ['proven', 'unproven', 'duplicate', 'standard'] as const) {
          expect(groups.reduce((all, group) => all + (group[part] ?? 0n), 0n)).toBe(total[part])
        }
      }),
    )
  })
})

const books = (bill: bigint, unproven = 0n) => booksClose({ proven: 100n, duplicate: 20n, unproven, bill })

describe('the books', () => {
  test('close to the nano-dollar when all is proven', () => {
    expect(books(120n)).toEqual({ closes: true, difference: 0n })
    expect(books(121n)).toEqual({ closes: false, difference: 1n })
    expect(books(119n)).toEqual({ closes: false, difference: -1n })
  })

  test('close while the rest of the bill lies within what is unproven', () => {
    expect(books(120n, 30n).closes).toBe(true)
    expect(books(150n, 30n).closes).toBe(true)
    expect(books(151n, 30n).closes).toBe(false)
    expect(books(119n, 30n).closes).toBe(false)
  })
})
