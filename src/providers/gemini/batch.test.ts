import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { VendorUnavailable } from '../../domain/errors.ts'
import type { Clock } from '../../kit/clock.ts'
import { openHttp } from '../../kit/http.ts'
import { type Call, CredentialsRefused, type Mark, PrepareRefused, ResultsGone, type Upload } from '../contract.ts'
import { gemini } from './index.ts'

const { batch, check } = gemini
const fixture = (name: string) => JSON.parse(readFileSync(new URL(`__fixtures__/${name}`, import.meta.url), 'utf8'))

interface Asked {
  readonly method: string
  /** Path and query, below the base URL. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
interface Reply {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

const apiKey = 'AIza-secret-0123456789'
const clock: Clock = { speed: 1, now: () => 0, real: () => 0, sleep: async () => {} }
const prefix = '/some/proxy'

/** A vendor that answers as the test says; what it was asked is in `asked`. */
async function vendor(answer: (asked: Asked) => Reply): Promise<{ call: Call; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const one = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(prefix, ''),
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    asked.push(one)
    const { status = 200, json, text = JSON.stringify(json ?? {}), headers } = answer(one)
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const http = openHttp({ clock })
  closing.push(
    () => http.close(),
    () => server.close(),
  )
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}/`
  return { call: { baseUrl, apiKey, headers: {}, http, clock }, asked }
}
const envelope = (code: number, message: string, status = '') => ({
  status: code,
  json: { error: { code, message, status } },
})
const html = { text: '<!doctype html><title>Sign in</title>', headers: { 'content-type': 'text/html; charset=utf-8' } }
const gone = envelope(403, 'You do not have permission to access the File f or it may not exist.', 'PERMISSION_DENIED')

const text = '{"key":"a","request":{}}\n'
const upload: Upload = {
  key: 'abcdefghijklmnopqrst',
  endpoint: ':generateContent',
  model: 'gemini-3.5-flash',
  rows: 1,
  bytes: text.length,
  async *body() {
    yield Buffer.from(text)
  },
}
const mark: Mark = { key: upload.key, fileId: 'files/f', rows: 1, sentAt: 0, sendBy: 1 }

/** Where the bytes go; by a host of its own, as a vendor behind a proxy would say. */
const address = `https://upload.example${prefix}/upload/v1beta/files?upload_id=u1&upload_protocol=resumable`
const uploads =
  (end: Reply, file: Reply = {}): ((asked: Asked) => Reply) =>
  ({ method, path }) => {
    if (method === 'GET') return file
    return path.includes('upload_id') ? end : { headers: { 'x-goog-upload-url': address }, text: '' }
  }
const ended = (more: object = {}, status = 'final'): Reply => ({
  headers: { 'x-goog-upload-status': status },
  json: { file: { name: 'files/f', sizeBytes: String(text.length), state: 'ACTIVE', ...more } },
})

describe('An upload', () => {
  test('is announced with its length, and sent in one piece to the host that we know, without the key', async () => {
    const { call, asked } = await vendor(uploads(ended()))
    expect(await batch.prepare(call, upload)).toMatchObject({ fileId: 'files/f', key: upload.key, rows: 1 })
    const [start, bytes] = asked as [Asked, Asked]
    expect(start).toMatchObject({ method: 'POST', path: '/upload/v1beta/files' })
    expect(start.headers).toMatchObject({
      'x-goog-api-key': apiKey,
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(text.length),
      'x-goog-upload-header-content-type': 'application/jsonl',
    })
    expect(JSON.parse(start.body)).toEqual({
      file: { displayName: 'abcdefghijklmnopqrst.jsonl', mimeType: 'application/jsonl' },
    })
    expect(bytes).toMatchObject({
      method: 'POST',
      path: '/upload/v1beta/files?upload_id=u1&upload_protocol=resumable',
      body: text,
    })
    expect(bytes.headers).toMatchObject({
      'content-length': String(text.length),
      'x-goog-upload-command': 'upload, finalize',
      'x-goog-upload-offset': '0',
    })
    expect(bytes.headers).not.toHaveProperty('x-goog-api-key')
  })

  test('that is still looked at is waited for', async () => {
    let looks = 0
    const { call } = await vendor((asked) => {
      if (asked.method === 'GET') looks++
      const state = looks < 3 ? 'PROCESSING' : 'ACTIVE'
      return uploads(ended({ state: 'PROCESSING' }), { json: { name: 'files/f', state } })(asked)
    })
    expect((await batch.prepare(call, upload)).fileId).toBe('files/f')
    expect(looks).toBe(3)
  })

  test.each([
    ['FAILED', ended({ state: 'FAILED' })],
    ['for ever PROCESSING', ended({ state: 'PROCESSING' })],
  ])('that is %s is refused as a file', async (_, end) => {
    const { call } = await vendor(uploads(end, { json: { name: 'files/f', state: 'PROCESSING' } }))
    const refused = await batch.prepare(call, upload).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(PrepareRefused)
    expect((refused as PrepareRefused).refusal.kind).toBe('file')
  })

  test.each<[string, (asked: Asked) => Reply]>([
    ['has no address', () => ({})],
    ['is not said to be final', uploads(ended({}, 'active'))],
    ['ends without a status', uploads({ json: { file: { name: 'files/f' } } })],
    ['holds fewer bytes', uploads(ended({ sizeBytes: '7' }))],
    ['ends with a page', uploads({ ...html, headers: { ...html.headers, 'x-goog-upload-status': 'final' } })],
    ['fails', uploads(envelope(500, 'Internal error encountered.', 'INTERNAL'))],
  ])('that %s is to be made again', async (_, answer) => {
    const { call } = await vendor(answer)
    await expect(batch.prepare(call, upload)).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('into a full storage is refused for want of quota', async () => {
    const { call } = await vendor(() => envelope(429, 'Resource has been exhausted (e.g. check quota).'))
    const refused = await batch.prepare(call, upload).catch((error: unknown) => error)
    expect((refused as PrepareRefused).refusal.kind).toBe('quota')
  })
})

describe('A purchase', () => {
  const prepared = {
    fileId: 'files/f',
    key: upload.key,
    endpoint: ':generateContent',
    model: 'gemini-3.5-flash',
    rows: 1,
  }
  const operation = {
    name: 'batches/b',
    metadata: { state: 'BATCH_STATE_PENDING', inputConfig: { fileName: 'files/f' } },
  }
  const yes = async () => true

  test('names the model in its address, and is of our key and our file', async () => {
    const { call, asked } = await vendor(() => ({ json: operation }))
    expect(await batch.buy(call, prepared, yes)).toMatchObject({ kind: 'bought', remote: { id: 'b', state: 'open' } })
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/v1beta/models/gemini-3.5-flash:batchGenerateContent' })
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      batch: { displayName: upload.key, inputConfig: { fileName: 'files/f' } },
    })
  })

  test.each<[string, Reply]>([
    ['another file', { json: { ...operation, metadata: { inputConfig: { fileName: 'files/other' } } } }],
    ['a page', html],
    ['half an answer', { text: '{"name":"batches/b"' }],
    ['nothing', {}],
    ['an error of the vendor', envelope(503, 'The model is overloaded.', 'UNAVAILABLE')],
    [
      'a refusal that is not of the vendor',
      { status: 403, text: 'blocked', headers: { 'content-type': 'text/plain' } },
    ],
  ])('that is answered with %s is unsure', async (_, reply) => {
    const { call } = await vendor(() => reply)
    expect((await batch.buy(call, prepared, yes)).kind).toBe('unsure')
  })
})

const listed = (id: string, more: object = {}, createTime = '2026-11-23T10:00:00Z') => ({
  name: `batches/${id}`,
  metadata: { state: 'BATCH_STATE_RUNNING', createTime, ...more },
})

describe('Finding a purchase', () => {
  const pages =
    (...all: readonly object[]): ((asked: Asked) => Reply) =>
    ({ path }) => ({ json: all[Number(new URLSearchParams(path.split('?')[1]).get('pageToken') ?? 0)] })

  test.each([
    ['by its name', { displayName: upload.key }],
    ['by its file', { inputConfig: { fileName: 'files/f' } }],
  ])('works %s, in whatever order the list is, through pages that are empty', async (_, ours) => {
    const old = '2020-01-01T00:00:00Z'
    const { call, asked } = await vendor(
      pages(
        { operations: [listed('x', {}, old)], nextPageToken: '1' },
        { nextPageToken: '2' },
        { operations: [], nextPageToken: '3' },
        { operations: [listed('y', {}, old), listed('ours', ours)], nextPageToken: '' },
      ),
    )
    expect(await batch.find(call, { ...mark, sentAt: Date.now() })).toMatchObject({
      kind: 'found',
      remote: { id: 'ours' },
    })
    expect(asked).toHaveLength(4)
  })

  test('ends where the list ends', async () => {
    const { call } = await vendor(pages({ operations: [listed('x')], nextPageToken: '1' }, {}))
    expect(await batch.find(call, mark)).toEqual({ kind: 'absent' })
  })

  test.each<[string, (asked: Asked) => Reply]>([
    ['one page for ever', () => ({ json: { operations: [listed('x')], nextPageToken: 'again' } })],
    ['empty pages for ever', () => ({ json: { nextPageToken: String(Math.random()) } })],
    ['a page that is none', () => html],
    ['what is no batch', () => ({ json: { operations: [{ name: 'operations/x' }] } })],
  ])('proves nothing from %s', async (_, answer) => {
    const { call } = await vendor(answer)
    await expect(batch.find(call, mark)).rejects.toBeInstanceOf(VendorUnavailable)
  })
})

describe('Listing', () => {
  const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`
  const since = Date.parse(at(20))

  test('stops behind a page that is older as a whole', async () => {
    const { call, asked } = await vendor(() => ({
      json: { operations: [listed(`b${asked.length}`, {}, at(22 - asked.length))], nextPageToken: `p${asked.length}` },
    }))
    const ids = (await Array.fromAsync(batch.list(call, since))).map(({ id }) => id)
    expect(ids).toEqual(['b1', 'b2', 'b3'])
  })

  test('reads on to the end where the newest do not come first', async () => {
    const days = [10, 12, 3, 4]
    const { call, asked } = await vendor(() => ({
      json: {
        operations: [listed('a', {}, at(days[asked.length - 1] ?? 1)), listed('b', {}, at(15))],
        ...(asked.length < 4 ? { nextPageToken: `p${asked.length}` } : {}),
      },
    }))
    expect(await Array.fromAsync(batch.list(call, since))).toHaveLength(8)
  })
})

describe('A file that is deleted', () => {
  test.each<[string, Reply]>([
    ['is gone', {}],
    ['was gone before', gone],
    ['was never there', envelope(404, 'Requested entity was not found.', 'NOT_FOUND')],
  ])('%s', async (_, reply) => {
    const { call, asked } = await vendor(() => reply)
    await batch.fence(call, mark)
    expect(asked[0]).toMatchObject({ method: 'DELETE', path: '/v1beta/files/f' })
  })

  test.each<[string, Reply]>([
    ['a key that may not', envelope(403, 'The caller does not have permission', 'PERMISSION_DENIED')],
    ['a page', html],
    ['a page that is not found', { ...html, status: 404 }],
  ])('is not surely gone for %s', async (_, reply) => {
    const { call } = await vendor(() => reply)
    await expect(batch.fence(call, mark)).rejects.toThrow()
  })

  test('is none where the results came inside of the batch', async () => {
    const { call, asked } = await vendor(() => ({}))
    await batch.remove(call, 'batches/b')
    expect(asked).toEqual([])
  })
})

describe('Results', () => {
  const content = async (call: Call, id: string) => {
    const { bytes, body } = await batch.open(call, { id, role: 'output' })
    return { bytes, text: Buffer.concat(await Array.fromAsync(body)).toString() }
  }
  const jsonl = {
    headers: { 'content-type': 'application/octet-stream', 'content-length': '14' },
    text: '{"key":"r-1"}\n',
  }

  test('come from the address that the official SDK uses', async () => {
    const { call, asked } = await vendor(() => jsonl)
    expect(await content(call, 'files/batch-b')).toEqual({ bytes: 14, text: jsonl.text })
    expect(asked.map(({ path }) => path)).toEqual(['/v1beta/files/batch-b:download?alt=media'])
  })

  test('come from the address of the guide where the other is not known', async () => {
    const { call, asked } = await vendor(({ path }) =>
      path.startsWith('/download/') ? jsonl : envelope(404, 'Requested entity was not found.', 'NOT_FOUND'),
    )
    expect((await content(call, 'files/batch-b')).text).toBe(jsonl.text)
    expect(asked[1]?.path).toBe('/download/v1beta/files/batch-b:download?alt=media')
  })

  test('are gone where the vendor says so', async () => {
    for (const reply of [gone, envelope(404, 'Requested entity was not found.', 'NOT_FOUND')]) {
      const { call } = await vendor(() => reply)
      await expect(content(call, 'files/batch-b')).rejects.toBeInstanceOf(ResultsGone)
    }
  })

  test.each<[string, Reply, unknown]>([
    ['a page', html, VendorUnavailable],
    ['a page by another name', { ...html, headers: { 'content-type': 'application/octet-stream' } }, VendorUnavailable],
    ['a page that is not found', { ...html, status: 404 }, VendorUnavailable],
    ['a key that may not', envelope(403, 'The caller does not have permission'), CredentialsRefused],
    ['a key that is wrong', { status: 400, json: fixture('error.400.api-key-invalid.json') }, CredentialsRefused],
  ])('are not %s', async (_, reply, error) => {
    const { call } = await vendor(() => reply)
    const refused = await content(call, 'files/batch-b').catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(error)
    expect(refused).not.toBeInstanceOf(ResultsGone)
  })

  test('that came inside of the batch are lines all the same, and no number changes', async () => {
    const operation = fixture('operation.succeeded.inline.json')
    const [first] = operation.response.inlinedResponses.inlinedResponses
    const { call } = await vendor(() => ({
      text: JSON.stringify(operation, null, 2).replaceAll(
        '"promptTokenCount": 6',
        '"promptTokenCount": 90071992547409931',
      ),
    }))
    const { bytes, text: lines } = await content(call, operation.name)
    expect(bytes).toBeNull()
    expect(lines.trim().split('\n')).toHaveLength(operation.response.inlinedResponses.inlinedResponses.length)
    expect(lines.split('\n')[0]).toMatch(
      new RegExp(`^\\{"key":"${first.metadata.key}","response":\\{.*90071992547409931`),
    )
  })
})

describe('Cancelling', () => {
  test('is known to us alone while the batch goes on', async () => {
    const { call, asked } = await vendor(({ method }) => ({ json: method === 'POST' ? {} : listed('b') }))
    expect(await batch.cancel(call, 'b')).toMatchObject({ state: 'cancelling', vendorState: 'RUNNING' })
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/v1beta/batches/b:cancel', body: '{}' })
    expect(await batch.poll(call, 'b')).toMatchObject({ state: 'open' })
  })

  test('what has ended is a look at it', async () => {
    const done = fixture('operation.succeeded.file.json')
    const { call } = await vendor(({ method }) =>
      method === 'POST' ? envelope(400, 'Precondition check failed.', 'FAILED_PRECONDITION') : { json: done },
    )
    expect(await batch.cancel(call, 'b')).toMatchObject({ state: 'ended' })
  })
})

describe('A key', () => {
  test('is checked by a free call, and never repeated in words', async () => {
    const { call, asked } = await vendor(() => ({ json: {} }))
    expect((await check(call)).detail).toContain('takes the key')
    expect(asked[0]).toMatchObject({ path: '/v1beta/batches?pageSize=1', headers: { 'x-goog-api-key': apiKey } })
    const strict = await vendor(() => envelope(401, `No such key: ${apiKey}`, 'UNAUTHENTICATED'))
    const refused = await check(strict.call).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CredentialsRefused)
    expect((refused as Error).message).not.toContain(apiKey)
  })

  test('that is wrong is said to be an invalid argument', async () => {
    const { call } = await vendor(() => ({ status: 400, json: fixture('error.400.api-key-invalid.json') }))
    await expect(batch.poll(call, 'b')).rejects.toBeInstanceOf(CredentialsRefused)
    await expect(batch.find(call, mark)).rejects.toBeInstanceOf(CredentialsRefused)
    await expect(batch.cancel(call, 'b')).rejects.toBeInstanceOf(CredentialsRefused)
  })
})
