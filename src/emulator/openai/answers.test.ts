import { describe, expect, test } from 'vitest'
import { digest } from '../chance.ts'
import type { Json } from '../json.ts'
import { createPromptCache, type PromptCache } from '../prompt-cache.ts'
import type { Usage } from '../usage.ts'
import { answerTo } from './answers.ts'
import type { Circumstances } from './utterance.ts'

interface Chat {
  readonly model: string
  readonly choices: readonly {
    readonly finish_reason: string
    readonly message: { readonly content: string; readonly tool_calls?: readonly Json[] }
  }[]
}

function answer(body: Json, over: Partial<Circumstances> = {}, endpoint = '/v1/chat/completions') {
  const answered = answerTo(endpoint, body, {
    seed: 1,
    bodySha256: digest(JSON.stringify(body)),
    createdAt: 1_795_349_100,
    cache: null,
    serviceTier: 'default',
    ...over,
  })
  if ('error' in answered)
    return { status: answered.status, error: answered.error.body.error, body: {} as Chat, usage: {} as Usage }
  return { status: 200, error: undefined, body: JSON.parse(answered.text) as Chat, usage: answered.usage }
}

const ask = (content: string, more: Json = {}): Json => ({
  model: 'gpt-5-mini',
  messages: [{ role: 'user', content }],
  ...more,
})
const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false }
const format = (inner: Json) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema, ...inner } },
})

const thought = (model: string, effort?: string) => {
  let tokens = 0
  for (let index = 0; index < 20; index++) {
    const body = { ...ask(`q${index}`), model, ...(effort ? { reasoning_effort: effort } : {}) }
    tokens += answer(body).usage.reasoningTokens
  }
  return tokens
}

const embed = (input: unknown, more: Json = {}) =>
  answer({ model: 'text-embedding-3-small', input, ...more }, {}, '/v1/embeddings')

const look = (cache: PromptCache, model: string, content: string, more: Json = {}) =>
  answer({ ...ask(content, more), model }, { cache }).usage

describe('an answer', () => {
  test('depends on the seed and the body, and on nothing else', () => {
    const first = answer(ask('hello'))
    expect(answer(ask('hello'))).toEqual(first)
    expect(answer(ask('hello!')).body.choices).not.toEqual(first.body.choices)
    expect(answer(ask('hello'), { seed: 2 }).body.choices).not.toEqual(first.body.choices)
  })

  test('comes as often as asked, each time another', () => {
    const { body, usage } = answer(ask('hello', { n: 3 }))
    expect(new Set(body.choices.map((choice) => choice.message.content)).size).toBe(3)
    expect(usage.outputTokens).toBeGreaterThan(answer(ask('hello')).usage.outputTokens)
  })

  test('keeps to its token limit, thinking included', () => {
    for (const limit of [1, 5, 20, 100, 2000]) {
      for (let index = 0; index < 20; index++) {
        const { body, usage } = answer(ask(`hello ${index}`, { max_completion_tokens: limit }))
        expect(usage.outputTokens).toBeLessThanOrEqual(limit)
        const cut = body.choices[0]?.finish_reason === 'length'
        if (limit === 1) expect(cut).toBe(true)
        if (limit === 2000) expect(cut).toBe(false)
      }
    }
  })

  test('thinks only where the model does, and not when told not to', () => {
    expect(thought('gpt-5-mini')).toBeGreaterThan(0)
    expect(thought('gpt-5-mini', 'minimal')).toBe(0)
    expect(thought('gpt-5-mini', 'high')).toBeGreaterThan(thought('gpt-5-mini'))
    expect(thought('gpt-4o-mini')).toBe(0)
  })

  test('calls the tool it is made to call', () => {
    const tools = [{ type: 'function', function: { name: 'look', parameters: schema } }]
    const { body } = answer(ask('hello', { tools, tool_choice: { type: 'function', function: { name: 'look' } } }))
    expect(body.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'look' } }] },
    })
  })

  test('names the dated model where there is one', () => {
    expect(answer(ask('x')).body.model).toBe('gpt-5-mini-2025-08-07')
    expect(answer({ ...ask('x'), model: 'gpt-6.2-sol' }).body.model).toBe('gpt-6.2-sol')
  })

  test('refuses a schema that strict mode refuses', () => {
    const message = (inner: Json) => answer(ask('x', format({ schema: inner }))).error?.message
    expect(answer(ask('x', format({}))).status).toBe(200)
    expect(message({ ...schema, additionalProperties: true })).toContain(
      "'additionalProperties' is required to be supplied and to be false",
    )
    expect(message({ ...schema, required: [] })).toContain("Missing 'a'")
    expect(message({ type: 'array', items: schema })).toContain('schema must be a JSON Schema of \'type: "object"\'')
    expect(answer(ask('x', format({ name: undefined }))).error?.code).toBe('missing_required_parameter')
    const loose = {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'array', items: {} } } },
    }
    expect(answer(ask('x', loose)).status).toBe(200)
    expect(
      answer(
        {
          model: 'gpt-5-mini',
          input: 'x',
          text: { format: { type: 'json_schema', name: 'x', strict: true, schema: { type: 'object' } } },
        },
        {},
        '/v1/responses',
      ).error,
    ).toMatchObject({
      code: 'invalid_json_schema',
      param: 'text.format.schema',
    })
  })

  test('refuses a schema without an end', () => {
    const endless = {
      $ref: '#/$defs/a',
      $defs: { a: { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: ['a'] } },
    }
    expect(answer(ask('x', format({ strict: false, schema: endless }))).status).toBe(400)
  })

  test('of an embedding obeys the limits of a request', () => {
    expect(embed('x').status).toBe(200)
    expect(embed([1, 2, 3]).usage.promptTokens).toBe(3)
    expect(embed('').status).toBe(400)
    expect(embed([]).status).toBe(400)
    expect(embed(Array.from({ length: 2049 }, () => 'x')).error?.code).toBe('array_above_max_length')
    expect(embed('x'.repeat(4 * 8193)).status).toBe(400)
    expect(embed(Array.from({ length: 50 }, () => 'x'.repeat(4 * 8000))).error?.code).toBe('max_tokens_per_request')
    expect(embed('x', { dimensions: 4000 }).status).toBe(400)
  })
})

describe('the prompt cache', () => {
  const prefix = 'Classify this text. '.repeat(400)

  test('is read in steps of 128 tokens by models that charge no write', () => {
    const cache = createPromptCache()
    expect(look(cache, 'gpt-5-mini', `${prefix}one`)).toMatchObject({ cachedTokens: 0, cacheWriteTokens: 0 })
    const second = look(cache, 'gpt-5-mini', `${prefix}two`)
    expect(second.cachedTokens % 128).toBe(0)
    expect(second.cachedTokens).toBe(1920)
    expect(second.promptTokens).toBeGreaterThan(second.cachedTokens)
  })

  test('is written once and read to the token by newer models', () => {
    const cache = createPromptCache()
    const first = look(cache, 'gpt-6.2-sol', `${prefix}one`)
    expect(first).toMatchObject({ cachedTokens: 0, cacheWriteTokens: first.promptTokens })
    const second = look(cache, 'gpt-6.2-sol', `${prefix}two`)
    // "\nuser\n" and 8,000 characters are 8,006 bytes.
    expect(second).toMatchObject({ cachedTokens: 2001, cacheWriteTokens: 0 })
  })

  test('leaves short prompts, models without one, and those who switch it off alone', () => {
    const cache = createPromptCache()
    for (const content of ['short one', 'short two']) expect(look(cache, 'gpt-5-mini', content).cachedTokens).toBe(0)
    for (const content of ['one', 'two']) expect(look(cache, 'gpt-5-pro', prefix + content).cachedTokens).toBe(0)
    const off = { prompt_cache_options: { mode: 'explicit' } }
    for (const content of ['one', 'two'])
      expect(look(cache, 'gpt-6.2-sol', prefix + content, off)).toMatchObject({ cachedTokens: 0, cacheWriteTokens: 0 })
  })

  test('finds nothing in another prefix', () => {
    const cache = createPromptCache()
    look(cache, 'gpt-5-mini', `${prefix}one`)
    expect(look(cache, 'gpt-5-mini', `Other. ${prefix}`).cachedTokens).toBe(0)
  })
})
