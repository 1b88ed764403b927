import { describe, expect, test } from 'vitest'
import { dialectOf } from './dialect-of.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'

const urls = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/moderations', 'constructor']

test('each endpoint has its dialect, and one that is not known passes', () => {
  expect(urls.map((url) => dialectOf(url).name)).toEqual([
    'openai-chat',
    'openai-responses',
    'openai-embeddings',
    'openai',
    'openai',
  ])
})

describe.each(urls)('%s', (url) => {
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
