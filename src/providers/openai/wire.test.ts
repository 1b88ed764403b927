import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { retryAfterOf } from '../../kit/http.ts'
import { fileOf, fullRow } from '../file-lane/wire.ts'
import { headersFrom, pageOf, refusalOf, remoteOf } from './wire.ts'

const folder = new URL('__fixtures__/', import.meta.url)
const fixture = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const id = 'batch_6921a0c0f4d88190a7c35be21f08d64e'
const output = { id: 'file-Qx7dF2gH5jK8mN1pR4sT6v', role: 'output' }
const error = { id: 'file-Wb3cZ9yA6eU4iO2lP8kD5r', role: 'error' }

describe('A submission at OpenAI', () => {
  test.each([
    ['validating', 'open', [], { total: 0, completed: 0, failed: 0 }],
    ['in_progress', 'open', [], { total: 4, completed: 1, failed: 0 }],
    ['finalizing', 'open', [], { total: 4, completed: 3, failed: 1 }],
    ['cancelling', 'cancelling', [], { total: 4, completed: 1, failed: 1 }],
    ['completed', 'ended', [output, error], { total: 4, completed: 3, failed: 1 }],
    ['completed.clean', 'ended', [output], { total: 3, completed: 3, failed: 0 }],
    ['completed.clean_empty_string', 'ended', [output], { total: 3, completed: 3, failed: 0 }],
    ['completed.all_failed', 'ended', [error], { total: 2, completed: 0, failed: 2 }],
    ['expired', 'ended', [output, error], { total: 4, completed: 2, failed: 2 }],
    ['cancelled', 'ended', [output, error], { total: 4, completed: 1, failed: 3 }],
  ])('that is %s is %s to us', (name, state, files, counts) => {
    const body = fixture(`batch.${name}.json`)
    expect(remoteOf(body)).toEqual({
      id,
      state,
      vendorState: body.status,
      key: null,
      fileId: 'file-Jm4tK8rQ2vW6xY9zB3nL5c',
      createdAt: 1_795_348_800_000,
      counts,
      files,
    })
  })

  test('that is called by a word nobody knows keeps its word and changes no state', () => {
    for (const status of ['paused', 'constructor', 'COMPLETED']) {
      expect(remoteOf({ ...fixture('batch.in_progress.json'), status })).toMatchObject({
        state: 'unknown',
        vendorState: status,
      })
    }
  })

  test('is ours by the key in its metadata', () => {
    const body = { ...fixture('batch.validating.json'), metadata: { job: 'golden', redeye: 'abcdefghijklmnopqrst' } }
    expect(remoteOf(body)?.key).toBe('abcdefghijklmnopqrst')
  })

  test('is read with what a compatible vendor leaves out, adds, or writes as text', () => {
    expect(remoteOf({ id: 'b', status: 'completed' })).toEqual({
      id: 'b',
      state: 'ended',
      vendorState: 'completed',
      key: null,
      fileId: null,
      createdAt: 0,
      counts: null,
      files: [],
    })
    const sloppy = {
      id: 'b',
      status: 'completed',
      created_at: '1795348800',
      request_counts: { total: '7', completed: null },
      metadata: 'x',
      surprise: [],
    }
    expect(remoteOf(sloppy)).toMatchObject({
      createdAt: 1_795_348_800_000,
      counts: { total: 7, completed: 0, failed: 0 },
    })
    expect(remoteOf({ id: 'b', status: 'completed', created_at: 1_795_348_800_123 })?.createdAt).toBe(1_795_348_800_123)
  })

  test('that completed is not refused for errors it mentions', () => {
    const { errors } = fixture('batch.failed.token_limit.json')
    const remote = remoteOf({ ...fixture('batch.completed.json'), errors })
    expect(remote).toMatchObject({ state: 'ended' })
    expect(remote).not.toHaveProperty('refusal')
  })

  test('that failed and yet has a file is harvested: its rows were paid for', () => {
    expect(remoteOf({ ...fixture('batch.failed.validation.json'), output_file_id: 'file-1' })).toMatchObject({
      state: 'ended',
      files: [{ id: 'file-1', role: 'output' }],
    })
  })

  test.each([
    null,
    undefined,
    'text',
    7,
    [],
    {},
    { id: '', status: 'completed' },
    { id: 'b' },
    { error: { message: 'm' } },
  ])('is not made of %j', (value) => {
    expect(remoteOf(value)).toBeUndefined()
  })
})

const failed = (...data: object[]) => remoteOf({ id: 'b', status: 'failed', errors: { object: 'list', data } })?.refusal

describe('A submission that failed validation', () => {
  test('for want of room in the queue names the limit', () => {
    expect(remoteOf(fixture('batch.failed.token_limit.json'))).toMatchObject({
      state: 'refused',
      refusal: { kind: 'quota', code: 'token_limit_exceeded', limit: { unit: 'tokens', max: 2_000_000 } },
    })
    const message =
      'Enqueued request limit reached for text-embedding-3-small in organization org-1. Limit: 1,000,000 enqueued requests. Please try again.'
    expect(failed({ code: null, message, line: null })).toMatchObject({
      kind: 'quota',
      limit: { unit: 'requests', max: 1_000_000 },
    })
    const vague = failed({ code: 'token_limit_exceeded', message: 'Too much.' })
    expect(vague).toMatchObject({ kind: 'quota' })
    expect(vague).not.toHaveProperty('limit')
  })

  test('by lines names every row, counted from zero', () => {
    const refusal = remoteOf(fixture('batch.failed.validation.json'))?.refusal
    expect(refusal?.kind).toBe('rows')
    expect(refusal?.code).toBeNull() // not one cause for all
    expect(refusal?.rows?.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(refusal?.rows?.[9]).toEqual({
      row: 9,
      code: 'model_not_found',
      message: "The provided model 'nonexistent-model-xyz' is not supported by the Batch API.",
    })
  })

  test.each(['duplicate_custom_id', 'mismatched_model'])('by one line tells %s', (code) => {
    const refusal = remoteOf(fixture(`batch.failed.${code}.json`))?.refusal
    expect(refusal).toMatchObject({ kind: 'rows', code, rows: [{ row: 1, code }] })
  })

  test.each([
    [
      'file',
      {
        code: 'invalid_request',
        message: 'Cannot find file file-1, or organization org-1 does not have access to it.',
        param: 'file_id',
        line: null,
      },
    ],
    ['too_large', { code: 'too_many_tasks', message: 'The number of requests is higher than the maximum.' }],
    ['billing', { code: 'billing_hard_limit_reached', message: 'Billing hard limit has been reached.' }],
    ['billing', { code: 'project_spend_limit_exceeded', message: 'm' }],
    [
      'whole',
      {
        code: 'model_not_found',
        message: "The provided model 'x' is not supported by the Batch API.",
        param: 'body.model',
      },
    ],
    ['whole', { code: 'model_mismatch', message: 'm', line: null }],
    ['whole', { code: 'empty_file', message: 'm' }],
    ['unavailable', { code: 'server_error', message: 'm' }],
  ])('without a line is told by its code: %s', (kind, error) => {
    expect(failed(error)?.kind).toBe(kind)
  })

  test('for a file that is gone says so', () => {
    expect(remoteOf(fixture('batch.failed.missing_file.json'))?.refusal).toMatchObject({
      kind: 'file',
      code: 'invalid_request',
    })
  })

  test('without any reason is tried again later', () => {
    for (const errors of [null, undefined, {}, { data: null }, [], 'x']) {
      expect(remoteOf({ id: 'b', status: 'failed', errors })?.refusal).toMatchObject({
        kind: 'unavailable',
        code: null,
      })
    }
  })
})

const answered = (status: number, json: unknown) => refusalOf({ status, json, retryAfterMs: undefined })

describe('An answer to a purchase', () => {
  test.each([
    ['http.400.file_not_ready.json', 'file'],
    ['http.400.invalid_endpoint.json', 'whole'],
    ['http.400.metadata_type.json', 'whole'],
    ['http.400.missing_param.json', 'whole'],
    ['http.400.upload_format.json', 'whole'],
    ['http.400.service_tier.json', 'whole'],
    ['http.401.invalid_key.json', 'credentials'],
    ['http.404.batch.json', 'unavailable'],
    ['http.404.file.json', 'file'],
    ['http.429.insufficient_quota.json', 'billing'],
    ['http.429.rate_limit.json', 'rate'],
    ['http.429.slow_down.json', 'rate'],
    ['http.429.flex_resource_unavailable.json', 'rate'],
  ])('%s is a refusal: %s', (name, kind) => {
    const { status, headers, body } = fixture(name)
    const refusal = refusalOf({ status, json: body, retryAfterMs: retryAfterOf(headers, 0) })
    expect(refusal).toMatchObject({ kind, code: body.error.code, message: body.error.message })
  })

  test.each(['http.409.cancel_terminal.json', 'http.500.server_error.json', 'http.503.overloaded.json'])(
    '%s refuses nothing: perhaps it was bought',
    (name) => {
      const { status, body } = fixture(name)
      expect(answered(status, body)).toBeUndefined()
    },
  )

  test('of 408 refuses nothing either, nor does a 4xx that is not in the words of the vendor', () => {
    expect(answered(408, { error: { message: 'Request Timeout' } })).toBeUndefined()
    for (const json of [undefined, null, {}, 'Bad Request', { error: 'bad' }, { error: {} }, { message: 'bad' }])
      expect(answered(400, json)).toBeUndefined()
    expect(answered(200, { error: { message: 'odd' } })).toBeUndefined()
    expect(answered(302, { error: { message: 'odd' } })).toBeUndefined()
  })

  test.each([
    'insufficient_quota',
    'credit_balance_exhausted',
    'organization_spend_limit_exceeded',
    'organization_usage_limit_exceeded',
    'billing_hard_limit_reached',
  ])('of 429 with %s is about money', (code) => {
    expect(answered(429, { error: { message: 'm', code } })?.kind).toBe('billing')
  })

  test('of 429 tells how long to wait, and what the queue holds', () => {
    const { status, headers, body } = fixture('http.429.slow_down.json')
    expect(refusalOf({ status, json: body, retryAfterMs: retryAfterOf(headers, 0) })?.retryAfterMs).toBe(15_000)
    const message = 'Enqueued token limit reached. Limit: 90,000 enqueued tokens.'
    expect(answered(429, { error: { message, code: 'token_limit_exceeded' } })).toMatchObject({
      kind: 'quota',
      limit: { unit: 'tokens', max: 90_000 },
    })
  })

  test('of 403 for a full storage is about room, not about the key', () => {
    const message = 'You have exceeded your file storage quota.'
    expect(answered(403, { error: { message, code: 'storage_quota_exceeded' } })?.kind).toBe('quota')
  })

  test('of 413 wants smaller files, of 403 another key', () => {
    expect(answered(413, { error: { message: 'm' } })?.kind).toBe('too_large')
    expect(answered(403, { error: { message: 'm', code: 'unsupported_country_region_territory' } })?.kind).toBe(
      'credentials',
    )
  })
})

describe('The other objects', () => {
  test('a page says whether there is more, also where the vendor forgets to', () => {
    expect(pageOf(fixture('batch.list.page1.json'), 100)).toMatchObject({ more: true, data: [{ id }, {}] })
    expect(pageOf(fixture('batch.list.page2.json'), 100)?.more).toBe(false)
    expect(pageOf({ data: [1, 2] }, 2)).toMatchObject({ more: undefined })
    expect(pageOf({ data: [1, 2, 3] }, 2)?.more).toBe(false)
    expect(pageOf({ data: [1] }, 2)?.more).toBe(false)
    expect(pageOf({ data: [], has_more: true }, 2)?.more).toBe(false)
    for (const none of [{}, null, { data: {} }]) expect(pageOf(none, 2)).toBeUndefined()
  })

  test('a file tells its id and its length', () => {
    expect(fileOf(fixture('file.input.json'))).toEqual({ id: 'file-Jm4tK8rQ2vW6xY9zB3nL5c', bytes: 1187 })
    expect(fileOf({ id: 'file-1' })).toEqual({ id: 'file-1', bytes: undefined })
    expect(fileOf({ object: 'file' })).toBeUndefined()
  })

  test('a row is its frame around an id and a body', () => {
    const { beforeId, afterId, afterBody } = fullRow('/v1/embeddings')
    const row = Buffer.concat([
      beforeId,
      Buffer.from('key-0000001'),
      afterId,
      Buffer.from('{"model":"m"}'),
      afterBody,
    ]).toString()
    expect(row.endsWith('}\n')).toBe(true)
    expect(JSON.parse(row)).toEqual({
      custom_id: 'key-0000001',
      method: 'POST',
      url: '/v1/embeddings',
      body: { model: 'm' },
    })
  })

  test('the account is named by the variables that the official SDK reads', () => {
    expect(headersFrom({ OPENAI_ORG_ID: 'org-1', OPENAI_PROJECT_ID: 'proj_1', OPENAI_API_KEY: 'sk-1' })).toEqual({
      'OpenAI-Organization': 'org-1',
      'OpenAI-Project': 'proj_1',
    })
    expect(headersFrom({ OPENAI_ORG_ID: '' })).toEqual({})
  })
})
