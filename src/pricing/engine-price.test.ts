import { describe, expect, test } from 'vitest'
import { costOf } from './cost.ts'
import { engineEconomy } from './engine-economy.ts'
import { enginePrice } from './engine-price.ts'
import { priceFor } from './price.ts'

const work = { ms: 3_600_000, inputTokens: 4_000_000, outputTokens: 1_000_000 }

describe('The price of an engine of one’s own', () => {
  test('is that of its tokens, where they have one', () => {
    const price = enginePrice('qwen', { usdPerMillionTokens: { input: 0.05, output: 0.2 } }, work)
    expect(price?.perToken).toMatchObject({ input: 50_000n, cachedInput: 50_000n, output: 200_000n })
  })

  test('is that of its hours, borne by the tokens of the answers', () => {
    const price = enginePrice('qwen', { usdPerHour: 2.5, gpus: 2 }, work)
    expect(price && costOf({ input: 4_000_000, output: 1_000_000 }, price)).toBe(5_000_000_000_000n)
    expect(price?.perToken.input).toBe(0n)
  })

  test('is borne by the prompts where there are no answers', () => {
    const price = enginePrice('bge', { usdPerHour: 4 }, { ...work, outputTokens: 0 })
    expect(price && costOf({ input: 4_000_000 }, price)).toBe(4_000_000_000_000n)
  })

  test('by the hour goes by the speed of the engine, as long as no time was used', () => {
    const price = enginePrice('qwen', { usdPerHour: 3.6, tokensPerSecond: 1000 })
    expect(price?.perToken.output).toBe(1_000_000n) // 3.6 million tokens an hour: 1 USD a million
    expect(enginePrice('qwen', { usdPerHour: 3.6 })).toBeUndefined()
  })

  test('is nothing, and says so, where none is named', () => {
    const price = enginePrice('qwen', {})
    expect(price && costOf({ input: 10, output: 10 }, price)).toBe(0n)
    expect(price?.doubts.join()).toMatch(/Nothing is charged/)
  })

  test('is asked as any other, and has no word on what vendors sell', () => {
    const query = { model: 'qwen', tier: 'idle', at: 0 } as const
    expect(priceFor({ ...query, rates: {} })?.tier).toBe('idle')
    expect(priceFor(query)).toBeUndefined()
    expect(priceFor({ model: 'qwen', tier: 'batch', at: 0, rates: {} })).toBeUndefined()
  })
})

describe('An engine beside batches', () => {
  const at = Date.parse('2026-11-24')
  /** 3.6 million tokens an hour, three prompts to one answer. */
  const speed = { inputPerSecond: 750, outputPerSecond: 250 }

  test('costs its hour, divided by the tokens in it', () => {
    const { usdPerMillion, outputShare } = engineEconomy(speed, 3.6, at)
    expect(usdPerMillion).toBeCloseTo(1, 10)
    expect(outputShare).toBe(0.25)
  })

  test('breaks even where what it costs, idle hours and all, is what a batch costs', () => {
    // gpt-5.4-mini in batch: 0.375 and 2.25, so 0.84375 for this mix.
    const [row] = engineEconomy(speed, 0.36, at, ['gpt-5.4-mini']).compared
    expect(row).toMatchObject({ lane: 'openai/batch', model: 'gpt-5.4-mini' })
    expect(row?.usdPerMillion).toBeCloseTo(0.84375, 10)
    expect(row?.breakEven).toBeCloseTo(0.1 / 0.84375, 10)
    expect(engineEconomy(speed, 36, at, ['gpt-5.4-mini']).compared[0]?.breakEven).toBeGreaterThan(1)
  })

  test('is put beside two current models of each maker, the cheapest first, or beside those that are named', () => {
    const { compared } = engineEconomy(speed, 1, at)
    const makers = Map.groupBy(compared, ({ lane }) => lane)
    expect([...makers.values()].map((rows) => rows.length)).toEqual([2, 2, 2])
    expect(compared.map(({ usdPerMillion }) => usdPerMillion)).toEqual(
      compared.map(({ usdPerMillion }) => usdPerMillion).toSorted((a, b) => a - b),
    )
    expect(() => engineEconomy(speed, 1, at, ['no-model'])).toThrow(/no-model/)
    expect(() => engineEconomy(speed, 1, at, ['gpt-5.3-codex'])).toThrow(/No price is known/)
  })
})
