import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../kit/clock.ts'
import { advise } from './advise.ts'
import data from './prices/catalog.json' with { type: 'json' }
import { quoteTokens } from './what-if.ts'

const AT = Date.parse('2026-11-23T12:00:00Z')

describe('tokens without an input', () => {
  const examples = data.workedExamples.map((example) => [example.name, example] as const)

  test.for(examples)(
    '%s',
    ([, { model, inputTokens, cachedInputTokens = 0, outputTokens = 0, standardUsd, batchUsd }]) => {
      const { lanes } = quoteTokens(
        { model, inputTokens, outputTokens, requests: 1_000_000, cachedShare: cachedInputTokens / inputTokens },
        AT,
      )
      const cost = (tier: string) => Number(lanes.find(({ lane }) => lane.endsWith(`/${tier}`))?.usd.high)
      expect([cost('standard'), cost('batch')]).toEqual([standardUsd, batchUsd])
    },
  )

  test('long prompts cost what long prompts cost', () => {
    const { lanes } = quoteTokens({ model: 'gemini-2.5-pro', inputTokens: 10e9, promptTokens: 250_000 }, AT)
    expect(lanes.map(({ lane, usd }) => [lane, Number(usd.high)])).toEqual(
      expect.arrayContaining([
        ['gemini/batch', 12_500],
        ['gemini/standard', 25_000],
      ]),
    )
  })

  test('a model that nobody knows is refused, and never priced at nothing', () => {
    expect(() => quoteTokens({ model: 'gpt-99', inputTokens: 1 }, AT)).toThrow('No price is known for model "gpt-99"')
  })
})

describe('advice', () => {
  const spend = { monthlySpend: 5000, offlineShare: 0.3 }

  test('less than a day, and a deadline behind it: batch, with what it climbs to', () => {
    const { recommended, reason } = advise({ ...spend, latencyMs: 4 * HOUR })
    expect(recommended).toBe('batch')
    expect(reason).toContain('what would be late climbs to flex or standard')
    expect(advise({ ...spend, latencyMs: HOUR - 1 }).recommended).toBe('flex')
  })

  test('a model that is not sold on a lane is bought on standard, and why is said', () => {
    const of = (model: string, latencyMs: number) => advise({ ...spend, latencyMs, model })
    expect(of('gemini-3.8-flash', 10 * MINUTE).recommended).toBe('flex')
    expect(of('claude-opus-5', 10 * MINUTE)).toMatchObject({
      recommended: 'standard',
      reason: expect.stringContaining('claude-opus-5 is not sold on flex: anthropic sells no flex.'),
    })
    expect(of('gpt-4.1', 10 * MINUTE).reason).toContain('its vendor lists no price for it')
    expect(of('gpt-5.3-codex', 24 * HOUR).reason).toContain('Batch and Flex availability not confirmed')
    expect(() => of('gpt-99', HOUR)).toThrow('No price is known for model "gpt-99"')
  })

  test('where nothing can wait there is nothing to save', () => {
    expect(advise({ latencyMs: 24 * HOUR, monthlySpend: 5000, offlineShare: 0 }).reason).toContain(
      'Nothing of it can wait',
    )
  })
})
