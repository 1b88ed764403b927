import { describe, expect, test } from 'vitest'
import { dialectOf } from './dialect-of.ts'
import { dialects, endpointOf } from './dialects.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'
import type { DialectName } from './translation.ts'

const urls = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/moderations', 'constructor']
const others = ['/v1/messages', ':generateContent', '/v1beta/models/gemini-3.5-flash:generateContent', ':embedContent']

test('each endpoint has its dialect, and one that is not known passes', () => {
  expect(urls.map((url) => dialectOf(url).name)).toEqual([
    'openai-chat',
    'openai-responses',
    'openai-embeddings',
    'openai',
    'openai',
  ])
  expect(others.map((url) => dialectOf(url).name)).toEqual(['anthropic', 'gemini', 'gemini', 'gemini-embeddings'])
})

test('the endpoint of a dialect leads back to it', () => {
  for (const name of Object.keys(dialects) as DialectName[]) {
    expect(dialects[name].name).toBe(name)
    expect(dialectOf(endpointOf(name)).name).toBe(name)
  }
})

test('abilities tell what a dialect can say', () => {
  expect(dialects.anthropic.abilities).toMatchObject({ wantsMaxOutput: true, jsonMode: false, imageUrls: true })
  expect(dialects.gemini.abilities).toMatchObject({ modelInBody: false, stopMax: 5, imageUrls: false, video: true })
  expect(dialects['openai-responses'].abilities).toMatchObject({ stopMax: 0, documentUrls: true })
  expect(dialects['openai-chat'].abilities.settings).toContain('bias')
  expect(dialects.anthropic.abilities.settings).not.toContain('seed')
})

describe('rows', () => {
  const text = (row: Uint8Array) => Buffer.from(row).toString()
  const error = { type: 'error', error: { type: 'invalid_request_error', message: 'M' }, request_id: null }

  test('of Anthropic nest their errors twice, and know expired and cancelled ones', () => {
    const { errorRow, answerRow } = dialects.anthropic
    expect(text(errorRow('"a"', 'batch_expired', 'x'))).toBe('{"custom_id":"a","result":{"type":"expired"}}')
    expect(text(errorRow('"a"', 'batch_cancelled', 'x'))).toBe('{"custom_id":"a","result":{"type":"canceled"}}')
    expect(JSON.parse(text(errorRow('"a"', 'missing', 'No answer.')))).toMatchObject({
      result: { type: 'errored', error: { error: { message: 'No answer.', details: { error_code: 'missing' } } } },
    })
    expect(JSON.parse(text(answerRow('"a"', 400, error)))).toEqual({
      custom_id: 'a',
      result: { type: 'errored', error },
    })
    expect(text(answerRow('"a"', 200, { id: 'm' }))).toBe(
      '{"custom_id":"a","result":{"type":"succeeded","message":{"id":"m"}}}',
    )
  })

  test('of Gemini hold the inner error with the code of the RPC', () => {
    const { errorRow, answerRow } = dialects.gemini
    expect(JSON.parse(text(errorRow('"a"', 'batch_expired', 'Late.')))).toMatchObject({
      key: 'a',
      error: { code: 4, message: 'Late.', details: [{ reason: 'batch_expired' }] },
    })
    expect(JSON.parse(text(errorRow('"a"', 'batch_cancelled', 'x')))).toMatchObject({ error: { code: 1 } })
    expect(JSON.parse(text(errorRow('"a"', 'missing', 'x')))).toMatchObject({ error: { code: 13 } })
    const body = { error: { code: 429, message: 'M', status: 'RESOURCE_EXHAUSTED' }, redeye: { dialect: 'anthropic' } }
    expect(text(answerRow('"a"', 429, body))).toBe(
      '{"key":"a","error":{"code":8,"message":"M","redeye":{"dialect":"anthropic"}}}',
    )
    expect(text(answerRow('"a"', 200, { candidates: [] }))).toBe('{"key":"a","response":{"candidates":[]}}')
  })

  test('of OpenAI hold answers and HTTP errors in `response`', () => {
    const { answerRow } = dialects['openai-chat']
    expect(JSON.parse(text(answerRow('"a"', 400, { error: { message: 'M' } })))).toMatchObject({
      custom_id: 'a',
      response: { status_code: 400, body: { error: { message: 'M' } } },
      error: null,
    })
  })
})

test('an Anthropic answer is all its text, and says when it was cut off or refused', () => {
  const { answerText } = dialects.anthropic
  const content = [
    { type: 'thinking', thinking: 't' },
    { type: 'text', text: 'Li' },
    { type: 'text', text: 'ma' },
  ]
  expect(answerText({ content, stop_reason: 'end_turn' })).toEqual({ text: 'Lima', refusal: null, truncated: false })
  expect(answerText({ content, stop_reason: 'max_tokens' })).toMatchObject({ truncated: true })
  expect(answerText({ content: [], stop_reason: 'refusal', stop_details: { explanation: 'No.' } })).toEqual({
    text: null,
    refusal: 'No.',
    truncated: false,
  })
  expect(answerText({ content: [], stop_reason: 'refusal' })).toMatchObject({ refusal: 'refusal' })
})

test('a Gemini answer is the text of its first candidate, thoughts aside', () => {
  const { answerText } = dialects.gemini
  const parts = [{ text: 't', thought: true }, { text: 'Li' }, { text: 'ma' }]
  expect(answerText({ candidates: [{ content: { parts }, finishReason: 'STOP' }] })).toEqual({
    text: 'Lima',
    refusal: null,
    truncated: false,
  })
  expect(answerText({ candidates: [{ content: {}, finishReason: 'SAFETY' }] })).toMatchObject({
    text: null,
    refusal: 'SAFETY',
  })
  expect(answerText({ candidates: [{ content: { parts }, finishReason: 'MAX_TOKENS' }] })).toMatchObject({
    truncated: true,
  })
  expect(answerText({ promptFeedback: { blockReason: 'OTHER' } })).toEqual({
    text: null,
    refusal: 'OTHER',
    truncated: false,
  })
})

describe.each([...urls, ...others])('%s', (url) => {
  test.each([
    [undefined],
    [null],
    ['<html>'],
    [[]],
    [{}],
    [{ choices: [], output: [] }],
    [{ choices: [null], output: [null] }],
    [{ choices: 'x', output: 'x' }],
  ])('reads no answer out of %j', (body) =>
    expect(dialectOf(url).answerText(body)).toEqual({ text: null, refusal: null, truncated: false }),
  )
})

describe.each(urls)('%s', (url) => {
  test('writes an error row around the id as the user wrote it', () => {
    const row = dialectOf(url).errorRow(Buffer.from('"a\\n\\u00e9"'), 'missing', 'No answer for "it".')
    expect(Buffer.from(row).toString()).toBe(
      '{"id":"batch_req_redeye","custom_id":"a\\n\\u00e9","response":null,"error":{"code":"missing","message":"No answer for \\"it\\"."}}',
    )
    expect(dialectOf(url).errorRow('"a\\n\\u00e9"', 'missing', 'No answer for "it".')).toEqual(row)
  })
})

describe('a chat answer', () => {
  test('is the content of the first choice', () => {
    expect(answer({ content: 'Lima', refusal: null })).toEqual({ text: 'Lima', refusal: null, truncated: false })
    expect(answer({ content: '' })).toEqual({ text: '', refusal: null, truncated: false })
  })

  test('that was cut off, refused, filtered or is a call of a tool says so', () => {
    expect(answer({ content: 'Li' }, 'length')).toEqual({ text: 'Li', refusal: null, truncated: true })
    expect(answer({ content: null, refusal: 'I cannot.' })).toEqual({
      text: null,
      refusal: 'I cannot.',
      truncated: false,
    })
    expect(answer({ content: 'L' }, 'content_filter')).toEqual({
      text: 'L',
      refusal: 'content_filter',
      truncated: false,
    })
    expect(answer({ content: null, tool_calls: [{}] }, 'tool_calls')).toEqual({
      text: null,
      refusal: null,
      truncated: false,
    })
  })
})

describe('a responses answer', () => {
  test('is the text of all messages, reasoning aside', () => {
    const output = [{ type: 'reasoning', summary: [] }, message(words('Li'), words('ma')), message(words('.'))]
    expect(openaiResponses.answerText({ status: 'completed', output })).toEqual({
      text: 'Lima.',
      refusal: null,
      truncated: false,
    })
  })

  test('that was cut off, refused or filtered says so', () => {
    expect(openaiResponses.answerText({ ...incomplete('max_output_tokens'), output: [message(words('Li'))] })).toEqual({
      text: 'Li',
      refusal: null,
      truncated: true,
    })
    expect(openaiResponses.answerText({ ...incomplete('content_filter'), output: [] })).toEqual({
      text: null,
      refusal: 'content_filter',
      truncated: false,
    })
    expect(openaiResponses.answerText({ output: [message({ type: 'refusal', refusal: 'I cannot.' })] })).toEqual({
      text: null,
      refusal: 'I cannot.',
      truncated: false,
    })
  })
})

const answer = (message: object, finish_reason = 'stop') =>
  openaiChat.answerText({ choices: [{ index: 0, message, finish_reason }] })
const message = (...content: object[]) => ({ type: 'message', role: 'assistant', content })
const words = (text: string) => ({ type: 'output_text', text, annotations: [] })
const incomplete = (reason: string) => ({ status: 'incomplete', incomplete_details: { reason } })
