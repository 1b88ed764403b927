import { describe, expect, test } from 'vitest'
import { mostOutput } from './most-output.ts'

const chat = { model: 'gpt-4o-mini' }

describe('the longest answer that is reckoned with', () => {
  test('is max_tokens', () => {
    expect(mostOutput({ ...chat, maxTokens: 300 })).toEqual({ tokens: 300, why: 'by its max_tokens' })
  })

  test('is a stated default without it', () => {
    expect(mostOutput(chat)).toEqual({ tokens: 1024, why: 'since no max_tokens is set' })
  })

  test('leaves room for thinking on models that think, unless max_tokens bounds it', () => {
    expect(mostOutput({ model: 'openai/gpt-5-mini' })).toMatchObject({ tokens: 3072 })
    expect(mostOutput({ model: 'o3', maxTokens: 500 })).toMatchObject({ tokens: 500 })
    expect(mostOutput({ model: 'gpt-5-chat-latest' })).toMatchObject({ tokens: 1024 })
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
    const { tokens } = mostOutput({ ...chat, maxTokens: 4096, schema: labels })
    expect(tokens).toBeGreaterThan(5)
    expect(tokens).toBeLessThan(50)
  })

  test('with free text is bounded by max_tokens only', () => {
    const schema = { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] }
    expect(mostOutput({ ...chat, maxTokens: 4096, schema })).toMatchObject({ tokens: 4096 })
    expect(mostOutput({ ...chat, schema }).tokens).toBeLessThan(300)
  })

  test('may nest, choose, repeat, or be nonsense', () => {
    const list = { type: 'array', items: labels, minItems: 3, maxItems: 3 }
    expect(mostOutput({ ...chat, schema: list }).tokens).toBeGreaterThan(
      3 * mostOutput({ ...chat, schema: labels }).tokens,
    )
    expect(mostOutput({ ...chat, schema: { anyOf: [labels, { type: 'null' }] } }).tokens).toBe(
      mostOutput({ ...chat, schema: labels }).tokens,
    )
    expect(mostOutput({ ...chat, schema: { const: 'yes' } }).tokens).toBeLessThan(6)
    const loop: Record<string, unknown> = { type: 'array' }
    loop['items'] = loop
    for (const odd of [true, null, [], {}, { type: 7 }, { type: ['string', 'null'] }, { $ref: '#' }, loop]) {
      const { tokens } = mostOutput({ ...chat, schema: odd })
      expect(tokens >= 1 && Number.isFinite(tokens)).toBe(true)
    }
  })
})
