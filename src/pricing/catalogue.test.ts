import { describe, expect, test } from 'vitest'
import { picoPerToken } from '../domain/money.ts'
import { tokenKinds } from '../domain/usage.ts'
import { catalogue, findModel, isLong, type ModelRow, type Rates, resolveModel } from './catalogue.ts'
import data from './prices/catalog.json' with { type: 'json' }

const row = (id: string): ModelRow => {
  const found = findModel(id)
  if (!found) throw new Error(`${id} is not in the catalogue`)
  return found
}

describe('looking a model up', () => {
  test('finds it by id, by alias and as provider/id', () => {
    expect(findModel('gpt-4o-mini')?.id).toBe('gpt-4o-mini')
    expect(findModel('gpt-4o-2024-08-06')?.id).toBe('gpt-4o')
    expect(findModel('openai/gpt-4o-mini')?.id).toBe('gpt-4o-mini')
    expect(findModel('google/gemini-2.5-pro', 'vertex')?.id).toBe('gemini-2.5-pro')
    expect(findModel('models/gemini-2.5-pro', 'gemini')?.id).toBe('gemini-2.5-pro')
    expect(findModel('publishers/google/models/gemini-2.5-pro')?.id).toBe('gemini-2.5-pro')
    expect(findModel('publishers/anthropic/models/claude-haiku-4-5@20251001', 'vertex')?.id).toBe('claude-haiku-4-5')
    expect(findModel('publishers/anthropic/models/gemini-2.5-pro')).toBeUndefined()
  })

  test('does not take another company’s model of the same name', () => {
    expect(findModel('gpt-4o', 'openai')?.id).toBe('gpt-4o')
    expect(findModel('gpt-4o', 'anthropic')).toBeUndefined()
    expect(findModel('gpt-4o', 'openai-compatible')).toBeUndefined()
    expect(findModel('somebody/gpt-4o')).toBeUndefined()
    expect(findModel('models/gpt-4o')).toBeUndefined()
    expect(findModel('anthropic/gpt-4o', 'openai')).toBeUndefined()
  })

  test('knows no fine-tune, no unlisted snapshot and no property of an object', () => {
    for (const name of ['ft:gpt-4o-mini:acme::1', 'gpt-4o-mini-2024-07-18', 'gpt-9', '', 'constructor', '__proto__']) {
      expect(findModel(name)).toBeUndefined()
    }
  })
})

const resolve = (requested: string, answered: string) => resolveModel({ requested, answered, vendor: 'openai' })?.id

describe('the model that answered decides the price', () => {
  test('a snapshot without a row is priced as the name we asked for, when the vendor resolved that name', () => {
    expect(resolve('gpt-4o-mini', 'gpt-4o-mini-2024-07-18')).toBe('gpt-4o-mini')
    expect(resolve('openai/gpt-4o-mini', 'gpt-4o-mini-2024-07-18')).toBe('gpt-4o-mini')
    expect(resolve('gpt-5.6', 'gpt-5.6-sol-2026-07-09')).toBe('gpt-5.6-sol')
    expect(resolve('text-embedding-3-small', '')).toBe('text-embedding-3-small')
  })

  test('a snapshot asked for by its own name is not priced as its base', () => {
    expect(resolve('gpt-4o-mini-2024-07-18', 'gpt-4o-mini-2024-07-18')).toBeUndefined()
    expect(resolve('gpt-4o-2024-08-06', 'gpt-4o-2024-01-01')).toBeUndefined()
  })

  test('gpt-4o-2024-05-13 has a price of its own, twice that of gpt-4o', () => {
    expect(resolve('gpt-4o', 'gpt-4o-2024-05-13')).toBe('gpt-4o-2024-05-13')
    expect(row('gpt-4o-2024-05-13').prices.batch?.output).toBe(7.5)
    expect(row('gpt-4o-2024-08-06').prices.batch?.output).toBe(5)
  })

  test('another model than the one asked for is priced as what answered, or not at all', () => {
    expect(resolve('gpt-4o', 'gpt-4.1')).toBe('gpt-4.1')
    expect(resolve('gpt-4o', 'gpt-4o-mini-2024-07-18')).toBeUndefined()
    expect(resolve('gpt-4o', 'mystery')).toBeUndefined()
    expect(resolve('mystery', 'mystery-2026-01-01')).toBeUndefined()
  })
})

test('a prompt is long past the threshold, at it only where the vendor says so', () => {
  expect(isLong(row('gpt-6.2-sol'), 272_000)).toBe(false)
  expect(isLong(row('gpt-6.2-sol'), 272_001)).toBe(true)
  expect(isLong(row('gpt-5.6-sol'), 271_999)).toBe(false)
  expect(isLong(row('gpt-5.6-sol'), 272_000)).toBe(true)
  expect(isLong(row('gpt-4o'), 10_000_000)).toBe(false)
})

// ── the facts ────────────────────────────────────────────────────────────────────────────────────────────────────

describe('the catalogue', () => {
  const { models } = catalogue

  test('has its 72 models, each name once, each with a source and a date', () => {
    expect(Object.entries(Object.groupBy(models, ({ provider }) => provider)).map(([k, v]) => [k, v?.length])).toEqual([
      ['openai', 36],
      ['anthropic', 21],
      ['google', 15],
    ])
    const names = models.flatMap(({ id, aliases }) => [id, ...aliases])
    expect(new Set(names).size).toBe(names.length)
    for (const { id, asOf, sourceUrls } of models) {
      expect(Number.isNaN(Date.parse(asOf)), id).toBe(false)
      expect(sourceUrls.length, id).toBeGreaterThan(0)
    }
  })

  test.each(data.seedFacts)('holds the known price of $model', ({ model, ...known }) => {
    const { prices } = row(model)
    expect([prices.standard.input, prices.standard.output]).toEqual(known.standard)
    if (known.batch) expect([prices.batch?.input, prices.batch?.output]).toEqual(known.batch)
    if (known.longContext) expect([prices.longContext?.input, prices.longContext?.output]).toEqual(known.longContext)
  })

  test('has no price that is not whole in pico-USD per token', () => {
    let prices = 0
    for (const [where, rates] of everyTable()) {
      for (const kind of tokenKinds) {
        const rate = rates[kind]
        if (rate === null || rate === undefined) continue
        expect(Number(picoPerToken(rate)) / 1e6, `${where} ${kind}`).toBe(rate)
        prices += 1
      }
    }
    expect(prices).toBeGreaterThan(900)
  })

  test('has one long-context threshold a model, and its changes in the order of their dates', () => {
    for (const { id, prices, scheduledPrices = [] } of models) {
      for (const tier of [prices.batch, prices.flex, prices.priority]) {
        if (!tier?.longContext) continue
        const { thresholdTokens, comparison } = tier.longContext
        expect([thresholdTokens, comparison], id).toEqual([
          prices.longContext?.thresholdTokens,
          prices.longContext?.comparison,
        ])
      }
      const dates = scheduledPrices.map(({ from }) => from)
      expect(dates, id).toEqual(dates.toSorted())
    }
  })

  function* everyTable(): Generator<[string, Rates]> {
    for (const { id, prices, scheduledPrices = [] } of models) {
      yield [id, prices.standard]
      if (prices.longContext) yield [`${id} long`, prices.longContext]
      for (const tier of ['batch', 'flex', 'priority'] as const) {
        const rates = prices[tier]
        if (rates) yield [`${id} ${tier}`, rates]
        if (rates?.longContext) yield [`${id} ${tier} long`, rates.longContext]
      }
      for (const change of scheduledPrices) {
        yield [`${id} ${change.from}`, change.standard]
        if (change.batch) yield [`${id} ${change.from} batch`, change.batch]
      }
    }
  }
})
