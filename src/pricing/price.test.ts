import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PriceMissing } from '../domain/errors.ts'
import { picoPerToken, roundToNano, usd } from '../domain/money.ts'
import { type Tier, type TokenKind, tokenKinds, type Usage } from '../domain/usage.ts'
import { catalogue } from './catalogue.ts'
import { costOf } from './cost.ts'
import { type PriceQuery, priceFor, tierAnswered } from './price.ts'

const at = Date.parse('2026-11-21T12:00:00Z')

/** USD per million, as vendors print it; undefined where there is no price. */
function rate(model: string, tier: Tier, kind: TokenKind, more: Partial<PriceQuery> = {}): number | undefined {
  const unit = priceFor({ model, tier, at, ...more })?.perToken[kind]
  return unit === undefined ? undefined : Number(unit) / 1e6
}

function dollars(model: string, tier: Tier, usage: Usage, more: Partial<PriceQuery> = {}): string {
  const price = priceFor({ model, tier, at, ...more })
  if (!price) throw new Error(`${model} has no price in ${tier}`)
  return usd(roundToNano(costOf(usage, price)))
}

const billion = 1_000_000_000
const shared = { input: 0.9 * billion, cachedInput: 3.6 * billion, output: 0.3 * billion }

test.each([
  ['Gemini 2.5 Pro, 10B input', 'gemini-2.5-pro', { input: 10 * billion }, 0, '12500', '6250'],
  ['Gemini 2.5 Pro, 10B input, long prompts', 'gemini-2.5-pro', { input: 10 * billion }, 200_001, '25000', '12500'],
  ['text-embedding-3-large, 50B', 'text-embedding-3-large', { input: 50 * billion }, 0, '6500', '3250'],
  ['text-embedding-3-small, 100B', 'text-embedding-3-small', { input: 100 * billion }, 0, '2000', '1000'],
  ['GPT-5, 1M requests', 'gpt-5', { input: 4.5 * billion, output: 0.3 * billion }, 4500, '8625', '4312.5'],
  ['GPT-5, 90 % of the shared part cached', 'gpt-5', shared, 4500, '4575', '2287.5'],
  ['GPT-4o, the same: no cache price in batch', 'gpt-4o', shared, 4500, '9750', '7125'],
  ['Gemini 2.5 Pro, the same: cache not halved', 'gemini-2.5-pro', shared, 4500, '4575', '2512.5'],
  ['Claude Sonnet 4.6, the same, no writes', 'claude-sonnet-4-6', shared, 4500, '8280', '4140'],
  ['GPT-6.2 Sol, 1B in and 200M out', 'gpt-6.2-sol', { input: billion, output: billion / 5 }, 0, '4000', '2000'],
] as const)('%s costs to the cent what was worked out by hand', (_, model, usage, promptTokens, standard, batch) => {
  expect(dollars(model, 'standard', usage, { promptTokens })).toBe(standard)
  expect(dollars(model, 'batch', usage, { promptTokens })).toBe(batch)
})

describe('cached tokens in batch', () => {
  test('get both discounts where the vendor prints so', () => {
    expect(rate('gpt-5', 'batch', 'cachedInput')).toBe(0.0625)
    expect(rate('claude-sonnet-4-6', 'batch', 'cachedInput')).toBe(0.15)
    expect(rate('claude-sonnet-4-6', 'batch', 'cacheWrite1h')).toBe(3)
    expect(rate('gemini-3.5-flash-lite', 'batch', 'cachedInput')).toBe(0.015)
  })

  test('cost full batch input where batch has no cache price', () => {
    expect(rate('gpt-4.1', 'batch', 'cachedInput')).toBe(1)
    expect(rate('gpt-4.1', 'standard', 'cachedInput')).toBe(0.5)
    expect(rate('o3', 'batch', 'cachedInput')).toBe(1)
    expect(rate('o3', 'flex', 'cachedInput')).toBe(0.25)
    expect(rate('gpt-5.5-pro', 'batch', 'cachedInput')).toBe(15)
  })

  test('keep the standard cache price at Google Cloud, whatever the Developer API does', () => {
    expect(rate('gemini-2.5-pro', 'batch', 'cachedInput')).toBe(0.125)
    expect(rate('gemini-3.5-flash-lite', 'batch', 'cachedInput', { vendor: 'vertex' })).toBe(0.03)
    // Claude keeps its own price list there.
    expect(rate('claude-sonnet-4-6', 'batch', 'cachedInput', { vendor: 'vertex' })).toBe(0.15)
  })

  test('are charged at the dearer figure where the vendor’s pages disagree; a quote shows both', () => {
    const readings = (['low', 'listed', 'high'] as const).map((reading) =>
      rate('gemini-3.8-flash', 'batch', 'cachedInput', { reading }),
    )
    expect(readings).toEqual([0.0375, 0.075, 0.075])
    expect(priceFor({ model: 'gemini-3.8-flash', tier: 'batch', at })?.doubts).toHaveLength(1)
    expect(priceFor({ model: 'gemini-3.8-flash', tier: 'batch', at, vendor: 'vertex' })?.doubts).toEqual([])
  })
})

test('Claude costs a tenth more off the global endpoint of Google Cloud, from the 4.5 models on; Gemini does not', () => {
  const off = (model: string) => rate(model, 'batch', 'input', { vendor: 'vertex', resident: true })
  expect(off('claude-haiku-4-5')).toBe(0.55)
  expect(off('claude-opus-4-1')).toBe(7.5)
  expect(off('gemini-2.5-pro')).toBe(rate('gemini-2.5-pro', 'batch', 'input'))
  // Its maker has no such place for that model.
  expect(rate('claude-haiku-4-5', 'batch', 'input', { vendor: 'anthropic', resident: true })).toBe(0.5)
})

describe('cache writes', () => {
  test('have their own price from GPT-5.6 on, halved in batch', () => {
    expect(rate('gpt-5.6-sol', 'standard', 'cacheWriteDefault')).toBe(5)
    expect(rate('gpt-5.6-sol', 'batch', 'cacheWriteDefault')).toBe(2.5)
  })

  test('cost plain input before that', () => {
    expect(rate('gpt-5', 'standard', 'cacheWriteDefault')).toBe(1.25)
    expect(rate('gpt-5', 'batch', 'cacheWriteDefault')).toBe(0.625)
    expect(rate('gpt-5', 'batch', 'cacheWrite5m')).toBeUndefined()
  })
})

test('embeddings have no price for output or cache: reported, they are refused, never free', () => {
  const price = priceFor({ model: 'text-embedding-3-small', tier: 'batch', at })
  if (!price) throw new Error('no price')
  expect(Object.keys(price.perToken)).toEqual(['input'])
  expect(() => costOf({ input: 5, output: 1 }, price)).toThrow(PriceMissing)
  expect(() => costOf({ cachedInput: 1 }, price)).toThrow(/cachedInput tokens in the batch tier/)
  expect(costOf({ input: 5, output: 0 }, price)).toBe(50_000n)
})

test.each([-1, 0.5, Number.NaN, 2 ** 53])('%d tokens are refused', (input) => {
  const price = priceFor({ model: 'gpt-5', tier: 'batch', at })
  if (!price) throw new Error('no price')
  expect(() => costOf({ input }, price)).toThrow(RangeError)
})

describe('long prompts', () => {
  test('change every rate of the request', () => {
    expect(rate('claude-haiku-5-5', 'batch', 'input', { promptTokens: 100_000 })).toBe(0.05)
    expect(rate('claude-haiku-5-5', 'batch', 'input', { promptTokens: 100_001 })).toBe(0.25)
    expect(rate('claude-haiku-5-5', 'batch', 'output', { promptTokens: 100_001 })).toBe(1.25)
    expect(rate('gpt-5.6-sol', 'batch', 'output', { long: true })).toBe(15)
  })

  test('keep the tier’s multiple of standard where its table prints no long rates', () => {
    // The vendor prints these four for gpt-6-astra in its fast tier, in a note.
    const kinds = ['input', 'cachedInput', 'cacheWriteDefault', 'output'] as const
    expect(kinds.map((kind) => rate('gpt-6-astra', 'priority', kind, { long: true }))).toEqual([40, 4, 50, 150])
    expect(priceFor({ model: 'gpt-6-astra', tier: 'priority', at, long: true })?.basis).toBe('derived')
  })

  test('are nothing special to a model with one price', () => {
    expect(priceFor({ model: 'gpt-4o', tier: 'batch', at, long: true })).toMatchObject({ long: false })
  })
})

describe('announced changes', () => {
  const before = Date.parse('2026-11-30T23:59:59.999Z')
  const after = Date.parse('2026-12-01T00:00:00Z')

  test('apply by the date of the request', () => {
    expect(rate('gemini-4-argon', 'batch', 'output', { at: before })).toBe(5)
    expect(rate('gemini-4-argon', 'batch', 'output', { at: after })).toBe(10)
    expect(rate('gemini-4-argon', 'standard', 'input', { at: after })).toBe(4)
  })

  test('leave cached tokens in batch at the safe bound: the standard cache price of that day', () => {
    expect(rate('gemini-4-argon', 'batch', 'cachedInput', { at: after })).toBe(0.2)
    expect(rate('gemini-4-argon', 'batch', 'cachedInput', { at: after, reading: 'low' })).toBe(0.1)
  })

  test('carry the tiers that were not announced along, at their multiple of standard', () => {
    const newYear = Date.parse('2027-01-01T00:00:00Z')
    expect(rate('gemini-3.8-flash', 'flex', 'input', { at: newYear })).toBe(0.75)
    expect(rate('gemini-3.8-flash', 'priority', 'output', { at: newYear })).toBe(13.5)
    expect(priceFor({ model: 'gemini-3.8-flash', tier: 'flex', at: newYear })?.basis).toBe('derived')
  })
})

test('a change that is only possible is not charged; it widens the quote and is said', () => {
  const day = Date.parse('2026-11-22T00:00:00Z')
  const output = (reading: 'low' | 'listed' | 'high', when: number) =>
    rate('gpt-5.6-sol', 'batch', 'output', { at: when, reading })
  expect([output('low', day), output('listed', day), output('high', day)]).toEqual([10, 10, 15])
  expect(output('high', day - 1)).toBe(10)
  expect(rate('gpt-5.6-sol', 'batch', 'output', { at: day, reading: 'high', long: true })).toBe(22.5)
  expect(priceFor({ model: 'gpt-5.6-sol', tier: 'batch', at: day })?.doubts[0]).toMatch(/2026-11-22.*5\/30/)
})

test('there is no price for an unknown model, a tier it is not sold in, or an own engine', () => {
  expect(priceFor({ model: 'mystery', tier: 'batch', at })).toBeUndefined()
  expect(priceFor({ model: 'gpt-6.2-sol', tier: 'flex', at })).toBeUndefined()
  expect(priceFor({ model: 'gpt-5.3-codex', tier: 'batch', at })).toBeUndefined()
  expect(priceFor({ model: 'gpt-5', tier: 'idle', at })).toBeUndefined()
})

test('every model has a price for input in each tier it is sold in, never dearer than the quote’s high', () => {
  for (const row of catalogue.models) {
    for (const tier of ['batch', 'flex', 'standard', 'priority'] as const) {
      for (const long of [false, true]) {
        for (const when of [at, Date.parse('2027-06-01')]) {
          const query = { model: row, tier, at: when, long }
          const [low, listed, high] = (['low', 'listed', 'high'] as const).map((r) =>
            priceFor({ ...query, reading: r }),
          )
          expect(listed === undefined, row.id).toBe(!row.prices[tier])
          if (!low || !listed || !high) continue
          const kinds = tokenKinds.filter((kind) => listed.perToken[kind] !== undefined)
          expect(kinds, `${row.id} ${tier}`).toContain('input')
          expect(kinds.includes('output'), `${row.id} ${tier}`).toBe(row.modality === 'text')
          for (const kind of kinds) {
            const [a, b, c] = [low, listed, high].map(({ perToken }) => perToken[kind] ?? -1n)
            expect(a !== undefined && b !== undefined && c !== undefined && a <= b && b <= c, `${row.id} ${kind}`).toBe(
              true,
            )
          }
        }
      }
    }
  }
})

test('cost is exact: it adds up whichever way the tokens are split', () => {
  const price = priceFor({ model: 'claude-haiku-5-5', tier: 'batch', at })
  if (!price) throw new Error('no price')
  const usage = fc.record({ input: fc.nat(), cachedInput: fc.nat(), cacheWrite5m: fc.nat(), output: fc.nat() })
  fc.assert(
    fc.property(fc.array(usage, { maxLength: 20 }), (rows) => {
      const total = rows.reduce((all, row) => all + costOf(row, price), 0n)
      const sum = (kind: keyof (typeof rows)[number]) => rows.reduce((all, row) => all + row[kind], 0)
      const whole = {
        input: sum('input'),
        cachedInput: sum('cachedInput'),
        cacheWrite5m: sum('cacheWrite5m'),
        output: sum('output'),
      }
      expect(costOf(whole, price)).toBe(total)
    }),
  )
})

test('prices are the catalogue’s figures, in pico-USD per token', () => {
  const price = priceFor({ model: 'gpt-5', tier: 'batch', at })
  expect(price?.perToken.input).toBe(picoPerToken(0.625))
  expect(price).toMatchObject({ model: 'gpt-5', tier: 'batch', basis: 'listed', asOf: '2026-09-13', doubts: [] })
})

describe('the tier that answered', () => {
  test('is batch in a batch lane, whatever word the row echoes', () => {
    for (const word of ['default', '', 'flex', 'priority', 'batch'])
      expect(tierAnswered('openai/batch', word)).toBe('batch')
  })

  test('is the vendor’s word in a sync lane, not what was asked for', () => {
    expect(tierAnswered('openai/flex', 'default')).toBe('standard')
    expect(tierAnswered('openai/standard', 'flex')).toBe('flex')
    expect(tierAnswered('openai/priority', 'fast')).toBe('priority')
    expect(tierAnswered('gemini/flex', 'SERVICE_TIER_PRIORITY')).toBe('priority')
    expect(tierAnswered('openai/flex', '')).toBe('flex')
  })

  test('is unknown for a word that no price explains', () => {
    expect(tierAnswered('openai/standard', 'scale')).toBeUndefined()
    expect(tierAnswered('anthropic/standard', 'priority')).toBeUndefined()
  })
})
