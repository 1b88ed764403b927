import { describe, expect, test } from 'vitest'
import { refusalOf } from '../file-lane/wire.ts'
import { envelopeOf, pageOf, remoteOf, rowOf, wire } from './wire.ts'

const key = 'abcdefghijklmnopqrst'
const now = Date.parse('2026-11-24T12:00:00Z')
const state = { num_requests: 4, num_pending: 0, num_success: 3, num_error: 1, num_cancelled: 0 }
/** A batch as the API reference shows one, with what differs put over it. */
const batch = (over: object = {}) => ({
  batch_id: 'batch_123',
  name: `${key}-4`,
  create_time: '2026-11-24T08:00:00Z',
  expire_time: '2026-12-24T08:00:00Z',
  cancel_time: null,
  cancel_by_xai_message: null,
  input_file_id: 'file_123',
  state,
  ...over,
})
const read = (over: object) => remoteOf(batch(over), now)

describe('A batch at xAI', () => {
  test('has ended when as many requests as were bought have come to something', () => {
    expect(read({})).toEqual({
      id: 'batch_123',
      state: 'ended',
      vendorState: 'done',
      key,
      fileId: 'file_123',
      createdAt: Date.parse('2026-11-24T08:00:00Z'),
      counts: { total: 4, completed: 3, failed: 1 },
      files: [{ id: 'batch_123', role: 'output' }],
    })
  })

  test('has not ended while its file is being read, though nothing is pending', () => {
    expect(read({ state: { ...state, num_requests: 0, num_success: 0, num_error: 0 } })).toMatchObject({
      state: 'open',
      vendorState: 'validating',
      files: [],
    })
    expect(read({ state: { ...state, num_requests: 3, num_success: 2 } })).toMatchObject({ state: 'open', files: [] })
    expect(read({ state: null })).toMatchObject({ state: 'open', counts: null })
  })

  test('has not ended while something is pending', () => {
    expect(read({ state: { ...state, num_pending: 1, num_success: 2 } })).toMatchObject({ state: 'open' })
  })

  test('of somebody else has no key of ours', () => {
    for (const name of ['ai-sdk-text-batch', key, '', null]) expect(read({ name })?.key).toBeNull()
  })

  test('that was cancelled has ended when nothing of it is pending', () => {
    const cancel_time = '2026-11-24T09:00:00Z'
    expect(read({ cancel_time, state: { ...state, num_pending: 2 } })).toMatchObject({ state: 'cancelling', files: [] })
    expect(read({ cancel_time, state: { ...state, num_requests: 2, num_error: 0, num_success: 1 } })).toMatchObject({
      state: 'ended',
      rest: 'cancelled',
      counts: { completed: 1, failed: 0 },
      files: [{ id: 'batch_123' }],
    })
  })

  test('that xAI gave up before it ran is refused; one that had run is harvested', () => {
    const given = { cancel_time: '2026-11-24T09:00:00Z', cancel_by_xai_message: 'Line 3 is no JSON.' }
    const nothing = { num_requests: 0, num_pending: 0, num_success: 0, num_error: 0, num_cancelled: 0 }
    expect(read({ ...given, state: nothing })).toMatchObject({
      state: 'refused',
      refusal: { kind: 'whole', message: 'Line 3 is no JSON.' },
    })
    expect(read(given)).toMatchObject({ state: 'ended', rest: 'cancelled' })
  })

  test('whose time is up has ended with what it has', () => {
    const pending = { state: { ...state, num_pending: 2, num_success: 1 } }
    expect(read({ ...pending, expire_time: '2026-11-24T11:00:00Z' })).toMatchObject({ state: 'ended', rest: 'expired' })
    expect(read({ ...pending, expire_time: '2026-11-24' })).toMatchObject({ state: 'open' }) // some time today
    expect(read({ ...pending, expire_time: '2026-11-23' })).toMatchObject({ state: 'ended', rest: 'expired' })
  })

  test('that tells a day and no hour was made no earlier than its end: lists are read far enough', () => {
    expect(read({ create_time: '2026-11-24' })?.createdAt).toBe(Date.parse('2026-11-24T23:59:59.999Z'))
  })

  test.each([null, 'text', [], {}, { id: 'x' }, { error: 'no' }])('is not made of %j', (value) => {
    expect(remoteOf(value, now)).toBeUndefined()
  })

  test('is bought by its file, and named by our key and the number of its rows', () => {
    const prepared = { fileId: 'f', key, endpoint: '/v1/chat/completions', model: 'grok-4.3', rows: 4 }
    expect(wire.createBody(prepared)).toEqual({ name: `${key}-4`, input_file_id: 'f' })
  })
})

test('a list of xAI is read by its tokens', () => {
  expect(pageOf({ batches: [batch()], pagination_token: 'next/page' }, 'submissions')).toMatchObject({
    token: 'next/page',
    more: true,
  })
  expect(pageOf({ batches: [batch()], pagination_token: null }, 'submissions')).toMatchObject({ more: false })
  expect(pageOf({ data: [], pagination_token: '' }, 'files')).toEqual({ data: [], more: false })
  expect(pageOf({}, 'submissions')).toEqual({ data: [], more: false })
  for (const none of [null, 'x', { error: 'no' }, { data: [] }]) expect(pageOf(none, 'submissions')).toBeUndefined()
  expect(wire.pageQuery('submissions', { page: 1, last: 'b', token: 'next/page' })).toBe(
    '?limit=100&pagination_token=next%2Fpage',
  )
})

describe('A result of xAI', () => {
  const chat = { id: 'response_123', choices: [], usage: { prompt_tokens: 10 } }
  const result = (batch_result: object, more: object = {}) => ({
    batch_request_id: `${key}-0000001`,
    batch_result,
    ...more,
  })

  test('that says all is well is a row with its answer', () => {
    const row = {
      custom_id: `${key}-0000001`,
      response: { status_code: 200, request_id: 'response_123', body: chat },
      error: null,
    }
    const response = { chat_get_completion: chat }
    expect(rowOf(result({ response, error: { code: 0, message: '' } }))).toEqual(row)
    expect(rowOf(result({ response }))).toEqual(row)
  })

  test.each([
    [{ error: { code: 1, message: 'Cancelled.' } }, {}, 'batch_cancelled'],
    [{ error: { code: 3, message: 'Invalid request.' } }, { error_message: 'Invalid request.' }, 'invalid_argument'],
    [{ error: { code: '8', message: 'Slow.' } }, {}, 'rate_limit_exceeded'],
    [{ error: { code: 99, message: 'What?' } }, {}, '99'],
    [{}, { error_message: 'Nothing.' }, 'server_error'],
    [{ response: { chat_get_completion: { error: 'Model overloaded.', code: 'overloaded' } } }, {}, 'overloaded'],
    [{ response: {} }, {}, 'server_error'],
  ])('that says %j is a row with an error', (said, more, code) => {
    expect(rowOf(result(said, more))).toMatchObject({ response: null, error: { code, message: expect.any(String) } })
  })
})

test('a call that xAI refuses is told in two ways', () => {
  const kindOf = (status: number, body: unknown) =>
    refusalOf({ status, retryAfterMs: undefined }, envelopeOf(body))?.kind
  expect(kindOf(400, { code: 'Client specified an invalid argument', error: 'Incorrect API key provided' })).toBe(
    'credentials',
  )
  expect(kindOf(401, { code: 'unauthenticated', error: 'No key.' })).toBe('credentials')
  expect(kindOf(429, { error: { message: 'Too fast.', type: 'x', param: null, code: null } })).toBe('rate')
  for (const body of [undefined, 'no', {}, { message: 'no' }]) expect(kindOf(400, body)).toBeUndefined()
})
