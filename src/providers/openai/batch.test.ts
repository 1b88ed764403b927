import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { VendorUnavailable } from '../../domain/errors.ts'
import type { Clock } from '../../kit/clock.ts'
import { openHttp } from '../../kit/http.ts'
import { type Call, CredentialsRefused, type Mark, PrepareRefused, type Upload } from '../contract.ts'
import { openai } from './index.ts'

const { batch, check } = openai

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

const key = 'sk-secret-0123456789'
const clock: Clock = { speed: 1, now: () => 0, real: () => 0, sleep: async () => {} }

/** A vendor that answers as the test says; what it was asked is in `asked`. */
async function vendor(answer: (asked: Asked) => Reply): Promise<{ call: Call; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    } catch {
      return // the client went away
    }
    const body = Buffer.concat(chunks).toString()
    const one = {
      method: request.method ?? '',
      path: (request.url ?? '').replace('/v1', ''),
      headers: request.headers,
      body,
    }
    asked.push(one)
    const { status = 200, json, text = JSON.stringify(json ?? {}), headers } = answer(one)
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    })
    response.end(text)
    if (headers?.['content-length']) response.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const http = openHttp({ clock })
  closing.push(
    () => http.close(),
    () => server.close(),
  )
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`
  return { call: { baseUrl, apiKey: key, headers: { 'OpenAI-Project': 'proj_1' }, http, clock }, asked }
}
const always = (reply: Reply) => () => reply
const envelope = (message: string, code: string | null = null) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
})
const html = { text: '<!doctype html><title>Sign in</title>', headers: { 'content-type': 'text/html; charset=utf-8' } }

const uploadOf = (text: string, bytes = Buffer.byteLength(text)): Upload => ({
  key: 'abcdefghijklmnopqrst',
  endpoint: '/v1/chat/completions',
  model: 'm',
  rows: 1,
  bytes,
  async *body() {
    yield Buffer.from(text.slice(0, 3))
    yield Buffer.from(text.slice(3))
  },
})
const prepared = {
  fileId: 'file-1',
  key: 'abcdefghijklmnopqrst',
  endpoint: '/v1/chat/completions',
  model: 'm',
  rows: 1,
}
const object = { id: 'batch_1', object: 'batch', status: 'validating', input_file_id: 'file-1', created_at: 1000 }

describe('Preparing at OpenAI', () => {
  test('uploads one file, as long as it says, under its key', async () => {
    const { call, asked } = await vendor(always({ json: { id: 'file-9', bytes: 9 } }))
    expect(await batch.prepare(call, uploadOf('{"row":1}'))).toEqual({ ...prepared, fileId: 'file-9' })
    const [{ method, path, headers, body }] = asked as [Asked]
    expect({ method, path }).toEqual({ method: 'POST', path: '/files' })
    expect(headers).toMatchObject({
      authorization: `Bearer ${key}`,
      'openai-project': 'proj_1',
      'content-length': String(Buffer.byteLength(body)),
    })
    const form = await new Response(body, { headers: { 'content-type': String(headers['content-type']) } }).formData()
    expect(form.get('purpose')).toBe('batch')
    const file = form.get('file') as File
    expect(file.name).toBe('abcdefghijklmnopqrst.jsonl')
    expect(await file.text()).toBe('{"row":1}')
  })

  test.each([
    ['another length than was sent', { json: { id: 'file-9', bytes: 8 } }],
    ['no id', { json: { object: 'file' } }],
    ['a page', html],
    ['a gateway that failed', { status: 502, ...html }],
    ['a 404 in nobody’s words', { status: 404 }],
    ['a conflict', { status: 409, json: envelope('try again') }],
  ])('can be tried again after %s', async (_, reply: Reply) => {
    const { call, asked } = await vendor(always(reply))
    await expect(batch.prepare(call, uploadOf('{"row":1}'))).rejects.toBeInstanceOf(VendorUnavailable)
    expect(asked).toHaveLength(1)
  })

  test.each([
    [400, envelope('Invalid file format for Batch API. Must be .jsonl'), 'whole'],
    [401, envelope('Incorrect API key provided', 'invalid_api_key'), 'credentials'],
    [413, envelope('File too large'), 'too_large'],
    [429, envelope('Slow down', 'slow_down'), 'rate'],
  ])('is refused by %i', async (status, json, kind) => {
    const { call } = await vendor(always({ status, json, headers: { 'retry-after': '3' } }))
    const error = await batch.prepare(call, uploadOf('{"row":1}')).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(PrepareRefused)
    expect((error as PrepareRefused).refusal).toMatchObject({ kind, message: json.error.message, retryAfterMs: 3000 })
  })

  test('passes on a fault of our own bytes as it is', async () => {
    const { call } = await vendor(always({ json: { id: 'file-9' } }))
    await expect(batch.prepare(call, uploadOf('{"row":1}', 10))).rejects.not.toBeInstanceOf(VendorUnavailable)
    const fault = new Error('the segment is gone')
    const upload = {
      ...uploadOf('{"row":1}'),
      body: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(fault) }) }),
    }
    await expect(batch.prepare(call, upload)).rejects.toBe(fault)
  })
})

describe('Buying at OpenAI', () => {
  test('asks for the prepared file, marked with its key', async () => {
    const { call, asked } = await vendor(always({ json: { ...object, metadata: { redeye: prepared.key } } }))
    const bought = await batch.buy(call, prepared, async () => true)
    expect(bought).toMatchObject({
      kind: 'bought',
      remote: { id: 'batch_1', state: 'open', key: prepared.key, fileId: 'file-1', createdAt: 1_000_000 },
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      method: 'POST',
      path: '/batches',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    })
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      input_file_id: 'file-1',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { redeye: prepared.key },
    })
  })

  test('is withheld when the byte may not leave, and the vendor has seen no purchase', async () => {
    const { call, asked } = await vendor(always({ json: object }))
    expect(await batch.buy(call, prepared, async () => false)).toEqual({ kind: 'withheld' })
    expect(asked).toEqual([])
  })

  test.each([
    [400, { json: envelope('Missing required parameter') }, 'whole'],
    [400, { json: envelope('Cannot find file file-1, or project proj_1 does not have access to it.') }, 'file'],
    [401, { json: envelope('Incorrect API key', 'invalid_api_key') }, 'credentials'],
    [429, { json: envelope('Rate limit reached', 'rate_limit_exceeded') }, 'rate'],
    [429, { json: envelope('You exceeded your current quota', 'insufficient_quota') }, 'billing'],
    [
      429,
      { json: envelope('Enqueued token limit reached. Limit: 90,000 enqueued tokens.', 'token_limit_exceeded') },
      'quota',
    ],
  ])('is refused by %i in the words of the vendor', async (status, reply, kind) => {
    const { call, asked } = await vendor(always({ status, ...reply }))
    expect(await batch.buy(call, prepared, async () => true)).toMatchObject({ kind: 'refused', refusal: { kind } })
    expect(asked).toHaveLength(1)
  })

  test.each<[string, Reply]>([
    ['500', { status: 500, json: envelope('The server had an error') }],
    ['502', { status: 502, ...html }],
    ['503', { status: 503, json: envelope('overloaded', 'server_is_overloaded'), headers: { 'retry-after': '0' } }],
    ['408', { status: 408, json: envelope('timeout') }],
    ['409', { status: 409, json: envelope('conflict') }],
    ['400 in nobody’s words', { status: 400, ...html }],
    ['404 {}', { status: 404 }],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
    ['200 and a page', html],
    ['200 and half an object', { text: '{"id":"batch_1","status":"valid' }],
    ['200 without an id', { json: { object: 'batch', status: 'validating' } }],
    ['200 about another file', { json: { ...object, input_file_id: 'file-2' } }],
    ['201 with an error', { status: 201, json: envelope('odd') }],
  ])('is unsure after %s, and asked once', async (_, reply) => {
    const { call, asked } = await vendor(always(reply))
    expect(await batch.buy(call, prepared, async () => true)).toMatchObject({ kind: 'unsure', why: expect.any(String) })
    expect(asked).toHaveLength(1)
  })

  test('is refused when there was no connection to write to', async () => {
    const { call } = await vendor(always({}))
    const nowhere = { ...call, baseUrl: 'http://127.0.0.1:1/v1' }
    expect(await batch.buy(nowhere, prepared, async () => true)).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'unavailable', code: 'ECONNREFUSED' },
    })
  })

  test.each([408, 502])('is withheld when the vendor gave up (%i) before it had the last byte', async (status) => {
    const impatient = createServer((_, response) => response.writeHead(status, { connection: 'close' }).end())
    await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve))
    closing.push(() => impatient.close())
    const { call } = await vendor(always({}))
    const baseUrl = `http://127.0.0.1:${(impatient.address() as AddressInfo).port}/v1`
    expect(await batch.buy({ ...call, baseUrl }, prepared, () => new Promise<boolean>(() => {}))).toEqual({
      kind: 'withheld',
    })
  })

  test('never tells the key, even when the vendor does', async () => {
    const { call } = await vendor(always({ status: 401, json: envelope(`Incorrect API key: ${key}`) }))
    expect(JSON.stringify(await batch.buy(call, prepared, async () => true))).not.toContain(key)
    await expect(batch.poll(call, 'batch_1')).rejects.toThrow(/Incorrect API key: \[redacted\]/)
  })
})

/** A list in pages of `size`, as the vendor would cut it. */
const listing =
  (all: readonly { id: string }[], size: number) =>
  ({ path }: Asked) => {
    const after = /after=([^&]+)/.exec(path)?.[1]
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
    return { json: { object: 'list', data: all.slice(from, from + size), has_more: from + size < all.length } }
  }
/** Submissions created at these seconds, `b0` first. */
const at = (...seconds: number[]) =>
  seconds.map((created_at, index) => ({
    id: `b${index}`,
    status: 'in_progress',
    input_file_id: `file-${index}`,
    created_at,
  }))
const idsOf = async (call: Call, since: number) =>
  (await Array.fromAsync(batch.list(call, since * 1000))).map(({ id }) => id)

describe('The list of submissions', () => {
  test('is read page by page, one page beyond the time asked for', async () => {
    const { call, asked } = await vendor(listing(at(900, 800, 700, 600, 500, 400, 300, 200), 2))
    expect(await idsOf(call, 650)).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', 'b5'])
    expect(asked.map(({ path }) => path)).toEqual([
      '/batches?limit=100',
      '/batches?limit=100&after=b1',
      '/batches?limit=100&after=b3',
    ])
  })

  test('is read on past one that is older than its neighbours', async () => {
    const { call } = await vendor(listing(at(5000, 100, 4000, 3000), 2))
    expect(await idsOf(call, 3500)).toHaveLength(4)
  })

  test('is read to its end when the oldest come first', async () => {
    const { call } = await vendor(listing(at(100, 200, 300, 400, 5000, 6000), 2))
    expect(await idsOf(call, 4500)).toHaveLength(6)
  })

  test('is read to its end when it stands in no order', async () => {
    const { call } = await vendor(listing(at(9000, 100, 8000, 50, 40, 30, 7000), 2))
    expect(await idsOf(call, 6000)).toContain('b6')
  })

  test('that repeats a page for ever is given up', async () => {
    const { call } = await vendor(always({ json: { data: at(900, 800), has_more: true } }))
    await expect(idsOf(call, 0)).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('of a vendor that says nothing of pages and cannot turn them is what it shows', async () => {
    const all = at(...Array.from({ length: 100 }, (_, number) => 900 - number))
    const { call, asked } = await vendor(always({ json: { object: 'list', data: all } }))
    expect(await idsOf(call, 0)).toEqual(all.map(({ id }) => id))
    expect(asked).toHaveLength(2)
  })

  test.each<[string, Reply]>([
    ['is not offered', { status: 404 }],
    ['is a page', html],
    ['has no data', { json: { object: 'list' } }],
    ['holds what is no submission', { json: { data: [{ status: 'completed' }] } }],
  ])('proves no absence when it %s', async (_, reply) => {
    const { call } = await vendor(always(reply))
    await expect(batch.find(call, mark)).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('is refused to a key that is not good for it', async () => {
    for (const status of [401, 403]) {
      const { call } = await vendor(always({ status, json: envelope('no') }))
      await expect(idsOf(call, 0)).rejects.toBeInstanceOf(CredentialsRefused)
    }
  })
})

const mark: Mark = { key: 'abcdefghijklmnopqrst', fileId: 'file-2', rows: 1, sentAt: 1_000_000, sendBy: 1_060_000 }

describe('Looking for a purchase whose answer was lost', () => {
  test('finds it by its mark', async () => {
    const marked = at(900, 800, 700).map((one, index) => ({
      ...one,
      input_file_id: null,
      metadata: index === 1 ? { redeye: mark.key } : {},
    }))
    const { call } = await vendor(listing(marked, 1))
    expect(await batch.find(call, mark)).toMatchObject({ kind: 'found', remote: { id: 'b1' } })
  })

  test('finds it by its file where the vendor keeps no mark', async () => {
    const { call } = await vendor(listing(at(900, 800, 700), 2))
    expect(await batch.find(call, mark)).toMatchObject({ kind: 'found', remote: { id: 'b2' } })
    expect(await batch.find(call, { ...mark, fileId: 'file-7' })).toEqual({ kind: 'absent' })
    expect(await batch.find(call, { ...mark, fileId: null })).toEqual({ kind: 'absent' })
  })

  test('looks back ten minutes before it was sent', async () => {
    const { call } = await vendor(listing(at(3000, 2000, 500, 450, 401, 300, 200), 1))
    expect(await batch.find(call, { ...mark, fileId: 'file-4' })).toMatchObject({ kind: 'found', remote: { id: 'b4' } })
    expect(await batch.find(call, { ...mark, fileId: 'file-6' })).toEqual({ kind: 'absent' })
  })
})

describe('The fence', () => {
  test('is up when the file is gone', async () => {
    for (const reply of [
      { json: { id: 'file-2', deleted: true } },
      { status: 404, json: envelope('No such File object') },
    ]) {
      const { call, asked } = await vendor(always(reply))
      await batch.fence?.(call, mark)
      expect(asked).toMatchObject([{ method: 'DELETE', path: '/files/file-2' }])
    }
  })

  test.each<[string, Reply]>([
    ['keeps the file', { json: { id: 'file-2', deleted: false } }],
    ['answers with the file', { json: { id: 'file-2', object: 'file' } }],
    ['knows no such call', { status: 404 }],
    ['fails', { status: 500 }],
  ])('is not up when the vendor %s', async (_, reply) => {
    const { call } = await vendor(always(reply))
    await expect(batch.fence?.(call, mark)).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('is needed for no file that there never was', async () => {
    const { call, asked } = await vendor(always({}))
    await batch.fence?.(call, { ...mark, fileId: null })
    expect(asked).toEqual([])
  })
})

describe('A look at a submission', () => {
  test('tells how it stands', async () => {
    const { call, asked } = await vendor(always({ json: { ...object, status: 'finalizing' } }))
    expect(await batch.poll(call, 'batch/1')).toMatchObject({ id: 'batch_1', state: 'open', vendorState: 'finalizing' })
    expect(asked[0]?.path).toBe('/batches/batch%2F1')
  })

  test('tells when the vendor does not know it', async () => {
    for (const json of [envelope('No batch found'), {}]) {
      const { call } = await vendor(always({ status: 404, json }))
      expect(await batch.poll(call, 'batch_1')).toBeUndefined()
    }
  })

  test.each<[string, Reply]>([
    ['a page of somebody else', { status: 404, ...html }],
    ['an outage', { status: 503 }],
    ['no submission', { json: { id: 'batch_1' } }],
  ])('tells nothing by %s', async (_, reply) => {
    const { call } = await vendor(always(reply))
    await expect(batch.poll(call, 'batch_1')).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('is refused to a wrong key, which is no failure of the submission', async () => {
    const { call } = await vendor(always({ status: 401, json: envelope('Incorrect API key') }))
    await expect(batch.poll(call, 'batch_1')).rejects.toBeInstanceOf(CredentialsRefused)
  })
})

describe('Cancelling', () => {
  test('gives what the vendor made of it', async () => {
    const { call, asked } = await vendor(always({ json: { ...object, status: 'cancelling' } }))
    expect(await batch.cancel(call, 'batch_1')).toMatchObject({ state: 'cancelling' })
    expect(asked).toMatchObject([{ method: 'POST', path: '/batches/batch_1/cancel' }])
  })

  test.each([400, 409])('too late (%i) gives what it has come to', async (status) => {
    const completed = { ...object, status: 'completed', output_file_id: 'file-3' }
    const { call } = await vendor(({ method }) =>
      method === 'POST' ? { status, json: envelope('Cannot cancel') } : { json: completed },
    )
    expect(await batch.cancel(call, 'batch_1')).toMatchObject({
      state: 'ended',
      files: [{ id: 'file-3', role: 'output' }],
    })
  })

  test('what the vendor does not know gives nothing', async () => {
    const { call } = await vendor(always({ status: 404, json: envelope('No batch found') }))
    expect(await batch.cancel(call, 'batch_1')).toBeUndefined()
  })
})

describe('A result file', () => {
  const file = { id: 'file-3', role: 'output' } as const
  const read = async (call: Call) =>
    Buffer.concat(await Array.fromAsync((await batch.open(call, file)).body)).toString()

  test('comes as its bytes, with their number', async () => {
    const { call, asked } = await vendor(
      always({ text: '{"a":1}\n', headers: { 'content-type': 'application/octet-stream' } }),
    )
    expect((await batch.open(call, file)).bytes).toBe(8)
    expect(await read(call)).toBe('{"a":1}\n')
    expect(asked[0]).toMatchObject({ path: '/files/file-3/content', headers: { 'accept-encoding': 'identity' } })
  })

  test('may be empty', async () => {
    const { call } = await vendor(always({ text: '' }))
    expect(await read(call)).toBe('')
  })

  test.each<[string, Reply]>([
    ['stops short', { text: '{"a":1}\n', headers: { 'content-length': '9' } }],
    ['is a page by its type', { ...html }],
    ['is a page by its bytes', { text: '<html>' }],
    ['is compressed though we take none', { text: 'x', headers: { 'content-encoding': 'gzip' } }],
    ['is not there', { status: 404, json: envelope('No such File object') }],
    ['is not to be had now', { status: 502, ...html }],
  ])('is not taken when it %s', async (_, reply) => {
    const { call } = await vendor(always(reply))
    await expect(read(call)).rejects.toBeInstanceOf(VendorUnavailable)
  })

  test('is refused to a wrong key', async () => {
    const { call } = await vendor(always({ status: 403, json: envelope('no') }))
    await expect(read(call)).rejects.toBeInstanceOf(CredentialsRefused)
  })

  test('is deleted once, a missing one too', async () => {
    for (const reply of [{ json: { deleted: true } }, { status: 404 }]) {
      const { call, asked } = await vendor(always(reply))
      await batch.remove(call, 'file-3')
      expect(asked).toMatchObject([{ method: 'DELETE', path: '/files/file-3' }])
    }
    const { call } = await vendor(always({ status: 500 }))
    await expect(batch.remove(call, 'file-3')).rejects.toBeInstanceOf(VendorUnavailable)
  })
})

describe('Checking the account', () => {
  test('costs nothing and tells whose key it is', async () => {
    const headers = { 'openai-organization': 'acme' }
    const { call, asked } = await vendor(always({ json: { data: [] }, headers }))
    expect(await check(call)).toMatchObject({ scope: 'acme/proj_1', detail: expect.stringContaining('acme/proj_1') })
    expect(asked).toMatchObject([{ method: 'GET', path: '/batches?limit=100' }])
  })

  test('tells a wrong key from a wrong address', async () => {
    const wrongKey = await vendor(always({ status: 401, json: envelope('Incorrect API key') }))
    await expect(openai.check(wrongKey.call)).rejects.toBeInstanceOf(CredentialsRefused)
    const wrongPlace = await vendor(always({ status: 404, ...html }))
    await expect(openai.check(wrongPlace.call)).rejects.toMatchObject({
      code: 'vendor_unavailable',
      hint: expect.stringContaining('OPENAI_BASE_URL'),
    })
  })
})
