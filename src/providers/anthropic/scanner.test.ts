import { describe, expect, test } from 'vitest'
import { outcomes, reasons } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { scanRow } from './scanner.ts'

const blank = (): ScannedRow => ({
  idStart: 7,
  idEnd: 7,
  outcome: 99,
  reason: 99,
  input: 99,
  cachedInput: 99,
  cacheWrite: 99,
  cacheWrite5m: 99,
  cacheWrite1h: 99,
  output: 99,
  webSearches: 99,
  resident: true,
  model: 'stale',
  tier: 'stale',
  billed: true,
})

/** The row in words, or undefined when it is none. Scanned out of the middle of a block, as it is in life. */
function scanned(value: unknown) {
  const line = typeof value === 'string' ? value : JSON.stringify(value)
  const before = '{"custom_id":"somebody else"}\n'
  const bytes = Buffer.from(`${before}${line}\n{"custom_id":"the next"}`)
  const row = blank()
  if (!scanRow(bytes, before.length, before.length + Buffer.byteLength(line), row)) return undefined
  const { idStart, idEnd, outcome, reason, ...rest } = row
  const id = idStart < 0 ? null : bytes.toString('utf8', idStart, idEnd)
  return { id, outcome: outcomes[outcome], reason: reasons[reason]?.name, ...rest }
}

const message = (usage: object | undefined, more: object = {}) => ({
  id: 'msg_1',
  type: 'message',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: '{"custom_id":"an echo","result":{"type":"expired"}} \\" \u2028' }],
  stop_reason: 'end_turn',
  ...(usage === undefined ? {} : { usage }),
  ...more,
})
const succeeded = (usage: object | undefined, more: object = {}) => ({
  custom_id: 'k-0000001',
  result: { type: 'succeeded', message: message(usage, more) },
})
const errored = (type: string) => ({
  custom_id: 'k-0000001',
  result: { type: 'errored', error: { type: 'error', error: { type, message: 'no' }, request_id: null } },
})

const nothing = { input: 0, cachedInput: 0, cacheWrite: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, webSearches: 0 }
const usage = {
  input_tokens: 10,
  cache_creation_input_tokens: 70,
  cache_read_input_tokens: 5,
  cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 40 },
  output_tokens: 7,
  output_tokens_details: { thinking_tokens: 3 },
  server_tool_use: { web_search_requests: 2, web_fetch_requests: 4 },
  service_tier: 'batch',
  inference_geo: 'us',
}

describe('A row with an answer', () => {
  test('tells its tokens by kind, and where it ran', () => {
    expect(scanned(succeeded(usage))).toEqual({
      id: 'k-0000001',
      outcome: 'succeeded',
      reason: 'none',
      input: 10,
      cachedInput: 5,
      cacheWrite: 0,
      cacheWrite5m: 30,
      cacheWrite1h: 40,
      output: 7,
      webSearches: 2,
      resident: true,
      model: 'claude-haiku-4-5-20251001',
      tier: 'batch',
      billed: true,
    })
  })

  test('whose usage gives only the sum of cache writes has written the five-minute kind', () => {
    expect(scanned(succeeded({ input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 9 }))).toMatchObject({
      cacheWrite5m: 9,
      cacheWrite1h: 0,
      resident: false,
      tier: '',
    })
  })

  test('is found whatever the order of its members', () => {
    const { custom_id, result } = succeeded(usage)
    expect(scanned({ result: { message: result.message, type: result.type }, custom_id })).toMatchObject({
      id: 'k-0000001',
      outcome: 'succeeded',
      input: 10,
    })
  })

  test.each([
    ['max_tokens', 'truncated'],
    ['model_context_window_exceeded', 'context_full'],
  ])('that was cut off by %s says so, and is paid', (why, reason) => {
    expect(scanned(succeeded(usage, { stop_reason: why }))).toMatchObject({
      outcome: 'succeeded',
      reason,
      billed: true,
    })
  })

  test('is not billed without usage', () => {
    expect(scanned(succeeded(undefined))).toMatchObject({ outcome: 'succeeded', billed: false, ...nothing })
  })
})

describe('A row without one', () => {
  test.each([
    ['invalid_request_error', 'request_rejected'],
    ['not_found_error', 'request_rejected'],
    ['rate_limit_error', 'rate_limited'],
    ['timeout_error', 'request_timeout'],
    ['api_error', 'vendor_error'],
    ['overloaded_error', 'vendor_error'],
    ['a_new_error', 'vendor_error'],
  ])('that failed by %s is %s, by its inner error', (type, reason) => {
    expect(scanned(errored(type))).toMatchObject({ outcome: 'failed', reason, billed: false, ...nothing })
  })

  test.each([
    ['expired', 'expired', 'batch_expired'],
    ['canceled', 'cancelled', 'batch_cancelled'],
    ['of_tomorrow', 'failed', 'vendor_error'],
  ])('of type %s is %s', (type, outcome, reason) => {
    expect(scanned({ custom_id: 'k', result: { type } })).toMatchObject({ id: 'k', outcome, reason, billed: false })
  })

  test.each([
    { custom_id: 'k', result: null },
    { custom_id: 'k', result: { type: 'succeeded', message: null } },
    { custom_id: 'k' },
  ])('%j failed at the vendor', (line) => {
    expect(scanned(line)).toMatchObject({ outcome: 'failed', reason: 'vendor_error', billed: false })
  })

  test('and without an id says so', () => {
    expect(scanned({ ...succeeded(usage), custom_id: null })).toMatchObject({ id: null, billed: true })
  })
})

test.each(['', '[]', '"text"', '{"custom_id":"k","result":{"type":"succ', '{"custom_id":"k"} x'])(
  '%j is no row',
  (line) => {
    expect(scanned(line)).toBeUndefined()
  },
)
