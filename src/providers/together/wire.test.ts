import { describe, expect, test } from 'vitest'
import { envelopeOf, pageOf, remoteOf, wire } from './wire.ts'

/** A job as the API reference shows one, with what differs between its states put over it. */
const job = (over: object = {}) => ({
  id: '01234567-8901-2345-6789-012345678901',
  user_id: 'user_789xyz012',
  input_file_id: 'file-input123abc456def',
  file_size_bytes: 1_048_576,
  status: 'IN_PROGRESS',
  job_deadline: '2026-11-24T15:30:00Z',
  created_at: '2026-11-23T15:30:00Z',
  endpoint: '/v1/chat/completions',
  progress: 75,
  model_id: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
  output_file_id: '',
  error_file_id: '',
  ...over,
})
const outputs = { output_file_id: 'file-output789xyz012ghi', error_file_id: 'file-errors456def789jkl' }

describe('A job at Together', () => {
  test.each([
    ['VALIDATING', 'open'],
    ['IN_PROGRESS', 'open'],
    ['COMPLETED', 'ended'],
    ['EXPIRED', 'ended'],
    ['CANCELLED', 'ended'],
    ['PAUSED', 'unknown'],
    ['completed', 'unknown'],
  ])('that is %s is %s to us', (status, state) => {
    expect(remoteOf(job({ status }))).toMatchObject({ state, vendorState: status })
  })

  test('is ours by its input file alone, tells no counts, and may be wrapped', () => {
    const ended = {
      id: '01234567-8901-2345-6789-012345678901',
      state: 'ended',
      vendorState: 'COMPLETED',
      key: null,
      fileId: 'file-input123abc456def',
      createdAt: Date.parse('2026-11-23T15:30:00Z'),
      counts: null,
      files: [
        { id: 'file-output789xyz012ghi', role: 'output' },
        { id: 'file-errors456def789jkl', role: 'error' },
      ],
    }
    expect(remoteOf(job({ status: 'COMPLETED', ...outputs }))).toEqual(ended)
    expect(remoteOf({ job: job({ status: 'COMPLETED', ...outputs }), warning: 'slow' })).toEqual(ended)
  })

  test('that was cut short says what became of the rows it did not run', () => {
    expect(remoteOf(job({ status: 'EXPIRED' }))).toMatchObject({
      rest: 'expired',
      files: [],
      perhapsBilled: true,
    })
    expect(remoteOf(job({ status: 'EXPIRED', ...outputs }))).not.toHaveProperty('perhapsBilled')
    expect(remoteOf(job({ status: 'CANCELLED', ...outputs }))).toMatchObject({ rest: 'cancelled', files: [{}, {}] })
  })

  test('that failed is refused with its reason, unless it left results: those were paid for', () => {
    expect(remoteOf(job({ status: 'FAILED', error: 'line 3 is no JSON' }))).toMatchObject({
      state: 'refused',
      refusal: { kind: 'whole', message: 'line 3 is no JSON' },
    })
    expect(remoteOf(job({ status: 'FAILED' }))).toMatchObject({ refusal: { kind: 'unavailable' } })
    expect(remoteOf(job({ status: 'FAILED', ...outputs }))).toMatchObject({ state: 'ended' })
  })

  test('shows no result before it has ended', () => {
    expect(remoteOf(job(outputs))?.files).toEqual([])
  })

  test.each([null, 'text', [], {}, { id: 'x' }, { job: null }])('is not made of %j', (value) => {
    expect(remoteOf(value)).toBeUndefined()
  })

  test('is bought by its file', () => {
    const prepared = { fileId: 'f', key: 'k', endpoint: '/v1/chat/completions', model: 'm', rows: 3 }
    expect(wire.createBody(prepared)).toEqual({
      input_file_id: 'f',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
  })
})

test('a row of Together has an id and a body, and nothing else', () => {
  const { beforeId, afterId, afterBody } = wire.rowFrame('/v1/chat/completions')
  expect(`${beforeId}k-0000001${afterId}{"a":1}${afterBody}`).toBe('{"custom_id":"k-0000001","body":{"a":1}}\n')
})

test('a list of Together is one page, of jobs bare and of files in `data`', () => {
  expect(pageOf([job()])).toEqual({ data: [job()], more: false })
  expect(pageOf({ data: [] })).toEqual({ data: [], more: false })
  expect(pageOf({ error: { message: 'no' } })).toBeUndefined()
})

test('only the envelope of Together is a refusal of Together', () => {
  const error = {
    message: 'Invalid API key provided.',
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_api_key',
  }
  expect(envelopeOf({ error })).toEqual({ code: 'invalid_api_key', message: error.message, param: null })
  for (const body of [undefined, 'no', {}, { error: 'no' }, { message: 'no' }]) expect(envelopeOf(body)).toBeUndefined()
})
