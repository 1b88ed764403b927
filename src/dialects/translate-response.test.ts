import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { translateRequest, translateResponse } from './translate.ts'
import type { ChatDialect, Json } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'

const golden = <T>(folder: string) =>
  readdirSync(join(import.meta.dirname, '__fixtures__', folder)).map((file) => ({
    name: file.replace('.json', ''),
    ...(JSON.parse(readFileSync(join(import.meta.dirname, '__fixtures__', folder, file), 'utf8')) as T),
  }))

const told = (warnings: readonly { code: string; path: string }[]) =>
  warnings.map(({ code, path }) => `${code} ${path}`)
const options = { id: 'redeye-1', created: 1_795_350_000, model: 'asked-for' }
const models: Record<ChatDialect, string> = {
  'openai-chat': 'gpt-5.6-sol',
  'openai-responses': 'gpt-5.6-sol',
  anthropic: 'claude-opus-4-6',
  gemini: 'gemini-3.5-flash',
}

interface Answer {
  readonly from: ChatDialect
  readonly body: Json
  readonly gives: Record<ChatDialect, { readonly status: number; readonly body: Json; readonly warnings: string[] }>
}

describe.each(golden<Answer>('answers'))('the answer $name', ({ from, body, gives }) => {
  test.each(Object.entries(gives))('reads in %s as written down', (to, expected) => {
    const answer = translateResponse(from, to as ChatDialect, JSON.stringify(body), options)
    expect(JSON.parse(JSON.stringify(answer.body))).toEqual(expected.body)
    expect(answer.status).toBe(expected.status)
    expect(told(answer.warnings)).toEqual(expected.warnings)
  })

  test('is left as it is for who asked in its dialect', () => {
    expect(translateResponse(from, from, body, options)).toEqual({ status: 200, body, warnings: [] })
  })
})

interface Request {
  readonly from: ChatDialect
  readonly body: Json
  readonly gives: Record<ChatDialect, { readonly body?: Json; readonly warnings?: string[]; readonly refused?: string }>
}

describe.each(golden<Request>('requests'))('the request $name', ({ from, body, gives }) => {
  test.each(Object.entries(gives))('reads in %s as written down', (to, expected) => {
    const target = to as ChatDialect
    const translated = () => translateRequest(from, target, JSON.stringify(body), { model: models[target] })
    if (expected.refused !== undefined) return expect(translated).toThrow(Untranslatable)
    expect(translated().body).toEqual(expected.body)
    expect(told(translated().warnings)).toEqual(expected.warnings)
  })
})

// One row of the table of stop states each: the vendor's word, and what the others say.
const anthropic = (stop_reason: string, content: unknown[] = [{ type: 'text', text: 'a' }]): Json => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content,
  stop_reason,
})
const gemini = (finishReason: string, parts: unknown[] = [{ text: 'a' }]): Json => ({
  candidates: [{ content: { role: 'model', parts }, finishReason }],
  responseId: 'r',
  modelVersion: 'm',
})
const chat = (finish_reason: string, message: Json = { role: 'assistant', content: 'a' }): Json => ({
  id: 'c',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message, finish_reason }],
})
const responses = (status: string, reason?: string, output: unknown[] = []): Json => ({
  id: 'resp_1',
  created_at: 1,
  model: 'm',
  status,
  incomplete_details: reason === undefined ? null : { reason },
  output,
})
const call = { type: 'tool_use', id: 't', name: 'f', input: {} }
const toolCall = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }
const toolMessage = { role: 'assistant', content: null, tool_calls: [toolCall] }
const functionCall = { type: 'function_call', call_id: 't', name: 'f', arguments: '{}' }

const stops: [string, ChatDialect, Json, Partial<Record<ChatDialect, string>>][] = [
  [
    'natural end',
    'anthropic',
    anthropic('end_turn'),
    { 'openai-chat': 'stop', 'openai-responses': 'completed', gemini: 'STOP' },
  ],
  [
    'natural end',
    'gemini',
    gemini('STOP'),
    { 'openai-chat': 'stop', 'openai-responses': 'completed', anthropic: 'end_turn' },
  ],
  [
    'natural end',
    'openai-chat',
    chat('stop'),
    { 'openai-responses': 'completed', anthropic: 'end_turn', gemini: 'STOP' },
  ],
  [
    'natural end',
    'openai-responses',
    responses('completed'),
    { 'openai-chat': 'stop', anthropic: 'end_turn', gemini: 'STOP' },
  ],
  [
    'stop string',
    'anthropic',
    anthropic('stop_sequence'),
    { 'openai-chat': 'stop', 'openai-responses': 'completed', gemini: 'STOP' },
  ],
  [
    'token cap',
    'anthropic',
    anthropic('max_tokens'),
    { 'openai-chat': 'length', 'openai-responses': 'max_output_tokens', gemini: 'MAX_TOKENS' },
  ],
  [
    'token cap',
    'gemini',
    gemini('MAX_TOKENS'),
    { 'openai-chat': 'length', 'openai-responses': 'max_output_tokens', anthropic: 'max_tokens' },
  ],
  [
    'token cap',
    'openai-chat',
    chat('length'),
    { 'openai-responses': 'max_output_tokens', anthropic: 'max_tokens', gemini: 'MAX_TOKENS' },
  ],
  [
    'token cap',
    'openai-responses',
    responses('incomplete', 'max_output_tokens'),
    { 'openai-chat': 'length', anthropic: 'max_tokens', gemini: 'MAX_TOKENS' },
  ],
  [
    'context full',
    'anthropic',
    anthropic('model_context_window_exceeded'),
    { 'openai-chat': 'length', 'openai-responses': 'max_output_tokens', gemini: 'MAX_TOKENS' },
  ],
  [
    'tool call',
    'anthropic',
    anthropic('tool_use', [call]),
    { 'openai-chat': 'tool_calls', 'openai-responses': 'completed', gemini: 'STOP' },
  ],
  [
    'tool call',
    'gemini',
    gemini('STOP', [{ functionCall: { name: 'f' } }]),
    { 'openai-chat': 'tool_calls', 'openai-responses': 'completed', anthropic: 'tool_use' },
  ],
  [
    'tool call',
    'openai-chat',
    chat('tool_calls', toolMessage),
    { 'openai-responses': 'completed', anthropic: 'tool_use', gemini: 'STOP' },
  ],
  [
    'forced tool call',
    'openai-chat',
    chat('stop', toolMessage),
    { 'openai-responses': 'completed', anthropic: 'tool_use', gemini: 'STOP' },
  ],
  [
    'tool call',
    'openai-responses',
    responses('completed', undefined, [functionCall]),
    { 'openai-chat': 'tool_calls', anthropic: 'tool_use', gemini: 'STOP' },
  ],
  [
    'refusal',
    'anthropic',
    anthropic('refusal', []),
    { 'openai-chat': 'content_filter', 'openai-responses': 'content_filter', gemini: 'SAFETY' },
  ],
  ...['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'].map(
    (reason): [string, ChatDialect, Json, Partial<Record<ChatDialect, string>>] => [
      'filter',
      'gemini',
      gemini(reason, []),
      { 'openai-chat': 'content_filter', 'openai-responses': 'content_filter', anthropic: 'refusal' },
    ],
  ),
  [
    'filter',
    'openai-chat',
    chat('content_filter'),
    { 'openai-responses': 'content_filter', anthropic: 'refusal', gemini: 'SAFETY' },
  ],
  [
    'filter',
    'openai-responses',
    responses('incomplete', 'content_filter'),
    { 'openai-chat': 'content_filter', anthropic: 'refusal', gemini: 'SAFETY' },
  ],
  [
    'paused',
    'anthropic',
    anthropic('pause_turn'),
    { 'openai-chat': 'error', 'openai-responses': 'failed', gemini: 'error' },
  ],
  [
    'paused',
    'gemini',
    gemini('CONTINUATION'),
    { 'openai-chat': 'error', 'openai-responses': 'failed', anthropic: 'error' },
  ],
  ...[
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MALFORMED_RESPONSE',
    'LANGUAGE',
    'OTHER',
    'NO_IMAGE',
    'FINISH_REASON_UNSPECIFIED',
    'SOMETHING_NEW',
    'constructor',
  ].map((reason): [string, ChatDialect, Json, Partial<Record<ChatDialect, string>>] => [
    'failure',
    'gemini',
    gemini(reason),
    { 'openai-chat': 'error', 'openai-responses': 'failed', anthropic: 'error' },
  ]),
  ['failure', 'openai-responses', responses('failed'), { 'openai-chat': 'error', anthropic: 'error', gemini: 'error' }],
  [
    'failure',
    'openai-chat',
    chat('function_call'),
    { 'openai-responses': 'failed', anthropic: 'error', gemini: 'error' },
  ],
]

const stopOf: Record<ChatDialect, (body: Json) => unknown> = {
  'openai-chat': (body) => (body['choices'] as Json[] | undefined)?.[0]?.['finish_reason'],
  'openai-responses': (body) => (body['incomplete_details'] as Json | null | undefined)?.['reason'] ?? body['status'],
  anthropic: (body) => body['stop_reason'],
  gemini: (body) => (body['candidates'] as Json[] | undefined)?.[0]?.['finishReason'],
}

describe('stop states', () => {
  const rows = stops.flatMap(([name, from, body, gives]) =>
    Object.entries(gives).map(([to, word]) => ({ name, from, to: to as ChatDialect, body, word })),
  )
  test.each(rows)('$name: $from → $to says $word', ({ from, to, body, word }) => {
    const answer = translateResponse(from, to, body, options)
    if (word !== 'error') {
      expect(answer.status).toBe(200)
      expect(stopOf[to](answer.body)).toBe(word)
    } else {
      expect(answer.status).toBe(500)
      expect(answer.body['error']).toBeDefined()
      expect(answer.body['redeye']).toEqual({ dialect: from, answer: body })
    }
  })

  test('keep the vendor’s own word', () => {
    const { body } = translateResponse('gemini', 'openai-chat', gemini('RECITATION', []), options)
    expect(body['redeye']).toMatchObject({ dialect: 'gemini', stop: 'RECITATION' })
  })
})

describe('usage', () => {
  const usageOf = (from: ChatDialect, to: ChatDialect, body: Json) =>
    translateResponse(from, to, body, options).body[to === 'gemini' ? 'usageMetadata' : 'usage'] as Json

  test('counts cached input once, whoever counts it apart', () => {
    const usage = { input_tokens: 10, cache_creation_input_tokens: 7, cache_read_input_tokens: 5, output_tokens: 2 }
    const there = translateResponse('anthropic', 'openai-chat', { ...anthropic('end_turn'), usage }, options).body
    expect(there['usage']).toEqual({
      prompt_tokens: 22,
      completion_tokens: 2,
      total_tokens: 24,
      prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 7 },
    })
    expect(usageOf('openai-chat', 'anthropic', there)).toMatchObject(usage)
  })

  test('adds the thoughts of Gemini to the output, and takes them out again', () => {
    const usageMetadata = { promptTokenCount: 4, candidatesTokenCount: 1, thoughtsTokenCount: 12, totalTokenCount: 17 }
    const there = translateResponse('gemini', 'openai-responses', { ...gemini('STOP'), usageMetadata }, options).body
    expect(there['usage']).toMatchObject({
      output_tokens: 13,
      output_tokens_details: { reasoning_tokens: 12 },
      total_tokens: 17,
    })
    expect(usageOf('openai-responses', 'gemini', there)).toEqual(usageMetadata)
  })

  test('adds what tools put into Gemini’s prompt, and takes counts that are text', () => {
    const usageMetadata = { promptTokenCount: '4', toolUsePromptTokenCount: 6, candidatesTokenCount: '1' }
    expect(usageOf('gemini', 'openai-chat', { ...gemini('STOP'), usageMetadata })).toEqual({
      prompt_tokens: 10,
      completion_tokens: 1,
      total_tokens: 11,
    })
  })

  test('is never below 0', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } }
    expect(usageOf('openai-chat', 'anthropic', { ...chat('stop'), usage })['input_tokens']).toBe(0)
  })

  test('that is not told is unknown, not 0', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1 }
    expect(usageOf('openai-chat', 'anthropic', { ...chat('stop'), usage })).toEqual({
      input_tokens: 5,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      output_tokens: 1,
      service_tier: null,
    })
    expect(translateResponse('gemini', 'openai-chat', gemini('STOP'), options).body['usage']).toBeUndefined()
  })

  test('that no other vendor has goes along', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { audio_tokens: 3 }, x: { y: 1 } }
    const { body } = translateResponse('openai-chat', 'gemini', { ...chat('stop'), usage }, options)
    expect(body['redeye']).toEqual({
      dialect: 'openai-chat',
      stop: 'stop',
      rest: { 'usage.prompt_tokens_details.audio_tokens': 3, 'usage.x': { y: 1 } },
    })
  })
})

test('arguments with numbers that a double does not hold come through to the digit', () => {
  const args = '{"id":12345678901234567890,"x":1e400}'
  const message = {
    role: 'assistant',
    content: null,
    tool_calls: [{ ...toolCall, function: { name: 'f', arguments: args } }],
  }
  const there = JSON.stringify(translateResponse('openai-chat', 'anthropic', chat('tool_calls', message), options).body)
  expect(there).toContain(`"input":${args}`)
  const back = JSON.stringify(translateResponse('anthropic', 'openai-chat', there, options).body)
  expect(back).toContain(`"arguments":${JSON.stringify(args)}`)
})

test('arguments that are no JSON do not become an answer of a dialect that has objects', () => {
  const message = {
    role: 'assistant',
    content: null,
    tool_calls: [{ ...toolCall, function: { name: 'f', arguments: '{"a":' } }],
  }
  const answer = translateResponse('openai-chat', 'anthropic', chat('tool_calls', message), options)
  expect(answer).toMatchObject({ status: 500, body: { error: { details: { error_code: 'untranslatable_answer' } } } })
  expect(translateResponse('openai-chat', 'openai-responses', chat('tool_calls', message), options).status).toBe(200)
})

test.each([
  'null',
  '[]',
  '"x"',
  '7',
  '{}',
  '{"choices":null}',
  '{"choices":[null]}',
  '{"candidates":[null],"content":[null],"output":[null]}',
])('an answer %s is a failure, never a crash', (text) => {
  for (const from of Object.keys(models) as ChatDialect[])
    for (const to of Object.keys(models) as ChatDialect[]) {
      if (from === to) continue
      const answer = translateResponse(from, to, text, options)
      if (to === 'openai-responses') expect(answer.body['status']).toBe('failed')
      else expect(answer.status).toBe(500)
    }
})
