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

  test('750 USD of 5,000 are saved where three tenths can wait a day', () => {
    const { recommended, reason, ways } = advise({ ...spend, latencyMs: 24 * HOUR })
    expect(recommended).toBe('batch')
    expect(reason).toContain('750 USD a month')
    expect(Object.fromEntries(ways.map(({ way, saved }) => [way, saved]))).toMatchObject({
      'completion-window-8h': 600,
      'completion-window-2h': 450,
      standard: 0,
    })
  })

  test.for([
    [15 * MINUTE, 'flex'],
    [10 * MINUTE, 'standard'],
    [1000, 'priority'],
  ] as const)('what may take %i ms is bought as %s', ([latencyMs, way]) => {
    expect(advise({ ...spend, latencyMs }).recommended).toBe(way)
  })

  test('where nothing can wait there is nothing to save', () => {
    expect(advise({ latencyMs: 24 * HOUR, monthlySpend: 5000, offlineShare: 0 }).reason).toContain(
      'Nothing of it can wait',
    )
  })
})
