import { describe, expect, test } from 'vitest'
import { refusalOf } from '../file-lane/wire.ts'
import { envelopeOf, pageOf, remoteOf, wire } from './wire.ts'

/** A job as the API reference shows one, with what differs between its states put over it. */
const job = (over: object = {}) => ({
  id: '4017dc9f-b629-42f4-9700-8c681b9e7f0f',
  object: 'batch',
  input_files: ['fe3343a2-3b8d-404b-ba32-a78dede2614a'],
  metadata: { redeye: 'abcdefghijklmnopqrst' },
  endpoint: '/v1/chat/completions',
  model: 'mistral-small-latest',
  agent_id: null,
  output_file: null,
  error_file: null,
  errors: [],
  status: 'RUNNING',
  created_at: 1_795_348_800,
  total_requests: 4,
  completed_requests: 3,
  succeeded_requests: 2,
  failed_requests: 1,
  started_at: 1_795_348_805,
  completed_at: null,
  ...over,
})

describe('A job at Mistral', () => {
  test.each([
    ['QUEUED', 'open'],
    ['RUNNING', 'open'],
    ['CANCELLATION_REQUESTED', 'cancelling'],
    ['SUCCESS', 'ended'],
    ['TIMEOUT_EXCEEDED', 'ended'],
    ['CANCELLED', 'ended'],
    ['PAUSED', 'unknown'],
    ['success', 'unknown'],
  ])('that is %s is %s to us', (status, state) => {
    expect(remoteOf(job({ status }))).toMatchObject({ state, vendorState: status })
  })

  test('is ours by its metadata and its input file, and counts what came of its rows', () => {
    expect(remoteOf(job({ status: 'SUCCESS', output_file: 'out', error_file: 'err' }))).toEqual({
      id: '4017dc9f-b629-42f4-9700-8c681b9e7f0f',
      state: 'ended',
      vendorState: 'SUCCESS',
      key: 'abcdefghijklmnopqrst',
      fileId: 'fe3343a2-3b8d-404b-ba32-a78dede2614a',
      createdAt: 1_795_348_800_000,
      counts: { total: 4, completed: 2, failed: 1 },
      files: [
        { id: 'out', role: 'output' },
        { id: 'err', role: 'error' },
      ],
    })
  })

  test('that was cut short says what became of the rows it did not run', () => {
    expect(remoteOf(job({ status: 'TIMEOUT_EXCEEDED', output_file: 'out' }))).toMatchObject({ rest: 'expired' })
    expect(remoteOf(job({ status: 'CANCELLED', succeeded_requests: 0 }))).toMatchObject({
      rest: 'cancelled',
      files: [],
    })
    // Some ran, and nothing is handed out: what became of a row, nobody knows.
    expect(remoteOf(job({ status: 'CANCELLED' }))).not.toHaveProperty('rest')
    expect(remoteOf(job({ status: 'SUCCESS' }))).not.toHaveProperty('rest')
  })

  test('that failed before a row of it ran is refused, with its reason', () => {
    const nothing = { status: 'FAILED', total_requests: 0, succeeded_requests: 0, failed_requests: 0 }
    const errors = [{ message: 'Invalid request body', count: 3 }]
    expect(remoteOf(job({ ...nothing, errors }))).toMatchObject({
      state: 'refused',
      refusal: { kind: 'whole', message: 'Invalid request body' },
    })
    expect(remoteOf(job({ ...nothing, errors: [{ message: 'Cannot find file fe33', count: 1 }] }))).toMatchObject({
      refusal: { kind: 'file' },
    })
    expect(remoteOf(job({ ...nothing, errors: [] }))).toMatchObject({ refusal: { kind: 'unavailable' } })
  })

  test('that failed after rows of it ran is harvested: they were paid for', () => {
    expect(remoteOf(job({ status: 'FAILED', output_file: 'out' }))).toMatchObject({
      state: 'ended',
      files: [{ id: 'out', role: 'output' }],
    })
    expect(remoteOf(job({ status: 'FAILED' }))).toMatchObject({ state: 'ended', counts: { completed: 2 } })
  })

  test.each([null, 'text', [], {}, { id: 'x' }, { status: 'RUNNING' }])('is not made of %j', (value) => {
    expect(remoteOf(value)).toBeUndefined()
  })

  test('is bought by its file and its model, and marked', () => {
    const prepared = { fileId: 'f', key: 'k', endpoint: '/v1/embeddings', model: 'mistral-embed', rows: 3 }
    expect(wire.createBody(prepared)).toEqual({
      input_files: ['f'],
      endpoint: '/v1/embeddings',
      model: 'mistral-embed',
      timeout_hours: 24,
      metadata: { redeye: 'k' },
    })
  })
})

test('a row of Mistral has an id and a body, and nothing else', () => {
  const { beforeId, afterId, afterBody } = wire.rowFrame('/v1/chat/completions')
  expect(`${beforeId}k-0000001${afterId}{"a":1}${afterBody}`).toBe('{"custom_id":"k-0000001","body":{"a":1}}\n')
})

test('a list of Mistral ends with an empty page, whatever its size', () => {
  expect(pageOf({ object: 'list', data: [job()], total: 87 })).toMatchObject({ more: undefined })
  expect(pageOf({ object: 'list', data: [], total: 87 })).toMatchObject({ more: false })
  expect(pageOf({ object: 'list', total: 0 })).toEqual({ data: [], more: false })
  expect(pageOf({ detail: 'Unauthorized' })).toBeUndefined()
  expect(wire.pageQuery('submissions', { page: 2, last: 'x' })).toBe('?page=2&page_size=100&order_by=-created')
})

describe('A call that Mistral refuses', () => {
  test.each([
    [401, { detail: 'Unauthorized' }, 'credentials', 'Unauthorized'],
    [401, { message: 'Unauthorized', request_id: '933f' }, 'credentials', 'Unauthorized'],
    [429, { message: 'Requests rate limit exceeded' }, 'rate', 'Requests rate limit exceeded'],
    [402, { object: 'error', message: 'Payment required', type: 'x', code: '1' }, 'billing', 'Payment required'],
    [422, { detail: [{ loc: ['body', 'model'], msg: 'Field required' }] }, 'whole', 'body.model: Field required'],
    [
      422,
      { object: 'error', message: { detail: [{ loc: ['body', 'model'], msg: 'Field required' }] } },
      'whole',
      'body.model: Field required',
    ],
  ])('by %i %j is one of %s', (status, body, kind, message) => {
    expect(refusalOf({ status, retryAfterMs: undefined }, envelopeOf(body))).toMatchObject({ kind, message })
  })

  test('is none where somebody else answered', () => {
    for (const body of [undefined, null, 'no', [], {}, { error: 'no' }]) expect(envelopeOf(body)).toBeUndefined()
  })
})
