import { describe, expect, test } from 'vitest'
import { outputRange } from './output-range.ts'

const chat = { endpoint: '/v1/chat/completions', model: 'gpt-4o-mini' }

describe('the length of an answer', () => {
  test('is bounded by max_tokens', () => {
    expect(outputRange({ ...chat, maxTokens: 300 })).toEqual({
      low: 16,
      high: 300,
      basis: '16 to 300 output tokens a request are assumed up to its max_tokens.',
    })
    expect(outputRange({ ...chat, maxTokens: 5 })).toMatchObject({ low: 5, high: 5 })
  })

  test('is a stated default without it', () => {
    expect(outputRange(chat)).toEqual({
      low: 16,
      high: 1024,
      basis: '16 to 1024 output tokens a request are assumed since no max_tokens is set.',
    })
  })

  test('leaves room for thinking on models that think, unless max_tokens bounds it', () => {
    expect(outputRange({ ...chat, model: 'openai/gpt-5-mini' })).toMatchObject({ high: 3072 })
    expect(outputRange({ ...chat, model: 'gpt-5-mini' }).basis).toContain('2048 of them for thinking')
    expect(outputRange({ ...chat, model: 'o3', maxTokens: 500 })).toMatchObject({ high: 500 })
    expect(outputRange({ ...chat, model: 'gpt-5-chat-latest' })).toMatchObject({ high: 1024 })
  })

  test('is nothing for embeddings', () => {
    expect(outputRange({ endpoint: '/v1/embeddings' })).toMatchObject({ low: 0, high: 0 })
  })
})

describe('a schema', () => {
  const labels = {
    type: 'object',
    properties: { label: { type: 'string', enum: ['card_arrival', 'lost_or_stolen_card'] }, sure: { type: 'boolean' } },
    required: ['label', 'sure'],
    additionalProperties: false,
  }

  test('of labels makes a short answer, however large max_tokens is', () => {
    const { low, high } = outputRange({ ...chat, maxTokens: 4096, schema: labels })
    expect(low).toBeGreaterThanOrEqual(5)
    expect(high).toBeLessThan(50)
    expect(low).toBeLessThan(high)
  })

  test('with free text is bounded by max_tokens only', () => {
    const schema = { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] }
    expect(outputRange({ ...chat, maxTokens: 4096, schema })).toMatchObject({ high: 4096 })
    expect(outputRange({ ...chat, schema }).high).toBeLessThan(300)
  })

  test('may nest, choose, repeat, or be nonsense', () => {
    const list = { type: 'array', items: labels, minItems: 3, maxItems: 3 }
    expect(outputRange({ ...chat, schema: list }).low).toBeGreaterThan(15)
    expect(outputRange({ ...chat, schema: { anyOf: [labels, { type: 'null' }] } }).low).toBe(1)
    expect(outputRange({ ...chat, schema: { const: 'yes' } }).high).toBeLessThan(6)
    const loop: Record<string, unknown> = { type: 'array' }
    loop.items = loop
    for (const odd of [true, null, [], {}, { type: 7 }, { type: ['string', 'null'] }, { $ref: '#' }, loop]) {
      const { low, high } = outputRange({ ...chat, schema: odd })
      expect(low >= 1 && high >= low && Number.isFinite(high)).toBe(true)
    }
  })
})
