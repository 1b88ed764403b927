import { describe, expect, test } from 'vitest'
import { builtIn, priceBook } from './catalogue.ts'
import { layOver } from './lay-over.ts'
import { readOverlay } from './overlay.ts'
import { priceFor } from './price.ts'
import { readPriceMap } from './price-map.ts'
import { differencesOf, type Refreshment, refreshment, withRows } from './refresh.ts'

const read = { source: 'https://maps.example/prices.json', asOf: '2026-11-24' }
const wanted = new Set(['openai', 'anthropic', 'google', 'mistral', 'together', 'xai'])

const refreshed = (map: unknown, book = builtIn): Refreshment =>
  refreshment(book, readPriceMap(map, read.source, wanted).rows, read)
const bookAfter = ({ rows }: Refreshment) => priceBook(layOver(builtIn.rows, rows, 'prices.refreshed.json'))
const changes = (refresh: Refreshment) =>
  differencesOf(builtIn, bookAfter(refresh)).changed.map(({ model, what, was, is }) => [model, what, was, is])

// What the two maps say of gpt-5, whose prices are as the catalogue has them.
const litellmGpt5 = {
  litellm_provider: 'openai',
  mode: 'chat',
  max_input_tokens: 272_000,
  max_output_tokens: 128_000,
  input_cost_per_token: 1.25e-6,
  output_cost_per_token: 1e-5,
  cache_read_input_token_cost: 1.25e-7,
  input_cost_per_token_batches: 6.25e-7,
  output_cost_per_token_batches: 5e-6,
  input_cost_per_token_flex: 6.25e-7,
  output_cost_per_token_flex: 5e-6,
  cache_read_input_token_cost_flex: 6.25e-8,
  input_cost_per_token_priority: 2.5e-6,
  output_cost_per_token_priority: 2e-5,
}
const modelsDevGpt5 = {
  id: 'gpt-5',
  modalities: { input: ['text', 'image'], output: ['text'] },
  cost: { input: 1.25, output: 10, cache_read: 0.125 },
  limit: { context: 400_000, output: 128_000 },
}

describe('a map in the shape of LiteLLM', () => {
  const map = (models: Record<string, object>) => ({
    sample_spec: { litellm_provider: 'one of https://docs.litellm.ai/docs/providers', mode: 'one of: chat, …' },
    ...models,
  })

  test('that says what is known changes no price; the day of reading is kept', () => {
    const refresh = refreshed(map({ 'gpt-5': litellmGpt5 }))
    expect(refresh).toMatchObject({ confirmed: 1, refused: [] })
    expect(changes(refresh)).toEqual([])
    expect(bookAfter(refresh).find('gpt-5')?.asOf).toBe('2026-11-24')
  })

  test('tells every tier, kind and long prompt apart', () => {
    const sonnet = {
      litellm_provider: 'anthropic',
      mode: 'chat',
      input_cost_per_token: 4e-6,
      output_cost_per_token: 2e-5,
      cache_creation_input_token_cost: 5e-6,
      cache_creation_input_token_cost_above_1hr: 8e-6,
      cache_read_input_token_cost: 4e-7,
      input_cost_per_token_batches: 2e-6,
      output_cost_per_token_batches: 1e-5,
    }
    const pro = {
      litellm_provider: 'gemini',
      mode: 'chat',
      input_cost_per_token: 1.25e-6,
      input_cost_per_token_above_200k_tokens: 3e-6,
      output_cost_per_token: 1e-5,
      output_cost_per_token_above_200k_tokens: 1.5e-5,
    }
    const refresh = refreshed(map({ 'claude-sonnet-9': sonnet, 'gemini/gemini-2.5-pro': pro }))
    const after = bookAfter(refresh)
    expect(after.find('claude-sonnet-9')).toMatchObject({
      provider: 'anthropic',
      prices: {
        standard: { input: 4, output: 20, cachedInput: 0.4, cacheWrite5m: 5, cacheWrite1h: 8 },
        batch: { input: 2, output: 10 },
      },
    })
    expect(changes(refresh)).toContainEqual(['google/gemini-2.5-pro', 'standard input of long prompts', 2.5, 3])
    expect(refresh.refused).toEqual([])
  })

  test('changes a price from the day of reading on, not for what was sent before', () => {
    const refresh = refreshed(map({ 'gpt-5': { ...litellmGpt5, output_cost_per_token_priority: 2.2e-5 } }))
    expect(changes(refresh)).toEqual([['openai/gpt-5', 'priority output', 20, 22]])
    const row = bookAfter(refresh).find('gpt-5')
    const output = (day: string) =>
      Number(row && priceFor({ model: row, tier: 'priority', at: Date.parse(day) })?.perToken.output) / 1e6
    expect([output('2026-11-23'), output('2026-11-24')]).toEqual([20, 22])
  })

  test('leaves out a row that cannot be right and says which, as gpt-4o-2024-08-06 at 7.50 in batch', () => {
    const snapshot = {
      litellm_provider: 'openai',
      mode: 'chat',
      input_cost_per_token: 2.5e-6,
      output_cost_per_token: 1e-5,
      cache_read_input_token_cost: 1.25e-6,
      input_cost_per_token_batches: 1.25e-6,
      output_cost_per_token_batches: 7.5e-6,
    }
    const right = {
      ...snapshot,
      input_cost_per_token: 5e-6,
      output_cost_per_token: 1.5e-5,
      input_cost_per_token_batches: 2.5e-6,
    }
    const { cache_read_input_token_cost: _, ...old } = right
    const refresh = refreshed(map({ 'gpt-4o-2024-08-06': snapshot, 'gpt-4o-2024-05-13': old }))
    expect(refresh.refused).toHaveLength(1)
    expect(refresh.refused[0]).toMatch(
      /^The price of gpt-4o-2024-08-06 in batch is refused: output is 7.5.*maps\.example/,
    )
    expect(refresh.rows.map(({ model }) => model)).toEqual(['openai/gpt-4o-2024-05-13'])
    expect(changes(refresh)).toEqual([])
  })

  test('keeps what is right of a row whose batch price is not', () => {
    const model = { litellm_provider: 'xai', mode: 'chat', input_cost_per_token: 2e-6, output_cost_per_token: 6e-6 }
    const batch = { input_cost_per_token_batches: 1e-6, output_cost_per_token_batches: 3e-6 }
    const refresh = refreshed(map({ 'xai/grok-9': { ...model, ...batch } }))
    expect(refresh.refused.join()).toContain('xai declares no multiple')
    expect(bookAfter(refresh).find('grok-9', 'xai')?.prices).toMatchObject({ standard: { input: 2 }, batch: null })
  })

  test('is not believed about what no usage tells: spoken answers, steps, fine-tunes, places, pictures', () => {
    const plain = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }
    const { rows } = refreshed(
      map({
        'gpt-9-voice': { ...plain, output_cost_per_audio_token: 8e-5 },
        'gpt-9-thinker': { ...plain, output_cost_per_reasoning_token: 9e-6 },
        'gpt-9-steps': {
          ...plain,
          input_cost_per_token_above_128k_tokens: 2e-6,
          input_cost_per_token_above_256k_tokens: 4e-6,
        },
        'ft:gpt-9': plain,
        'eu/gpt-9': plain,
        'gpt-9-image': { ...plain, mode: 'image_generation' },
        'gpt-9-free': { ...plain, input_cost_per_token: 0 },
        'bedrock/gpt-9': { ...plain, litellm_provider: 'bedrock' },
        'gpt-9': plain,
      }),
    )
    expect(rows.map(({ model }) => model)).toEqual(['openai/gpt-9'])
  })

  test('may tell long prompts by what they multiply', () => {
    const long = {
      litellm_provider: 'openai',
      mode: 'chat',
      input_cost_per_token: 2e-6,
      output_cost_per_token: 1e-5,
      long_context_input_token_threshold: 272_000,
      long_context_input_cost_multiplier: 2,
      long_context_output_cost_multiplier: 1.5,
    }
    const row = bookAfter(refreshed(map({ 'gpt-9': long }))).find('gpt-9')
    expect(row?.prices.longContext).toMatchObject({ thresholdTokens: 272_000, input: 4, output: 15 })
  })
})

describe('a map in the shape of models.dev', () => {
  const map = (models: Record<string, object>, provider = 'openai') => ({ [provider]: { id: provider, models } })

  test('that says what is known changes no price', () => {
    const refresh = refreshed(map({ 'gpt-5': modelsDevGpt5 }))
    expect(refresh.confirmed).toBe(1)
    expect(changes(refresh)).toEqual([])
  })

  test('knows standard prices alone; the tiers of a known model follow at their multiples', () => {
    const refresh = refreshed(
      map({ 'gpt-5': { ...modelsDevGpt5, cost: { input: 2.5, output: 10, cache_read: 0.25 } } }),
    )
    expect(changes(refresh)).toEqual(
      expect.arrayContaining([
        ['openai/gpt-5', 'standard input', 1.25, 2.5],
        ['openai/gpt-5', 'batch input', 0.625, 1.25],
        ['openai/gpt-5', 'batch cachedInput', 0.0625, 0.125],
        ['openai/gpt-5', 'priority input', 2.5, 5],
      ]),
    )
    expect(refresh.refused).toEqual([])
  })

  test('makes models known, by the vendor’s name here, with no batch price that it does not tell', () => {
    const cost = { input: 0.9, output: 0.9 }
    const refresh = refreshed(map({ 'meta-llama/Llama-9': { ...modelsDevGpt5, cost } }, 'togetherai'))
    const after = bookAfter(refresh)
    const row = after.find('meta-llama/Llama-9', 'together')
    expect(row).toMatchObject({ contextWindow: 400_000, prices: { standard: { input: 0.9 }, batch: null } })
    expect(differencesOf(builtIn, after).added.map(({ id }) => id)).toEqual(['meta-llama/Llama-9'])
  })

  test('begins long prompts where the vendor does: at the step that it names, else where they were known to', () => {
    const over = (cost: object) =>
      changes(refreshed(map({ 'gpt-6.2-sol': { ...modelsDevGpt5, cost: { input: 2, output: 10, ...cost } } })))
    expect(over({ context_over_200k: { input: 4, output: 15 } })).toEqual([])
    const step = { input: 4, output: 16, tier: { type: 'context', size: 272_000 } }
    expect(over({ tiers: [step], context_over_200k: { input: 9, output: 9 } })).toContainEqual([
      'openai/gpt-6.2-sol',
      'standard output of long prompts',
      15,
      16,
    ])
    expect(refreshed(map({ m: { cost: { input: 1, output: 1, tiers: [step, step] } } })).rows).toEqual([])
  })

  test('is not believed about pictures, spoken answers, or what is free', () => {
    const { rows } = refreshed(
      map({
        picture: { ...modelsDevGpt5, modalities: { input: ['text'], output: ['image'] } },
        voice: { ...modelsDevGpt5, cost: { input: 1, output: 2, output_audio: 9 } },
        free: { ...modelsDevGpt5, cost: { input: 0, output: 0 } },
        plan: { ...modelsDevGpt5, cost: undefined },
      }),
    )
    expect(rows).toEqual([])
  })
})

test('a map of another shape is refused, naming those that are known', () => {
  for (const other of [[], {}, { models: [] }, { 'gpt-5': { input: 1 } }, null, 'prices'])
    expect(() => readPriceMap(other, 'prices.json', wanted)).toThrow(
      'prices.json is no map of prices that is known here',
    )
})

test('what is written can be read again, and a second reading adds to the first', () => {
  const dearer = { ...litellmGpt5, output_cost_per_token_priority: 2.2e-5 }
  const first = refreshed({ 'gpt-5': dearer, 'gpt-9': litellmGpt5 })
  const written = (rows: Refreshment['rows']) =>
    readOverlay(JSON.stringify({ schemaVersion: 1, models: rows }), 'prices.refreshed.json')
  expect(written(first.rows)).toEqual(first.rows)
  const again = { source: read.source, asOf: '2026-12-10' }
  const map = readPriceMap({ 'gpt-5': dearer }, read.source, wanted).rows
  const second = refreshment(bookAfter(first), map, again)
  expect(second.confirmed).toBe(1)
  const rows = withRows(first.rows, second.rows)
  expect(rows).toHaveLength(3)
  const third = refreshment(bookAfter({ ...second, rows }), map, { ...again, asOf: '2026-12-11' })
  expect(withRows(rows, third.rows)).toHaveLength(3)
})
