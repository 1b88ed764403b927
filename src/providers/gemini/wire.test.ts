import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createOf, fileOf, inlinedRows, pageOf, refusalOf, remoteOf, rowFrame } from './wire.ts'

const folder = new URL('__fixtures__/', import.meta.url)
const fixture = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const batch = 'p3r5t7y9u1i3o5a7s9d1f3g5h7j9k1l3z5x7'
const inline = '7h2kq9v0t3x1c5m8n4b6z0a2s4d6f8g0j2k4'
const output = { id: `files/batch-${batch}`, role: 'output' }
const unrun = { total: 0, completed: 0, failed: 0 }
const withState = (state: string | undefined, more: object = {}) => {
  const operation = fixture('operation.running.file.json')
  return { ...operation, metadata: { ...operation.metadata, state }, ...more }
}

describe('A batch at Gemini', () => {
  test.each([
    ['pending.file', 'open', batch, [], unrun],
    ['running.file', 'open', batch, [], { total: 3, completed: 0, failed: 0 }],
    ['running.inline', 'open', inline, [], { total: 3, completed: 1, failed: 0 }],
    ['succeeded.file', 'ended', batch, [output], { total: 3, completed: 2, failed: 1 }],
    [
      'succeeded.inline',
      'ended',
      inline,
      [{ id: `batches/${inline}`, role: 'output' }],
      { total: 3, completed: 2, failed: 1 },
    ],
    ['cancelled', 'ended', inline, [], { total: 3, completed: 1, failed: 0 }],
    ['expired', 'ended', inline, [], { total: 3, completed: 0, failed: 0 }],
    ['failed', 'refused', batch, [], { total: 3, completed: 0, failed: 3 }],
  ])('that is %s is %s to us', (name, state, id, files, counts) => {
    expect(remoteOf(fixture(`operation.${name}.json`))).toMatchObject({
      id,
      state,
      vendorState: name.split('.')[0]?.toUpperCase(),
      key: 'fixture-job',
      fileId: id === batch ? 'files/in0put1file2' : null,
      createdAt: Date.parse('2026-11-23T10:00:00.123Z'),
      counts,
      files,
    })
  })

  test('says what became of the rows that it does not hand out', () => {
    expect(remoteOf(fixture('operation.cancelled.json'))).toMatchObject({ rest: 'cancelled' })
    expect(remoteOf(fixture('operation.expired.json'))).toMatchObject({ rest: 'expired', perhapsBilled: true })
    expect(remoteOf(fixture('operation.succeeded.file.json'))).not.toHaveProperty('rest')
  })

  test('may have its state under either name, or none at all at first', () => {
    expect(remoteOf(withState('JOB_STATE_RUNNING'))).toMatchObject({ state: 'open', vendorState: 'RUNNING' })
    expect(remoteOf(withState(undefined))).toMatchObject({ state: 'open', vendorState: 'UNSPECIFIED', counts: unrun })
  })

  test('of a state that nobody knows is neither ended nor open, not even when it is done', () => {
    for (const state of ['BATCH_STATE_PAUSED', 'constructor', 'BATCH_STATE_succeeded']) {
      expect(remoteOf(withState(state, { done: true, response: { responsesFile: 'files/x' } }))).toMatchObject({
        state: 'unknown',
        vendorState: state.replace('BATCH_STATE_', ''),
        files: [],
      })
    }
  })

  test('has its result in either of two places', () => {
    const { response: _, ...withoutResponse } = fixture('operation.succeeded.file.json')
    expect(remoteOf(withoutResponse)?.files).toEqual([output])
    const { metadata, ...rest } = fixture('operation.succeeded.file.json')
    expect(remoteOf({ ...rest, metadata: { ...metadata, output: undefined } })?.files).toEqual([output])
    expect(inlinedRows(fixture('operation.embed.succeeded.inline.json'))).toHaveLength(2)
  })

  test('that failed with rows to show, or rows it counts as done, has run', () => {
    const failed = fixture('operation.failed.json')
    expect(remoteOf({ ...failed, response: { responsesFile: 'files/x' } })).toMatchObject({
      state: 'ended',
      files: [{ id: 'files/x' }],
    })
    const metadata = { ...failed.metadata, batchStats: { requestCount: '3', successfulRequestCount: '2' } }
    expect(remoteOf({ ...failed, metadata })).toMatchObject({ state: 'ended', files: [] })
  })

  test('that succeeded without a count of anything does not tell its counts yet', () => {
    const operation = fixture('operation.succeeded.file.json')
    const metadata = { ...operation.metadata, batchStats: { requestCount: '3', pendingRequestCount: '3' } }
    expect(remoteOf({ ...operation, metadata })?.counts).toBeNull()
  })

  test.each([
    [8, 'Resource has been exhausted (e.g. check quota).', 'quota', 'RESOURCE_EXHAUSTED'],
    [5, 'Input file files/x was not found.', 'file', 'NOT_FOUND'],
    [7, 'You do not have permission to access the File x or it may not exist.', 'file', 'PERMISSION_DENIED'],
    [7, 'The caller does not have permission', 'credentials', 'PERMISSION_DENIED'],
    [3, 'Request contains an invalid argument.', 'whole', 'INVALID_ARGUMENT'],
    [9, 'Please enable billing on your project.', 'billing', 'FAILED_PRECONDITION'],
    [13, 'Internal error encountered.', 'unavailable', 'INTERNAL'],
    [99, 'Never heard of.', 'unavailable', '99'],
  ])('that FAILED by code %i, "%s", is refused: %s', (code, message, kind, name) => {
    const operation = { ...fixture('operation.failed.json'), error: { code, message } }
    expect(remoteOf(operation)?.refusal).toEqual({ kind, code: name, message })
  })

  test.each([
    [null],
    [{}],
    [{ name: 'batches/x' }],
    [{ name: 'files/x', metadata: {} }],
    [{ name: 'batches/', metadata: {} }],
    [[]],
  ])('is not %j', (value) => {
    expect(remoteOf(value)).toBeUndefined()
  })
})

describe('A list', () => {
  test('has operations, and a token while there are more', () => {
    const first = pageOf(fixture('list.page1.json'))
    expect(first?.operations.length).toBeGreaterThan(0)
    expect(first?.next).toEqual(expect.any(String))
    expect(pageOf(fixture('list.page2.json'))?.next).toBeNull()
    expect(pageOf(fixture('list.empty.json'))).toEqual({ operations: [], next: null })
    expect(pageOf({ nextPageToken: 'x' })).toEqual({ operations: [], next: 'x' })
    expect(pageOf({ operations: [], nextPageToken: '' })?.next).toBeNull()
  })

  test.each([[undefined], ['text'], [[]], [{ operations: 'none' }], [{ error: { code: 500 } }]])(
    'is not %j',
    (value) => {
      expect(pageOf(value)).toBeUndefined()
    },
  )
})

test('A file has a name, its bytes as text, a state, and a time and an address of its own', () => {
  expect(fileOf(fixture('file.upload-final.response.json').file)).toEqual({
    id: 'files/in0put1file2',
    bytes: 437,
    state: 'ACTIVE',
    displayName: 'input.jsonl',
    createdAt: Date.parse('2026-11-23T09:59:50.100Z'),
    expiresAt: Date.parse('2026-11-25T09:59:50.050Z'),
    uri: 'https://generativelanguage.googleapis.com/v1beta/files/in0put1file2',
  })
  expect(fileOf(fixture('file.get.processing.json'))?.state).toBe('PROCESSING')
  expect(fileOf({ name: 'batches/x' })).toBeUndefined()
})

describe('A purchase', () => {
  const prepared = { key: 'abc', fileId: 'files/f', rows: 3, endpoint: ':generateContent', model: 'gemini-3.5-flash' }

  test('names its model in the address, and our key as its name', () => {
    expect(createOf(prepared)).toEqual({
      path: '/v1beta/models/gemini-3.5-flash:batchGenerateContent',
      body: '{"batch":{"displayName":"abc","inputConfig":{"fileName":"files/f"}}}',
    })
    expect(createOf({ ...prepared, model: 'tunedModels/my?own' }).path).toBe(
      '/v1beta/tunedModels/my%3Fown:batchGenerateContent',
    )
  })

  test('of embeddings has a method of its own', () => {
    expect(createOf({ ...prepared, endpoint: ':embedContent', model: 'gemini-embedding-001' }).path).toBe(
      '/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent',
    )
  })

  test('has a row for each request', () => {
    const { beforeId, afterId, afterBody } = rowFrame()
    expect(`${beforeId}id${afterId}{}${afterBody}`).toBe('{"key":"id","request":{}}\n')
  })
})

describe('A refusal', () => {
  const answer = (status: number, json: unknown) => ({ status, json, retryAfterMs: undefined })
  const said = (status: number, message: string, more: object = {}) =>
    answer(status, { error: { code: status, message, ...more } })

  test.each([
    ['400.api-key-invalid', 400, 'credentials'],
    ['400.failed-precondition', 400, 'billing'],
    ['400.invalid-argument', 400, 'unavailable'],
    ['403.permission-denied', 403, 'file'],
    ['404.not-found', 404, 'file'],
    ['429.batch-enqueue', 429, 'quota'],
  ])('by %s is of the kind %s %s', (name, status, kind) => {
    const json = fixture(`error.${name}.json`)
    expect(refusalOf(answer(status, json), 3)).toEqual({
      kind,
      code: json.error.status,
      message: json.error.message,
    })
  })

  test('for too many calls says how long to wait', () => {
    expect(refusalOf(answer(429, fixture('error.429.quota.json')))).toMatchObject({
      kind: 'rate',
      retryAfterMs: 17_000,
    })
  })

  test('of the queue may state its size', () => {
    const details = [{ violations: [{ quotaId: 'BatchEnqueuedTokensPerModel', quotaValue: '3000000' }] }]
    expect(refusalOf(said(429, 'Quota exceeded.', { details }))).toMatchObject({
      kind: 'quota',
      limit: { unit: 'tokens', max: 3_000_000 },
    })
  })

  test('for want of money is none of time', () => {
    const free = [{ violations: [{ quotaId: 'GenerateRequestsPerDay-FreeTier', quotaValue: '0' }] }]
    for (const refusal of [
      said(429, 'Your project has exceeded its monthly spending cap.'),
      said(429, 'You exceeded your current quota.', { details: free }),
      said(403, 'Forbidden.', { details: [{ reason: 'BILLING_DISABLED' }] }),
      said(400, 'The free tier is not available. Please enable billing.', { status: 'FAILED_PRECONDITION' }),
    ])
      expect(refusalOf(refusal)?.kind).toBe('billing')
  })

  test('for its place is one of the account', () => {
    const refusal = said(400, 'User location is not supported for the API use.', { status: 'FAILED_PRECONDITION' })
    expect(refusalOf(refusal)?.kind).toBe('credentials')
  })

  test('of a file that is not ready is one of the file', () => {
    const message = 'The File abc is not in an ACTIVE state and usage is not allowed.'
    expect(refusalOf(said(400, message, { status: 'FAILED_PRECONDITION' }))?.kind).toBe('file')
  })

  test('of a model fails all rows of the purchase, in the words of the vendor', () => {
    const message = 'models/x is not found for API version v1beta, or is not supported for batchGenerateContent.'
    expect(refusalOf(said(404, message, { status: 'NOT_FOUND' }), 2)).toEqual({
      kind: 'rows',
      code: 'NOT_FOUND',
      message,
      rows: [0, 1].map((row) => ({ row, code: 'NOT_FOUND', message })),
    })
  })

  test.each([408, 409, 499, 500, 503, 504])('is not what HTTP %i says', (status) => {
    expect(refusalOf(said(status, 'No.'))).toBeUndefined()
  })

  test('is not what anybody else says', () => {
    expect(refusalOf(answer(404, undefined))).toBeUndefined()
    expect(refusalOf(answer(403, { message: 'blocked by the firewall' }))).toBeUndefined()
  })
})
