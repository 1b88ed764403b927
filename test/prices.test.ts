import { describe, expect, test } from 'vitest'
import { allBatchPrices, lanes, prices, UnknownModel } from '../src/index.ts'

const at = Date.parse('2026-11-24')
const laneOf = (model: string, lane: string) => {
  const found = prices(model, at).lanes.find((one) => one.lane === lane)
  if (found === undefined) throw new Error(`${model} has no lane ${lane}.`)
  return found
}

describe('the price list of a model', () => {
  test('names every lane, the cheapest first, with its share of the standard price', () => {
    const { lanes } = prices('gpt-6.2-sol', at)
    expect(lanes.map(({ lane, ofStandard, promisedHours }) => [lane, ofStandard, promisedHours])).toEqual([
      ['openai/batch', 0.5, 24],
      ['openai/completion-window-8h', 0.6, 8],
      ['openai/completion-window-2h', 0.7, 2],
      ['openai/standard', 1, expect.any(Number)],
      ['openai/priority', 2, expect.any(Number)],
    ])
    const flown = lanes.filter(({ flyable }) => flyable).map(({ lane }) => lane)
    expect(flown).toEqual(['openai/batch', 'openai/standard', 'openai/priority'])
  })

  test('holds prices by kind, and those of long prompts', () => {
    const { usdPerMillion, long } = laneOf('gpt-6.2-sol', 'openai/batch')
    expect(usdPerMillion).toMatchObject({ input: 1, cachedInput: 0.05, cacheWriteDefault: 1.25, output: 5 })
    expect(long).toMatchObject({ aboveTokens: 272_000, usdPerMillion: { input: 2, output: 7.5 } })
  })

  test('says how cache and batch combine, by the rule of the vendor that sells it', () => {
    const stacking = (model: string, lane: string) => laneOf(model, lane).stacking
    expect(stacking('gpt-5', 'openai/batch')).toMatchObject({
      rule: 'multiplicative',
      text: 'Both discounts apply: a cached token costs 0.0625 in batch, 5 % of plain standard input.',
    })
    expect(stacking('gpt-4.1', 'openai/batch')).toMatchObject({
      rule: 'none',
      text: 'There is no cache discount in batch: a cached token costs 1 like any other, and 0.5 at standard.',
    })
    expect(stacking('gemini-3.5-flash-lite', 'vertex/batch')?.rule).toBe('cached-price-takes-precedence')
    expect(laneOf('gpt-5', 'openai/standard').stacking).toBeNull()
  })

  test('holds the limits that bind, and no limit on embeddings where there are none', () => {
    expect(laneOf('gpt-5', 'openai/batch').limits).toMatchObject({ requests: 50_000, embeddingInputs: null })
    expect(laneOf('text-embedding-3-small', 'openai/batch').limits).toMatchObject({
      embeddingInputs: 50_000,
      enqueuedRequests: 1_000_000,
    })
    expect(laneOf('claude-opus-5', 'anthropic/batch').residency).toMatchObject({
      multiplier: 1.1,
      regions: ['us', 'global'],
    })
    expect(laneOf('claude-opus-4-5', 'anthropic/batch').residency).toMatchObject({ multiplier: 1, regions: [] })
  })

  test('tells changes and the end that are still to come', () => {
    const argon = prices('gemini-4-argon', at)
    expect(argon.changes.map(({ from }) => from)).toEqual(['2026-12-01'])
    expect(prices('gemini-4-argon', Date.parse('2026-12-02')).changes).toEqual([])
    expect(prices('gpt-5', at).shutdown).toMatchObject({ date: '2026-12-11' })
  })

  test('knows aliases, snapshots, and a vendor before the name', () => {
    expect(prices('gpt-5-2025-08-07', at).model).toBe('gpt-5')
    const snapshot = prices('gpt-4o-mini-2024-07-18', at)
    expect(snapshot.model).toBe('gpt-4o-mini')
    expect(snapshot.notes[0]).toContain('gpt-4o-mini-2024-07-18 has no price of its own')
    const both = prices('claude-opus-5', at).lanes.map(({ lane }) => lane)
    expect(both).toEqual(expect.arrayContaining(['anthropic/batch', 'vertex/batch']))
    expect(prices('vertex/claude-opus-5', at).lanes.every(({ lane }) => lane.startsWith('vertex/'))).toBe(true)
  })

  test('of a name that is not there names those like it', () => {
    const missing = (name: string): UnknownModel => {
      try {
        prices(name, at)
      } catch (error) {
        if (error instanceof UnknownModel) return error
        throw error
      }
      throw new Error(`There is a model ${name}.`)
    }
    expect(missing('gpt5-mini')).toMatchObject({ code: 'unknown_model', exitCode: 2 })
    expect(missing('gpt5-mini').near[0]).toBe('gpt-5-mini')
    expect(missing('openai/gtp-5').near[0]).toBe('gpt-5')
    expect(missing('sonnet').near).toContain('claude-sonnet-5')
    expect(missing('zzzzzzzz').near).toEqual([])
  })
})

test('the list of all models has a line for each that has a batch price', () => {
  const all = allBatchPrices(at)
  expect(all.length).toBeGreaterThan(60)
  expect(all.find(({ model }) => model === 'gpt-5')).toMatchObject({
    lane: 'openai/batch',
    usdPerMillion: { input: 0.625, output: 5 },
    ofStandard: 0.5,
    shutdown: '2026-12-11',
  })
})

describe('the lanes', () => {
  const lane = (name: string) => {
    const found = lanes({ at }).find((line) => line.lane === name)
    if (found === undefined) throw new Error(`There is no lane ${name}.`)
    return found
  }

  test('are told apart by discount, by what is promised, and by whether this version can buy them', () => {
    expect(lane('openai/batch')).toMatchObject({
      flyable: true,
      ofStandard: { low: 0.5, high: 0.5 },
      promisedHours: 24,
    })
    expect(lane('openai/completion-window-8h')).toMatchObject({ flyable: false, ofStandard: { low: 0.6, high: 0.6 } })
    expect(lane('gemini/batch')).toMatchObject({ promisedHours: 24, expiresHours: 48 })
    expect(lane('openai/priority').ofStandard?.low).toBeGreaterThan(1.6)
    expect(lane('deepinfra/batch')).toMatchObject({ models: 0, ofStandard: null, discount: '20 %' })
    expect(lanes({ at }).filter((line) => line.lane === 'anthropic/flex')).toEqual([])
  })

  test('name the limit that a job of plain requests meets first', () => {
    expect(lane('openai/batch').binds).toBe('196 MB a purchase')
    expect(lane('siliconflow/batch').binds).toBe('5,000 requests a purchase')
    expect(lane('gemini/batch').binds).toBe('10,000,000 tokens waiting')
  })

  test('say what becomes of a cache discount by their figures: o3 has one on flex and none in batch', () => {
    expect(lane('openai/batch').cache).toMatch(/^both discounts \(\d+\), no discount \(\d+\)$/)
    expect(lane('anthropic/batch').cache).toBe('both discounts')
    expect(lane('gemini/batch').cache).toContain('not settled (8)')
    expect(lane('vertex/flex').cache).toBe('cached as at standard')
    expect(lane('openai/completion-window-2h').cache).toBe('not published')
  })

  test('take as long as this home has seen, else as long as is published', () => {
    const seen = new Map([['openai/batch', { p50: 60, p90: 120, submissions: 12 }] as const])
    const own = lanes({ at, seen }).find((line) => line.lane === 'openai/batch')
    expect(own?.lands).toEqual({ p50: 60, p90: 120, seen: 12 })
    expect(lane('openai/batch').lands?.seen).toBeNull()
    expect(lane('openai/flex').lands).toBeNull()
  })
})
