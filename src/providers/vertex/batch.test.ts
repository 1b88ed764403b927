import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { VendorUnavailable } from '../../domain/errors.ts'
import type { Clock } from '../../kit/clock.ts'
import { openHttp } from '../../kit/http.ts'
import { type Call, CredentialsRefused, type Mark, PrepareRefused, ResultsGone } from '../contract.ts'
import { vertex } from './index.ts'

const { batch, check } = vertex

interface Asked {
  readonly method: string
  /** Path and query, below the base URL of whichever of the two services. */
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}
interface Reply {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly type?: string
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

const clock: Clock = { speed: 1, now: () => 0, real: () => 0, sleep: async () => {} }

/** Both services, answering as the test says; what they were asked is in `asked`. */
async function cloud(answer: (asked: Asked) => Reply): Promise<{ call: Call; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const { authorization } = request.headers
    const path = (request.url ?? '').replace(/^\/ai|^\/gcs/, '')
    const one = { method: request.method ?? '', path, authorization, body: Buffer.concat(chunks).toString() }
    asked.push(one)
    const { status = 200, json = {}, text = JSON.stringify(json), type = 'application/json' } = answer(one)
    response.writeHead(status, { 'content-type': type })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const http = openHttp({ clock })
  closing.push(
    () => http.close(),
    () => server.close(),
  )
  const call: Call = {
    baseUrl: `${origin}/ai`,
    apiKey: '',
    authorize: async () => ({ authorization: 'Bearer ya29.made' }),
    settings: { bucket: 'night', folder: 'runs', storageUrl: `${origin}/gcs` },
    headers: {},
    http,
    clock,
  }
  return { call, asked }
}

const rows = '{"request":{}}\n'
const upload = {
  key: 'thekey',
  endpoint: ':generateContent',
  model: 'gemini-3.5-flash',
  rows: 1,
  bytes: rows.length,
  async *body() {
    yield Buffer.from(rows)
  },
}
const prepared = { ...upload, fileId: 'gs://night/runs/thekey/input_x.jsonl' }
const mark: Mark = { key: 'thekey', fileId: prepared.fileId, rows: 1, sentAt: 0, sendBy: 0 }
const error = (code: number, message: string) => ({ status: code, json: { error: { code, message } } })
const job = (more: object = {}) => ({
  name: 'projects/1/locations/l/batchPredictionJobs/77',
  displayName: 'thekey',
  state: 'JOB_STATE_RUNNING',
  createTime: '2026-11-23T10:00:00Z',
  inputConfig: { gcsSource: { uris: [prepared.fileId] } },
  ...more,
})
const yes = async () => true

describe('An input object', () => {
  test('is written below the folder that is named, with the token, a new one each time', async () => {
    const { call, asked } = await cloud(() => ({ json: { size: String(rows.length) } }))
    const first = await batch.prepare(call, upload)
    const second = await batch.prepare(call, upload)
    expect(first.fileId).toMatch(/^gs:\/\/night\/runs\/thekey\/input_\w+\.jsonl$/)
    expect(second.fileId).not.toBe(first.fileId)
    expect(asked[0]).toMatchObject({ method: 'POST', authorization: 'Bearer ya29.made', body: rows })
    const name = encodeURIComponent((first.fileId as string).replace('gs://night/', ''))
    expect(asked[0]?.path).toBe(`/upload/storage/v1/b/night/o?uploadType=media&name=${name}`)
  })

  test('of which the storage holds another number of bytes is not trusted', async () => {
    const { call } = await cloud(() => ({ json: { size: '3' } }))
    await expect(batch.prepare(call, upload)).rejects.toThrow('holds 3 bytes of the 15')
  })

  test('that may not be written is refused', async () => {
    const { call } = await cloud(() => error(403, 'No access.'))
    const refused = await batch.prepare(call, upload).catch((failure: unknown) => failure)
    expect(refused).toBeInstanceOf(PrepareRefused)
    expect((refused as PrepareRefused).refusal.kind).toBe('credentials')
  })

  test('is fenced off only when the storage itself says that it is gone', async () => {
    const replies: Reply[] = [{ status: 204, text: '' }, error(404, 'No such object'), { status: 404, text: '<html>' }]
    const { call, asked } = await cloud(() => replies.shift() as Reply)
    await batch.fence(call, mark)
    await batch.fence(call, mark)
    await expect(batch.fence(call, mark)).rejects.toBeInstanceOf(VendorUnavailable)
    expect(asked[0]).toMatchObject({ method: 'DELETE', path: '/storage/v1/b/night/o/runs%2Fthekey%2Finput_x.jsonl' })
  })
})

describe('A purchase', () => {
  test('writes to a folder of its own', async () => {
    const { call, asked } = await cloud(() => ({ json: job() }))
    expect(await batch.buy(call, prepared, yes)).toMatchObject({ kind: 'bought', remote: { id: '77' } })
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
      displayName: 'thekey',
      outputConfig: { gcsDestination: { outputUriPrefix: 'gs://night/runs/thekey/output' } },
    })
  })

  test.each([
    [new CredentialsRefused('expired', 401), 'credentials'],
    [new VendorUnavailable('no network'), 'unavailable'],
  ])('without a token is none, and nothing is in doubt: %s', async (failure, kind) => {
    const { call, asked } = await cloud(() => ({ json: job() }))
    const authorize = () => Promise.reject(failure)
    expect(await batch.buy({ ...call, authorize }, prepared, yes)).toMatchObject({ kind: 'refused', refusal: { kind } })
    expect(asked).toEqual([])
  })

  test('that is answered with a job of another input is in doubt', async () => {
    const other = { inputConfig: { gcsSource: { uris: ['gs://night/other.jsonl'] } } }
    const { call } = await cloud(() => ({ json: job(other) }))
    expect(await batch.buy(call, prepared, yes)).toMatchObject({ kind: 'unsure' })
  })

  test('in doubt is looked for by its name, and known by its input where the labels were not kept', async () => {
    const { call, asked } = await cloud(() => ({ json: { batchPredictionJobs: [job()] } }))
    expect(await batch.find(call, mark)).toMatchObject({ kind: 'found', remote: { id: '77' } })
    expect(decodeURIComponent(asked[0]?.path ?? '')).toContain('filter=display_name="thekey"')
  })

  test('of somebody else by the same name is not ours', async () => {
    const theirs = job({ inputConfig: { gcsSource: { uris: ['gs://theirs/input.jsonl'] } } })
    const { call } = await cloud(() => ({ json: { batchPredictionJobs: [theirs] } }))
    expect(await batch.find(call, mark)).toEqual({ kind: 'absent' })
  })
})

describe('A job', () => {
  test('that is not known by digits may be a trouble of ours, and is not taken for gone', async () => {
    const { call } = await cloud(() => error(400, 'Invalid.'))
    await expect(batch.poll(call, '77')).rejects.toBeInstanceOf(VendorUnavailable)
    expect(await batch.poll(call, 'never')).toBeUndefined()
  })

  test('that has ended names every file of its predictions, over all pages of the bucket', async () => {
    const ended = job({ state: 'JOB_STATE_SUCCEEDED', outputInfo: { gcsOutputDirectory: 'gs://night/o/at 10:00' } })
    const { call, asked } = await cloud(({ path }) => {
      if (!path.startsWith('/storage')) return { json: ended }
      if (!path.includes('pageToken'))
        return { json: { items: [{ name: 'o/at 10:00/predictions_0001.jsonl' }], nextPageToken: 'p/2' } }
      return { json: { items: [{ name: 'o/at 10:00/predictions_0002.jsonl' }, { name: 'o/at 10:00/notes.txt' }] } }
    })
    expect((await batch.poll(call, '77'))?.files).toEqual([
      { id: 'gs://night/o/at 10:00/predictions_0001.jsonl', role: 'output' },
      { id: 'gs://night/o/at 10:00/predictions_0002.jsonl', role: 'output' },
    ])
    expect(asked[1]?.path).toBe('/storage/v1/b/night/o?prefix=o%2Fat%2010%3A00%2F')
    expect(asked[2]?.path).toContain('&pageToken=p%2F2')
  })

  test('that failed and left predictions is harvested, and no refusal', async () => {
    const failed = job({
      state: 'JOB_STATE_FAILED',
      outputConfig: { gcsDestination: { outputUriPrefix: 'gs://night/o' } },
    })
    const { call } = await cloud(({ path }) =>
      path.startsWith('/storage') ? { json: { items: [{ name: 'o/x/predictions.jsonl' }] } } : { json: failed },
    )
    const remote = await batch.poll(call, '77')
    expect(remote).toMatchObject({ state: 'ended', files: [{ id: 'gs://night/o/x/predictions.jsonl' }] })
    expect(remote).not.toHaveProperty('refusal')
  })

  test('is listed over all pages, and one page for ever is told', async () => {
    const { call } = await cloud(() => ({ json: { batchPredictionJobs: [job()], nextPageToken: 'again' } }))
    await expect(Array.fromAsync(batch.list(call, 0))).rejects.toThrow('repeats one page')
  })

  test('is listed as the contract has it, or not at all', async () => {
    const { call } = await cloud(() => ({ json: { batchPredictionJobs: [{}] } }))
    await expect(Array.fromAsync(batch.list(call, 0))).rejects.toBeInstanceOf(VendorUnavailable)
  })
})

describe('The predictions', () => {
  const file = { id: 'gs://night/o/predictions.jsonl', role: 'output' } as const

  test('that are gone are told from a page of somebody else', async () => {
    const replies: Reply[] = [
      { status: 404, type: 'text/html; charset=UTF-8', text: 'No such object: night/o/predictions.jsonl' },
      { type: 'text/html', text: '<html>' },
      { type: 'application/octet-stream', text: '<html>' },
    ]
    const { call } = await cloud(() => replies.shift() as Reply)
    await expect(batch.open(call, file)).rejects.toBeInstanceOf(ResultsGone)
    await expect(batch.open(call, file)).rejects.not.toBeInstanceOf(ResultsGone)
    const { body } = await batch.open(call, file)
    await expect(Array.fromAsync(body)).rejects.toThrow('HTML, not JSONL')
  })
})

test('The check asks for jobs and for the bucket', async () => {
  const { call, asked } = await cloud(() => ({}))
  const account = { ...call, baseUrl: `${call.baseUrl}/v1/projects/proj/locations/us-central1` }
  expect(await check(account)).toEqual({
    scope: 'proj/us-central1',
    detail: expect.stringContaining('gs://night can be read'),
  })
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET'])
  const refusing = await cloud(({ path }) => (path.startsWith('/storage') ? error(403, 'No access.') : {}))
  await expect(check(refusing.call)).rejects.toBeInstanceOf(CredentialsRefused)
})
