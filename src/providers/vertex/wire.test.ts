import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { modelPath } from './models.ts'
import {
  envelopeOf,
  isPredictions,
  jobOf,
  objectsOf,
  outputOf,
  pageOf,
  refusalOf,
  remoteOf,
  rowFrame,
  uploadRefusalOf,
} from './wire.ts'

const folder = new URL('__fixtures__/', import.meta.url)
const fixture = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const job = (more: object = {}) => ({ ...fixture('job.succeeded.gcs.json'), ...more })

describe('A batch prediction job', () => {
  test.each([
    ['queued', 'open', { total: 0, completed: 0, failed: 0 }, undefined],
    ['pending', 'open', { total: 0, completed: 0, failed: 0 }, undefined],
    ['running', 'open', null, undefined],
    ['cancelling', 'cancelling', null, undefined],
    ['succeeded.gcs', 'ended', { total: 3, completed: 2, failed: 1 }, undefined],
    ['partially-succeeded', 'ended', { total: 3, completed: 2, failed: 0 }, 'expired'],
    ['cancelled', 'ended', { total: 3, completed: 1, failed: 0 }, 'cancelled'],
    ['expired', 'ended', null, 'expired'],
    ['failed', 'refused', null, undefined],
  ])('that is %s is %s to us', (name, state, counts, rest) => {
    const body = fixture(`job.${name}.json`)
    const remote = remoteOf(body)
    expect(remote).toMatchObject({
      id: '4567890123456789012',
      state,
      vendorState: body.state.replace('JOB_STATE_', ''),
      key: null,
      fileId: 'gs://fixture-bucket/in/input.jsonl',
      createdAt: Date.parse('2026-11-23T10:00:00.123Z'),
      counts,
      files: [],
    })
    expect(remote?.rest).toBe(rest)
  })

  test.each(['UPDATING', 'PAUSED'])('that is %s goes on', (word) => {
    expect(remoteOf(job({ state: `JOB_STATE_${word}` }))?.state).toBe('open')
  })

  test.each(['JOB_STATE_UNSPECIFIED', 'JOB_STATE_BOARDING'])(
    'of a state that nobody knows ends nothing: %s',
    (state) => {
      expect(remoteOf(job({ state }))?.state).toBe('unknown')
    },
  )

  test('is ours by its label, and without labels by the name its input is filed under', () => {
    const inputConfig = { gcsSource: { uris: ['gs://b/redeye/thekey/input_x.jsonl'] } }
    expect(remoteOf(job({ labels: { redeye: 'thekey' } }))?.key).toBe('thekey')
    expect(remoteOf(job({ displayName: 'thekey', inputConfig }))?.key).toBe('thekey')
    expect(remoteOf(job({ displayName: 'another', inputConfig }))?.key).toBe(null)
  })

  test('is counted by our label where the vendor does not know how many rows were left', () => {
    const labels = { redeye: 'k', 'redeye-rows': '9' }
    const of = (more: object) => remoteOf({ ...fixture('job.expired.json'), labels, ...more })?.counts
    expect(of({})).toEqual({ total: 9, completed: 0, failed: 0 })
    expect(of({ completionStats: { successfulCount: '4', incompleteCount: '-1' } })).toEqual({
      total: 9,
      completed: 4,
      failed: 0,
    })
    expect(remoteOf(job({ labels, completionStats: undefined }))?.counts).toBe(null)
  })

  test('that was cut off after a day is not taken for one that we cancelled', () => {
    const cancelled = { ...fixture('job.cancelled.json'), endTime: '2026-11-24T10:01:00Z' }
    expect(remoteOf(cancelled)?.rest).toBe('expired')
  })

  test('that failed and has rows to show is harvested', () => {
    const failed = fixture('job.failed.json')
    const named = { ...failed, outputInfo: { gcsOutputDirectory: 'gs://b/o' } }
    expect(remoteOf(named)).toMatchObject({ state: 'ended' })
    expect(remoteOf(named, [])).toMatchObject({ state: 'refused', refusal: { kind: 'whole' } })
    expect(remoteOf({ ...failed, completionStats: { successfulCount: '1' } })).toMatchObject({ state: 'ended' })
  })

  test.each([
    [3, 'Failed to parse the input file: line 2 is not a valid JSON object.', 'whole'],
    [13, 'INTERNAL', 'whole'],
    [5, 'The specified input could not be found.', 'file'],
    [7, 'The service agent does not have storage.objects.get access to the bucket.', 'credentials'],
    [8, 'Resource exhausted.', 'quota'],
    [9, 'Project has billing disabled.', 'billing'],
    [14, 'Try again.', 'unavailable'],
  ])('that fails with code %i is refused: %s', (code, message, kind) => {
    const { refusal } = remoteOf({ ...fixture('job.failed.json'), error: { code, message } }) ?? {}
    expect(refusal).toMatchObject({ kind, message })
  })

  test('that failed without a reason is refused as a whole', () => {
    const { error: _, ...failed } = fixture('job.failed.json')
    expect(remoteOf(failed)?.refusal).toMatchObject({ kind: 'whole', code: null })
  })

  test('is none when it has no name or no state', () => {
    expect([{}, null, 'job', { name: 'a/b' }, { state: 'JOB_STATE_RUNNING' }].map((value) => remoteOf(value))).toEqual(
      Array.from({ length: 5 }, () => undefined),
    )
  })
})

describe('The predictions', () => {
  test('lie where the job says, else below where it was told to write', () => {
    expect(outputOf(job())).toBe('gs://fixture-bucket/out/prediction-model-2026-11-23T10:00:00.123456Z/')
    expect(outputOf(job({ outputInfo: undefined }))).toBe('gs://fixture-bucket/out/')
    expect(outputOf({})).toBe(null)
  })

  test.each([
    ['predictions.jsonl', true],
    ['predictions_0001.jsonl', true],
    ['predictions-00000-of-00003.jsonl', true],
    ['incremental_predictions.jsonl', true],
    ['errors.jsonl', false],
    ['predictions.jsonl.tmp', false],
  ])('are told from what else lies there: %s %s', (name, is) => {
    expect(isPredictions(`gs://b/redeye/key/output/prediction-model-2026-11-23T10:00:00Z/${name}`)).toBe(is)
  })

  test('are found in a list of objects', () => {
    expect(objectsOf(fixture('gcs.objects-list.json'))).toEqual({
      objects: [
        {
          name: 'out/prediction-model-2026-11-23T10:00:00.123456Z/predictions.jsonl',
          bytes: 1476,
          createdAt: Date.parse('2026-11-23T10:00:00Z'),
        },
      ],
      next: null,
    })
    expect(objectsOf({ kind: 'storage#objects' })).toEqual({ objects: [], next: null })
    expect([objectsOf(undefined), objectsOf([]), objectsOf({ items: 'none' })]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

test('A list of jobs comes in pages; an empty page token is none', () => {
  expect(pageOf(fixture('list.page1.json'))?.next).toBe('dmVydGV4LTI')
  expect(pageOf({ ...fixture('list.page2.json'), nextPageToken: '' })?.next).toBe(null)
  expect(pageOf({})).toEqual({ jobs: [], next: null })
  expect([pageOf(undefined), pageOf([]), pageOf('<html>')]).toEqual([undefined, undefined, undefined])
})

test('A purchase has the shape that the official SDK sends, with our mark on it', () => {
  const prepared = {
    key: 'k',
    fileId: 'gs://fixture-bucket/in/input.jsonl',
    endpoint: '',
    model: 'gemini-2.5-flash',
    rows: 7,
  }
  expect(jobOf(prepared, 'gs://fixture-bucket/out')).toEqual({
    ...fixture('create-gcs.request.json'),
    displayName: 'k',
    labels: { redeye: 'k', 'redeye-rows': '7' },
  })
})

test.each([
  ['gemini-2.5-flash', 'publishers/google/models/gemini-2.5-flash'],
  ['models/gemini-2.5-flash', 'publishers/google/models/gemini-2.5-flash'],
  ['google/gemini-2.5-flash', 'publishers/google/models/gemini-2.5-flash'],
  ['claude-sonnet-4-6', 'publishers/anthropic/models/claude-sonnet-4-6'],
  ['claude-haiku-4-5-20251001', 'publishers/anthropic/models/claude-haiku-4-5@20251001'],
  ['anthropic/claude-haiku-4-5@20251001', 'publishers/anthropic/models/claude-haiku-4-5@20251001'],
  ['projects/1/locations/us-central1/models/2', 'projects/1/locations/us-central1/models/2'],
])('Model %s is %s', (model, path) => {
  expect(modelPath(model)).toBe(path)
})

describe('A row', () => {
  const id = 'abcdefghij234567abcd-0000012'
  const framed = (endpoint: string, body: string) => {
    const { beforeId, afterId, afterBody, opensBody } = rowFrame(endpoint)
    return JSON.parse(`${beforeId}${id}${afterId}${body.slice(opensBody ? 1 : 0)}${afterBody}`)
  }

  test('of Gemini carries our id in a label, which it may be', () => {
    expect(framed(':generateContent', '{ "contents":[]}')).toEqual({
      request: { labels: { redeye: id }, contents: [] },
    })
    expect(id).toMatch(/^[a-z0-9_-]{0,63}$/)
  })

  test('of Claude has an id of its own, and says which edition of the API it speaks', () => {
    expect(framed('/v1/messages', '{"messages":[]}')).toEqual({
      custom_id: id,
      request: { anthropic_version: 'vertex-2023-10-16', messages: [] },
    })
  })
})

describe('An answer to a purchase', () => {
  const answer = (status: number, json: unknown) => ({ status, json, retryAfterMs: undefined })
  const error = (message: string, more: object = {}) => ({ error: { code: 400, message, ...more } })

  test.each([
    [401, fixture('error.401.json'), 'credentials'],
    [403, fixture('error.403.json'), 'credentials'],
    [429, fixture('error.429.json'), 'rate'],
    [403, error('Denied.', { details: [{ reason: 'BILLING_DISABLED' }] }), 'billing'],
    [403, error('Project x (#1) has billing disabled. Please enable it.'), 'billing'],
    [403, error('Slow down.', { errors: [{ reason: 'rateLimitExceeded' }] }), 'rate'],
    [400, error('The specified input gs://b/x.jsonl could not be found.'), 'file'],
    [400, error('The bucket must be in the same region.'), 'unavailable'],
    [404, error('Not Found'), 'unavailable'],
  ])('of HTTP %i is a refusal: %j %s', (status, json, kind) => {
    expect(refusalOf(answer(status, json), 3)?.kind).toBe(kind)
  })

  test('that the model is not sold fails every row at once: no other cut would do', () => {
    const refusal = refusalOf(answer(400, fixture('error.400.json')), 3)
    expect(refusal).toMatchObject({ kind: 'rows', code: 'INVALID_ARGUMENT' })
    expect(refusal?.rows?.map(({ row }) => row)).toEqual([0, 1, 2])
  })

  test.each([
    [500, fixture('error.429.json')],
    [503, error('Try again.')],
    [408, error('Too slow.')],
    [409, error('Exists.')],
    [404, undefined],
    [400, { message: 'from somebody in between' }],
  ])('of HTTP %i says nothing sure: %j', (status, json) => {
    expect(refusalOf(answer(status, json), 1)).toBeUndefined()
  })

  test('may come in a list of one', () => {
    expect(envelopeOf([fixture('error.404.json')])).toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('An upload that is refused for its bucket is not cut smaller; a session that is gone is no refusal', () => {
  const answer = (status: number, reason: string) => ({
    status,
    json: { error: { code: status, message: 'No.', errors: [{ reason, message: 'No.' }] } },
    retryAfterMs: undefined,
  })
  expect(uploadRefusalOf(answer(404, 'notFound'))).toMatchObject({ kind: 'whole', code: 'notFound' })
  expect(uploadRefusalOf(answer(403, 'forbidden'))).toMatchObject({ kind: 'credentials' })
  expect(uploadRefusalOf(answer(403, 'accountDisabled'))).toMatchObject({ kind: 'billing' })
  expect(uploadRefusalOf(answer(410, 'gone'))).toBeUndefined()
})
