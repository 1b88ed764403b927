import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { outcomes, reasons } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { scanRow } from './scanner.ts'

const folder = new URL('__fixtures__/', import.meta.url)
const linesOf = (name: string) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n')

/** The row in words, or undefined when it is none. Scanned out of the middle of a block, as it is in life. */
function scanned(value: unknown) {
  const line = typeof value === 'string' ? value : JSON.stringify(value)
  const before = '{"custom_id":"somebody else","request":{"labels":{"redeye":"too"}}}\n'
  const bytes = Buffer.from(`${before}${line}\n{"custom_id":"the next"}`)
  const row = { idStart: 7, idEnd: 7, outcome: 99, reason: 99, input: 99, model: 'stale', billed: true } as ScannedRow
  if (!scanRow(bytes, before.length, before.length + Buffer.byteLength(line), row)) return undefined
  const { idStart, idEnd, outcome, reason, ...rest } = row
  const id = idStart < 0 ? null : bytes.toString('utf8', idStart, idEnd)
  return { id, outcome: outcomes[outcome], reason: reasons[reason]?.name, ...rest }
}

const usageMetadata = {
  promptTokenCount: 100,
  cachedContentTokenCount: 30,
  candidatesTokenCount: 20,
  thoughtsTokenCount: 5,
  totalTokenCount: 125,
}
const candidate = (finishReason = 'STOP') => ({ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason })
const gemini = (more: object = {}) => ({
  status: '',
  processed_time: '2026-11-23T10:10:00Z',
  request: { labels: { team: 'a', redeye: 'key-0000001' }, contents: [] },
  response: { candidates: [candidate()], usageMetadata, modelVersion: 'gemini-3.5-flash' },
  ...more,
})
const message = (more: object = {}) => ({
  custom_id: 'key-0000002',
  request: { messages: [] },
  response: {
    type: 'message',
    model: 'claude-sonnet-4-6',
    content: [{ type: 'text', text: 'x' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 2 },
  },
  status: '',
  ...more,
})

describe('A row of Gemini', () => {
  test('is known by the label of its request; tokens are counted once each', () => {
    expect(scanned(gemini())).toMatchObject({
      id: 'key-0000001',
      outcome: 'succeeded',
      reason: 'none',
      input: 70,
      cachedInput: 30,
      output: 25,
      model: 'gemini-3.5-flash',
      tier: '',
      billed: true,
    })
  })

  test('of the vendor is read as it stands in its files', () => {
    expect(linesOf('predictions.jsonl').map(scanned)).toMatchObject([
      { id: null, outcome: 'succeeded', input: 4, output: 1, billed: true },
      { id: null, outcome: 'succeeded', input: 6, output: 1, billed: true },
      { id: null, outcome: 'failed', reason: 'request_rejected', input: 0, billed: false },
    ])
  })

  test('is read in any order of its members, whatever it echoes', () => {
    const { status, request, response } = gemini()
    const echo = { tools: [{ labels: { redeye: 'an echo' } }], custom_id: 'no', status: 'no', ...request }
    expect(scanned({ response, request: echo, custom: { redeye: 'no' }, status })).toMatchObject({
      id: 'key-0000001',
      outcome: 'succeeded',
    })
  })

  test('whose prompt was blocked is an answer, and costs its prompt', () => {
    const response = { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 8 } }
    expect(scanned(gemini({ response }))).toMatchObject({ outcome: 'succeeded', input: 8, output: 0, billed: true })
  })

  test('that was cut off by its output limit says so', () => {
    const response = { candidates: [candidate('MAX_TOKENS'), candidate()], usageMetadata }
    expect(scanned(gemini({ response }))).toMatchObject({ outcome: 'succeeded', reason: 'truncated' })
  })

  test('that failed and was counted is charged all the same', () => {
    expect(scanned(gemini({ status: 'Internal Server Error: broken off' }))).toMatchObject({
      outcome: 'failed',
      reason: 'vendor_error',
      input: 70,
      billed: true,
    })
  })

  test('without labels has no id, and with an empty response no answer', () => {
    expect(scanned(gemini({ request: { contents: [] } }))?.id).toBe(null)
    expect(scanned(gemini({ response: {} }))).toMatchObject({
      outcome: 'failed',
      reason: 'vendor_error',
      billed: false,
    })
  })

  test.each([
    ['Bad Request: {"error": {"code": 400, "message": "x", "status": "INVALID_ARGUMENT"}}', 'request_rejected'],
    ['Too Many Requests: {"error": {"code": 429, "message": "quota"}}', 'rate_limited'],
    ['Gateway Timeout: {"error": {"code": 504}}', 'request_timeout'],
    ['Internal Server Error: {"error": {"code": 500}}', 'vendor_error'],
    ['{"code": 8, "message": "Resource has been exhausted"}', 'rate_limited'],
    ['Bad Request: something else', 'request_rejected'],
    ['Resource exhausted: RESOURCE_EXHAUSTED', 'rate_limited'],
    ['A word that nobody knows', 'vendor_error'],
    [{ code: 3, message: 'x' }, 'request_rejected'],
    [{ error: { code: 503 } }, 'vendor_error'],
  ])('with the status %j failed for a reason: %s', (status, reason) => {
    expect(scanned(gemini({ status, response: {} }))).toMatchObject({ outcome: 'failed', reason })
  })

  test.each([null, undefined])('with the status %s did not fail', (status) => {
    expect(scanned(gemini({ status }))).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('A row of Claude', () => {
  test('has an id of its own and the counts of a message', () => {
    expect(scanned(message())).toMatchObject({
      id: 'key-0000002',
      outcome: 'succeeded',
      reason: 'none',
      input: 10,
      cachedInput: 4,
      output: 2,
      model: 'claude-sonnet-4-6',
      billed: true,
    })
  })

  test('of the vendor is read as it stands in its files', () => {
    expect(linesOf('claude.predictions.jsonl').map(scanned)).toMatchObject([
      { id: 'item-1', outcome: 'succeeded', input: 10, output: 2, billed: true },
      { id: 'item-2', outcome: 'failed', reason: 'request_rejected', input: 0, billed: false },
    ])
  })

  test('whose response is an error is no answer', () => {
    const response = { type: 'error', error: { type: 'overloaded_error', message: 'x' } }
    expect(scanned(message({ response, status: '' }))).toMatchObject({ outcome: 'failed', billed: false })
  })
})

test.each(['', '[]', '{"status":""', '{"request":{}} more', 'null'])('%j is no row', (line) => {
  expect(scanned(line)).toBeUndefined()
})
