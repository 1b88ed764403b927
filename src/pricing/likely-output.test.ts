import { describe, expect, test } from 'vitest'
import { answerTermsOf } from './answer-terms.ts'
import { askedLength } from './asked-length.ts'
import { likelyOutput } from './likely-output.ts'

const chat = { endpoint: '/v1/chat/completions', model: 'gpt-4o-mini' }
const asks = (system: string, user = '…') => askedLength({ system, user }, () => 400)

describe('what answers have on average', () => {
  test('is nothing for embeddings', () => {
    expect(likelyOutput({ endpoint: '/v1/embeddings', model: 'text-embedding-3-small' })).toEqual({ low: 0, high: 0 })
  })

  test('is at most the limit, and mostly less', () => {
    const { low, high } = likelyOutput({ ...chat, maxTokens: 100 })
    expect(high).toBeLessThan(100)
    expect(low).toBeGreaterThan(0)
    expect(likelyOutput({ ...chat, maxTokens: 8000 }).high).toBeLessThan(1000)
  })

  test('is short for labels, however high the limit', () => {
    const schema = {
      type: 'object',
      properties: { label: { enum: ['spam', 'ham'] } },
      required: ['label'],
    }
    const { low, high } = likelyOutput({ ...chat, maxTokens: 4096, schema })
    expect(low).toBeGreaterThan(2)
    expect(high).toBeLessThan(30)
  })

  test('has the thoughts of a model that thinks, as hard as it is told to', () => {
    const of = (effort?: string | number, model = 'gpt-5-mini') => likelyOutput({ ...chat, model, effort }).high
    expect(of()).toBeGreaterThan(of('none'))
    expect(of('high')).toBeGreaterThan(of('low'))
    expect(of(2000, 'claude-haiku-4-5')).toBeGreaterThan(of(undefined, 'claude-haiku-4-5'))
  })

  test('goes by what is asked, in several languages', () => {
    expect(asks('Classify the ticket.')?.high).toBeLessThan(50)
    expect(asks('Fasse den Text zusammen.')).toEqual(asks('Summarize the text.'))
    expect(asks('把下面的文字翻译成英文。')).toEqual({ low: 240, high: 800 })
    expect(asks('', `Translate: ${'x '.repeat(2000)}`)).toEqual({ low: 240, high: 800 })
    expect(asks('You are a poet.')).toBeUndefined()
  })
})

describe('a request body', () => {
  test('tells its schema and effort in every dialect', () => {
    const schema = { type: 'string' }
    const bodies = [
      { response_format: { type: 'json_schema', json_schema: { schema } }, reasoning_effort: 'low' },
      { text: { format: { type: 'json_schema', schema } }, reasoning: { effort: 'low' } },
      { output_config: { format: { type: 'json_schema', schema }, effort: 'low' } },
      { generationConfig: { responseJsonSchema: schema, thinkingConfig: { thinkingLevel: 'low' } } },
    ]
    for (const body of bodies) expect(answerTermsOf(body)).toEqual({ schema, effort: 'low' })
    expect(answerTermsOf({ thinking: { type: 'enabled', budget_tokens: 2000 } })).toEqual({ effort: 2000 })
    expect(answerTermsOf({ thinking: { type: 'disabled' } })).toEqual({ effort: 'none' })
    expect(answerTermsOf({})).toEqual({})
  })
})
