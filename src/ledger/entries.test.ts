import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { roundToNano } from '../domain/money.ts'
import { type TokenKind, tokenKinds, type UnitPrices, type Usage } from '../domain/usage.ts'
import { type Bucket, entriesOf, worstCase } from './entries.ts'

const batch = { perToken: { input: 75_000n, cachedInput: 75_000n, output: 300_000n } }
const standard = { perToken: { input: 150_000n, cachedInput: 75_000n, output: 600_000n } }
const bucket = (usage: Usage, more: Partial<Bucket> = {}): Bucket => ({
  model: 'gpt-4o-mini',
  tier: 'batch',
  usage,
  price: batch,
  standardPrice: standard,
  ...more,
})

describe('ledger entries', () => {
  test('are one per token kind that occurred, with the standard price beside', () => {
    const entries = entriesOf([bucket({ input: 1000, cachedInput: 0, output: 7 })])
    expect(entries).toEqual([
      {
        model: 'gpt-4o-mini',
        tier: 'batch',
        kind: 'input',
        unitPrice: 75_000n,
        tokens: 1000,
        nanoUsd: 75_000n,
        standardNanoUsd: 150_000n,
      },
      {
        model: 'gpt-4o-mini',
        tier: 'batch',
        kind: 'output',
        unitPrice: 300_000n,
        tokens: 7,
        nanoUsd: 2100n,
        standardNanoUsd: 4200n,
      },
    ])
  })

  test('are rounded once each, after all rows are summed', () => {
    const odd = { perToken: { input: 500n } }
    const parts = [bucket({ input: 1 }, { price: odd }), bucket({ input: 2 }, { price: odd })]
    expect(entriesOf(parts)[0]?.nanoUsd).toBe(2n) // 1500 pico; rounded row by row it would be 0 + 1
  })

  test('with the same model, tier, kind and unit price become one, as the ledger’s key demands', () => {
    const long = { perToken: { input: 75_000n, output: 450_000n } }
    const entries = entriesOf([bucket({ input: 10, output: 1 }), bucket({ input: 5, output: 2 }, { price: long })])
    expect(entries.map(({ kind, unitPrice, tokens }) => [kind, unitPrice, tokens])).toEqual([
      ['input', 75_000n, 15],
      ['output', 300_000n, 1],
      ['output', 450_000n, 2],
    ])
  })

  test('without a price carry null, never zero', () => {
    const unknown = { price: undefined, standardPrice: undefined }
    expect(entriesOf([bucket({ input: 3 }, unknown)])).toMatchObject([
      { unitPrice: null, tokens: 3, nanoUsd: null, standardNanoUsd: null },
    ])
    // One kind of a priced model may have no price; and one bucket may lack the standard price that another has.
    expect(entriesOf([bucket({ cacheWrite5m: 3 })])).toMatchObject([{ kind: 'cacheWrite5m', nanoUsd: null }])
    const mixed = [bucket({ input: 3 }), bucket({ input: 3 }, { standardPrice: undefined })]
    expect(entriesOf(mixed)).toMatchObject([{ tokens: 6, nanoUsd: 450n, standardNanoUsd: null }])
  })

  test.each([-1, 1.5, Number.NaN])('refuse %d tokens', (input) => {
    expect(() => entriesOf([bucket({ input })])).toThrow(RangeError)
  })
})

const prices: UnitPrices[] = [batch.perToken, standard.perToken, { input: 1n, output: 137_500n }, { input: 12_500n }]
const anyBucket: fc.Arbitrary<Bucket> = fc
  .record({
    model: fc.constantFrom('a', 'b', 'constructor'),
    tier: fc.constantFrom('batch', 'standard'),
    usage: fc.dictionary(fc.constantFrom(...tokenKinds), fc.nat(10_000_000)) as fc.Arbitrary<Usage>,
    price: fc.constantFrom(...prices, undefined),
    standard: fc.constantFrom(...prices, undefined),
  })
  .map(({ price, standard, ...rest }) => ({
    ...rest,
    price: price && { perToken: price },
    standardPrice: standard && { perToken: standard },
  }))

const sum = (list: readonly { tokens: number }[]) => list.reduce((all, { tokens }) => all + tokens, 0)

describe('whatever the buckets', () => {
  test('recomputing from the rows one by one gives the same entries, each within half a nano-dollar of exact', () => {
    fc.assert(
      fc.property(fc.array(anyBucket, { maxLength: 12 }), (buckets) => {
        for (const entry of entriesOf(buckets)) {
          let [tokens, pico] = [0, 0n]
          for (const { model, tier, usage, price } of buckets) {
            const unit = price?.perToken[entry.kind] ?? null
            if (model !== entry.model || tier !== entry.tier || unit !== entry.unitPrice) continue
            tokens += usage[entry.kind] ?? 0
            pico += BigInt(usage[entry.kind] ?? 0) * (unit ?? 0n)
          }
          expect(entry.tokens).toBe(tokens)
          expect(entry.nanoUsd).toBe(entry.unitPrice === null ? null : roundToNano(pico))
        }
      }),
    )
  })

  test('no token is lost and no ledger key occurs twice', () => {
    fc.assert(
      fc.property(fc.array(anyBucket, { maxLength: 12 }), (buckets) => {
        const entries = entriesOf(buckets)
        for (const kind of tokenKinds) {
          const had = buckets.map(({ usage }) => ({ tokens: usage[kind] ?? 0 }))
          expect(sum(entries.filter((entry) => entry.kind === kind))).toBe(sum(had))
        }
        const keys = entries.map(({ model, tier, kind, unitPrice }) => `${model}|${tier}|${kind}|${unitPrice}`)
        expect(new Set(keys).size).toBe(keys.length)
      }),
    )
  })

  test('their order does not matter', () => {
    const shuffled = fc
      .array(anyBucket, { maxLength: 8 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(entriesOf(other)).toEqual(entriesOf(list))
      }),
    )
  })
})

const cost = (usage: Usage): bigint =>
  entriesOf([bucket(usage)]).reduce((all, { nanoUsd }) => all + (nanoUsd ?? 0n), 0n)

describe('the worst case of rows that nobody saw', () => {
  test('is all input plus the longest answer for each row', () => {
    expect(worstCase({ inputTokens: 5000, outputTokens: 2560 }, batch.perToken)).toEqual({
      input: 5000,
      output: 2560,
    })
    expect(worstCase({ inputTokens: 5000, outputTokens: 0 }, { input: 10_000n })).toEqual({ input: 5000 })
  })

  test('counts input as cache writes where the vendor may write unasked and charges more for it', () => {
    const writes = { input: 2_000_000n, cacheWriteDefault: 2_500_000n, cacheWrite12h: 5_000_000n, output: 10_000_000n }
    expect(worstCase({ inputTokens: 8, outputTokens: 1 }, writes)).toEqual({
      cacheWriteDefault: 8,
      output: 1,
    })
  })

  test('is never below what the rows can have cost', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.nat(1e6),
        fc.nat(4096),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rows, input, most, share) => {
          const cached = Math.floor(input * share)
          const actual: Partial<Record<TokenKind, number>> = {
            input: input - cached,
            cachedInput: cached,
            output: Math.floor(rows * most * share),
          }
          const bound = cost(worstCase({ inputTokens: input, outputTokens: rows * most }, batch.perToken))
          expect(bound >= cost(actual) - 1n).toBe(true) // two entries may each round up by half a nano-dollar
        },
      ),
    )
  })
})
