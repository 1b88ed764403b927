import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CostLine, type CostReport, dayAfter } from '../domain/cost-report.ts'
import { type OwnCharge, reconcile } from './reconcile.ts'

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}`

const charge = (of: Partial<OwnCharge> = {}): OwnCharge => ({
  model: 'gpt-5.4-mini',
  tier: 'batch',
  part: 'proven',
  nanoUsd: 1000n,
  tokens: 10,
  entries: 1,
  first: day(5),
  last: day(6),
  ahead: false,
  ...of,
})

const line = (of: Partial<CostLine> = {}): CostLine => ({
  vendor: 'openai',
  day: day(5),
  model: 'gpt-5.4-mini',
  tier: 'batch',
  nanoUsd: 1000n,
  tokens: null,
  text: 'gpt-5.4-mini batch, input',
  ...of,
})

const report = (lines: readonly CostLine[], of: Partial<CostReport> = {}): CostReport => ({
  vendors: ['openai'],
  zone: 'UTC',
  from: day(1),
  to: day(11),
  decimals: 9,
  lines,
  ...of,
})

const reasonsOf = (
  lines: readonly CostLine[],
  own: readonly OwnCharge[],
  of: Partial<CostReport> = {},
  today = day(20),
) =>
  reconcile(report(lines, of), own, today).lines.map(({ day: on, reasons }) => [
    on,
    ...reasons.map(({ because, nanoUsd, day: other }) => [
      because,
      Number(nanoUsd),
      ...(other === undefined ? [] : [other]),
    ]),
  ])

describe('a vendor’s report beside the ledger', () => {
  test('that is equal needs no reason', () => {
    expect(reasonsOf([line()], [charge()])).toEqual([[day(5)]])
  })

  test('may count a purchase on any day until it was settled', () => {
    expect(reasonsOf([line({ day: day(6) })], [charge()])).toEqual([
      [day(5), ['timing', -1000, day(6)]],
      [day(6), ['timing', 1000, day(5)]],
    ])
  })

  test('may split it over midnight', () => {
    const lines = [line({ nanoUsd: 400n }), line({ day: day(6), nanoUsd: 600n })]
    expect(reasonsOf(lines, [charge()])).toEqual([
      [day(5), ['timing', -600, day(6)]],
      [day(6), ['timing', 600, day(5)]],
    ])
  })

  test('gives a day to the purchase that has no other day left', () => {
    const own = [charge({ last: day(6) }), charge({ last: day(5) })]
    expect(reasonsOf([line(), line({ day: day(6) })], own)).toEqual([
      [day(5), ['timing', -1000, day(6)]],
      [day(6), ['timing', 1000, day(5)]],
    ])
  })

  test('is rounded to its own decimals', () => {
    expect(reasonsOf([line({ nanoUsd: 10_000_000n })], [charge({ nanoUsd: 12_345_678n })], { decimals: 2 })).toEqual([
      [day(5), ['rounding', -2_345_678]],
    ])
  })

  test('holds what was bought twice, and some of what nobody saw', () => {
    const own = [charge(), charge({ part: 'duplicate', nanoUsd: 300n }), charge({ part: 'unproven', nanoUsd: 500n })]
    expect(reasonsOf([line({ nanoUsd: 1700n })], own)).toEqual([[day(5), ['duplicate', 300], ['unproven', 400]]])
  })

  test('holds what other keys bought, in a tier or a model of theirs or in ours', () => {
    const lines = [
      line({ nanoUsd: 1500n }),
      line({ tier: 'standard', nanoUsd: 70n }),
      line({ model: 'o9', nanoUsd: 9n }),
    ]
    expect(reasonsOf(lines, [charge()])).toEqual([
      [day(5), ['elsewhere', 500]],
      [day(5), ['elsewhere', 70]],
      [day(5), ['elsewhere', 9]],
    ])
  })

  test('may name no tiers: then a model is compared as a whole', () => {
    const own = [charge(), charge({ tier: 'standard', nanoUsd: 50n })]
    const { lines, tellsTiers } = reconcile(report([line({ tier: null, nanoUsd: 1050n })]), own, day(20))
    expect(tellsTiers).toBe(false)
    expect(lines).toMatchObject([{ tier: null, charged: 1050n, billed: 1050n, reasons: [] }])
  })

  test('takes lines without a tier as standard where others have one', () => {
    const own = [charge(), charge({ tier: 'standard', nanoUsd: 50n })]
    expect(reasonsOf([line(), line({ tier: null, nanoUsd: 50n })], own)).toEqual([[day(5)], [day(5)]])
  })

  test('may be a sum of each day: then days are compared', () => {
    const sums = [line({ model: null, tier: null, text: 'all costs', nanoUsd: 1200n })]
    const { lines, tellsModels } = reconcile(report(sums), [charge(), charge({ model: 'o9', nanoUsd: 200n })], day(20))
    expect(tellsModels).toBe(false)
    expect(lines).toMatchObject([{ model: null, charged: 1200n, billed: 1200n, reasons: [] }])
  })

  test('that has the same tokens at another price says so', () => {
    expect(reasonsOf([line({ tokens: 10, nanoUsd: 2000n })], [charge()])).toEqual([[day(5), ['price', 1000]]])
    expect(reasonsOf([line({ tokens: 10, nanoUsd: 700n })], [charge()])).toEqual([[day(5), ['price', -300]]])
  })

  test('cannot be wrong about what it need not have yet, or may have on other days', () => {
    expect(reasonsOf([], [charge()], {}, day(7))).toEqual([[day(5), ['late', -1000]]])
    expect(reasonsOf([], [charge({ last: day(12) })])).toEqual([[day(5), ['outside', -1000]]])
  })

  test('without what was charged here is not explained', () => {
    expect(reasonsOf([], [charge()])).toEqual([[day(5), ['missing', -1000]]])
    expect(reasonsOf([line({ nanoUsd: 400n })], [charge()])).toEqual([[day(5), ['missing', -600]]])
  })

  test('may give credit, and hold what has no price here', () => {
    expect(reasonsOf([line(), line({ nanoUsd: -30n })], [charge()])).toEqual([[day(5), ['credit', -30]]])
    expect(reasonsOf([line({ nanoUsd: 80n })], [charge({ nanoUsd: null })])).toEqual([[day(5), ['unpriced', 80]]])
  })

  test('has reasons that add up to the difference of each line, whatever is in it', () => {
    const amount = fc.bigInt({ min: 0n, max: 5000n })
    const days = fc.integer({ min: 1, max: 12 })
    const tiers = fc.constantFrom('batch' as const, 'standard' as const)
    const models = fc.constantFrom('a1', 'b2')
    const owns = fc.record({
      first: days,
      more: fc.integer({ min: 0, max: 3 }),
      nanoUsd: amount,
      model: models,
      tier: tiers,
    })
    const parts = fc.constantFrom('proven' as const, 'duplicate' as const, 'unproven' as const)
    const theirs = fc.record({ on: fc.integer({ min: 1, max: 10 }), nanoUsd: amount, model: models, tier: tiers })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(owns, parts)),
        fc.array(theirs),
        fc.constantFrom(2, 7, 9),
        (own, lines, decimals) => {
          const charges = own.map(([{ first, more, ...of }, part]) =>
            charge({ ...of, part, first: day(first), last: day(first + more) }),
          )
          const compared = reconcile(
            report(
              lines.map(({ on, ...of }) => line({ ...of, day: day(on) })),
              { decimals },
            ),
            charges,
            day(14),
          )
          for (const { billed, charged, reasons } of compared.lines)
            expect(reasons.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0n)).toBe(billed - charged)
          const inside = charges.filter(({ part, first }) => part === 'proven' && first < day(11))
          const sum = (amounts: readonly bigint[]) => amounts.reduce((total, each) => total + each, 0n)
          expect(sum(compared.lines.map(({ charged }) => charged))).toBe(
            sum(inside.map(({ nanoUsd }) => nanoUsd ?? 0n)),
          )
          expect(sum(compared.lines.map(({ billed }) => billed))).toBe(sum(lines.map(({ nanoUsd }) => nanoUsd)))
        },
      ),
    )
    expect(dayAfter(day(30))).toBe('2026-12-01')
  })
})
