import { describe, expect, test } from 'vitest'
import { envelopeOf, pageOf, refusalOf, remoteOf, requestsHead, requestsTail, rowFrame } from './wire.ts'

const batch = (more: object = {}) => ({
  id: 'msgbatch_1',
  type: 'message_batch',
  processing_status: 'in_progress',
  request_counts: { processing: 5, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
  created_at: '2026-11-24T08:00:00.123456Z',
  results_url: null,
  ...more,
})
const answer = (status: number, json: unknown, retryAfterMs?: number) => ({ status, json, retryAfterMs })
const error = (type: string, message: string, details?: object) => ({
  type: 'error',
  error: { type, message, ...(details && { details }) },
  request_id: 'req_1',
})

describe('A batch', () => {
  test.each([
    ['in_progress', 'open'],
    ['canceling', 'cancelling'],
    ['ended', 'ended'],
    ['paused', 'unknown'],
  ])('that is %s is %s', (word, state) => {
    expect(remoteOf(batch({ processing_status: word }))).toMatchObject({ state, vendorState: word, key: null })
  })

  test('counts every request once; all but the succeeded have a row that is no answer', () => {
    const request_counts = { processing: 0, succeeded: 6, errored: 1, canceled: 2, expired: 3 }
    expect(remoteOf(batch({ request_counts }))?.counts).toEqual({ total: 12, completed: 6, failed: 6 })
  })

  test('has results when it has ended and names them; where is not asked', () => {
    const results_url = 'https://elsewhere.example/steal'
    expect(remoteOf(batch({ results_url }))?.files).toEqual([])
    expect(remoteOf(batch({ processing_status: 'ended', results_url }))?.files).toEqual([
      { id: 'msgbatch_1', role: 'output' },
    ])
    expect(remoteOf(batch({ processing_status: 'ended' }))?.files).toEqual([])
  })

  test.each(['2026-11-24T08:00:00.123456Z', '2026-11-24T08:00:00.123456+00:00'])('was created at %s', (created_at) => {
    expect(remoteOf(batch({ created_at }))?.createdAt).toBe(Date.parse('2026-11-24T08:00:00.123Z'))
  })

  test.each([null, [], {}, { id: 'x' }, '<html>'])('is not %j', (value) => {
    expect(remoteOf(value)).toBeUndefined()
  })
})

test('a page ends where the vendor says so, or where nothing is on it', () => {
  expect(pageOf({ data: [batch()], has_more: true, last_id: 'a' })).toMatchObject({ more: true, last: 'a' })
  expect(pageOf({ data: [batch()] })).toMatchObject({ more: false })
  expect(pageOf({ data: [], has_more: true, last_id: null })).toMatchObject({ more: false, last: null })
  expect(pageOf({ error: {} })).toBeUndefined()
})

describe('A refusal', () => {
  test.each([
    [429, error('rate_limit_error', 'slow'), 'rate'],
    [429, error('rate_limit_error', 'over', { error_code: 'enforced_spend_limit_reached' }), 'billing'],
    [402, error('billing_error', 'pay'), 'billing'],
    [400, error('invalid_request_error', 'You have reached your specified API usage limits.'), 'billing'],
    [400, error('invalid_request_error', 'Your credit balance is too low'), 'billing'],
    [400, error('invalid_request_error', 'requests.0.custom_id: bad'), 'whole'],
    [401, error('authentication_error', 'key'), 'credentials'],
    [403, error('permission_error', 'no'), 'credentials'],
    [404, error('not_found_error', 'Not found'), 'unavailable'],
    [413, error('request_too_large', 'large'), 'too_large'],
    [413, undefined, 'too_large'],
  ])('%i %j is %s', (status, json, kind) => {
    expect(refusalOf(answer(status, json))).toMatchObject({ kind })
  })

  test.each([
    [408, error('timeout', 'x')],
    [409, error('conflict_error', 'x')],
    [500, error('api_error', 'x')],
    [504, error('timeout_error', 'x')],
    [529, error('overloaded_error', 'x')],
    [400, undefined],
    [400, { message: 'a gateway' }],
    [200, batch()],
  ])('is not %i %j', (status, json) => {
    expect(refusalOf(answer(status, json))).toBeUndefined()
  })

  test('tells how long to wait', () => {
    expect(refusalOf(answer(429, error('rate_limit_error', 'slow'), 3000))?.retryAfterMs).toBe(3000)
  })
})

test('an envelope is one level deep in a call', () => {
  expect(envelopeOf(error('api_error', 'x', { error_code: 'y' }))).toEqual({
    type: 'api_error',
    message: 'x',
    code: 'y',
  })
  expect(envelopeOf({ error: 'x' })).toBeUndefined()
})

test('rows framed one behind the other are the body of a purchase', () => {
  const { beforeId, afterId, afterBody } = rowFrame()
  const row = (id: string) => Buffer.concat([beforeId, Buffer.from(id), afterId, Buffer.from('{"n":1}'), afterBody])
  const rows = Buffer.concat([row('a'), row('b')])
  const body = Buffer.concat([requestsHead, rows.subarray(1), requestsTail]).toString()
  expect(JSON.parse(body)).toEqual({
    requests: [
      { custom_id: 'a', params: { n: 1 } },
      { custom_id: 'b', params: { n: 1 } },
    ],
  })
})
