import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { crc32c, crc32cText } from '../../src/emulator/gcs/crc32c.ts'
import { shapeOf } from './trial.ts'
import { bucket, golden, lines, type Trial, trial } from './vertex-trial.ts'

const objectPath = (name: string) => `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`
const uploadPath = (type: string, name = 'x.bin') =>
  `/upload/storage/v1/b/${bucket}/o?uploadType=${type}&name=${encodeURIComponent(name)}`
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))

async function session(on: Trial, name = 'x.bin', more = ''): Promise<string> {
  const response = await on.storage(`${uploadPath('resumable', name)}${more}`, { method: 'POST', body: '{}' })
  return response.headers.get('location') ?? ''
}

const part = (url: string, range: string, body?: Buffer) =>
  fetch(url, { method: 'PUT', headers: { 'content-range': range }, ...(body ? { body: new Uint8Array(body) } : {}) })

async function read(on: Trial, name: string, headers: Record<string, string> = {}) {
  const response = await on.storage(`${objectPath(name)}?alt=media`, { headers })
  return { response, body: Buffer.from(await response.arrayBuffer()) }
}

describe('an upload to the storage', () => {
  test('in one piece gives the golden object, with sums that hold', async () => {
    const on = await trial()
    const response = await on.storage(uploadPath('media', 'in/a b.jsonl'), {
      method: 'POST',
      body: new Uint8Array(bytes),
    })
    const object = (await response.json()) as Record<string, string>
    expect(shapeOf(object)).toEqual(shapeOf(golden('gcs.object.json')))
    expect(object).toMatchObject({
      name: 'in/a b.jsonl',
      bucket,
      size: '300000',
      md5Hash: createHash('md5').update(bytes).digest('base64'),
      crc32c: crc32cText(crc32c(bytes)),
    })
    expect(await (await on.storage(objectPath('in/a b.jsonl'))).json()).toEqual(object)
    expect((await read(on, 'in/a b.jsonl')).body.equals(bytes)).toBe(true)
  })

  test('in two parts of one body takes its name and type from the first', async () => {
    const on = await trial()
    const described = JSON.stringify({ name: 'm.jsonl', contentType: 'application/jsonl', metadata: { a: 'b' } })
    const body = `--B\r\ncontent-type: application/json\r\n\r\n${described}\r\n--B\r\ncontent-type: text/plain\r\n\r\nhello\r\n--B--`
    const response = await on.storage(`/upload/storage/v1/b/${bucket}/o?uploadType=multipart`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'multipart/related; boundary=B' },
    })
    expect(await response.json()).toMatchObject({
      name: 'm.jsonl',
      contentType: 'application/jsonl',
      size: '5',
      metadata: { a: 'b' },
    })
  })

  test('in a session goes on where it stopped', async () => {
    const on = await trial()
    const url = await session(on)
    const first = await part(url, 'bytes 0-262143/*', bytes.subarray(0, 262_144))
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-262143'])
    const state = await part(url, 'bytes */300000')
    expect([state.status, state.headers.get('range')]).toEqual([308, 'bytes=0-262143'])
    expect((await part(url, 'bytes 262144-262200/*', bytes.subarray(262_144, 262_201))).status).toBe(400)
    expect((await part(url, 'bytes 280000-299999/300000', bytes.subarray(280_000))).status).toBe(400)
    const last = await part(url, 'bytes 262144-299999/300000', bytes.subarray(262_144))
    expect([last.status, ((await last.json()) as { size: string }).size]).toEqual([200, '300000'])
    expect((await part(url, 'bytes */300000')).status).toBe(200)
    expect((await read(on, 'x.bin')).body.equals(bytes)).toBe(true)
  })

  test('in a session of unknown length, or of none, ends where it is told', async () => {
    const on = await trial()
    const url = await session(on)
    expect((await part(url, 'bytes 0-262143/*', bytes.subarray(0, 262_144))).status).toBe(308)
    expect((await part(url, 'bytes */262144')).status).toBe(200)
    const empty = await session(on, 'empty')
    expect((await part(empty, 'bytes */0')).status).toBe(200)
    const whole = await fetch(await session(on, 'whole'), { method: 'PUT', body: new Uint8Array(bytes) })
    expect(whole.status).toBe(200)
    const fresh = await session(on)
    expect((await part(fresh, 'bytes */*')).headers.get('range')).toBeNull()
    expect((await fetch(fresh, { method: 'DELETE' })).status).toBe(499)
    expect((await part(fresh, 'bytes */*')).status).toBe(410)
  })

  test('asked to create only, does not overwrite', async () => {
    const on = await trial()
    const only = '&ifGenerationMatch=0'
    const put = (more = '') => on.storage(`${uploadPath('media')}${more}`, { method: 'POST', body: 'x' })
    expect((await put(only)).status).toBe(200)
    expect((await put(only)).status).toBe(412)
    const { generation } = (await (await put()).json()) as { generation: string }
    expect((await put(`&ifGenerationMatch=${generation}`)).status).toBe(200)
    expect((await put(`&ifGenerationMatch=${generation}`)).status).toBe(412)
    expect((await on.storage(`${uploadPath('resumable')}${only}`, { method: 'POST' })).status).toBe(412)
  })
})

describe('the storage', () => {
  test('reads in ranges', async () => {
    const on = await trial()
    await on.put('0123456789', 'r')
    const range = async (text: string) => {
      const { response, body } = await read(on, 'r', { range: text })
      return [response.status, response.headers.get('content-range'), body.toString()]
    }
    expect(await range('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await range('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await range('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await range('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await range('bytes=10-')).toEqual([416, 'bytes */10', ''])
    const whole = await on.storage(`/download/storage/v1/b/${bucket}/o/r?alt=media`)
    expect(whole.headers.get('x-goog-hash')).toBe(
      `crc32c=${crc32cText(crc32c(Buffer.from('0123456789')))},md5=eB5eJF1ptWaXm4bijSPyxw==`,
    )
  })

  test('lists by prefix, by folder and by page', async () => {
    const on = await trial()
    for (const name of ['a/1', 'a/2', 'a/b/3', 'a/b/4', 'c']) await on.put('x', name)
    const list = async (query: string) =>
      (await (await on.storage(`/storage/v1/b/${bucket}/o?${query}`)).json()) as {
        items?: { name: string }[]
        prefixes?: string[]
        nextPageToken?: string
      }
    const names = (page: { items?: { name: string }[] }) => page.items?.map(({ name }) => name)
    expect(names(await list('prefix=a%2F'))).toEqual(['a/1', 'a/2', 'a/b/3', 'a/b/4'])
    expect(await list('prefix=z')).toEqual({ kind: 'storage#objects' })
    const folder = await list('prefix=a%2F&delimiter=%2F')
    expect([names(folder), folder.prefixes]).toEqual([['a/1', 'a/2'], ['a/b/']])
    const first = await list('maxResults=3')
    expect(names(first)).toEqual(['a/1', 'a/2', 'a/b/3'])
    const second = await list(`maxResults=3&pageToken=${first.nextPageToken}`)
    expect([names(second), second.nextPageToken]).toEqual([['a/b/4', 'c'], undefined])
    const folders = await list('maxResults=3&delimiter=%2F')
    expect([folders.prefixes, names(folders), folders.nextPageToken]).toEqual([['a/'], ['c'], undefined])
  })

  test('has the golden list, deletes, and finds nothing after', async () => {
    const on = await trial()
    await on.put(lines(1))
    const list = await on.storage(`/storage/v1/b/${bucket}/o?prefix=in`)
    expect(shapeOf(await list.json())).toEqual(shapeOf(golden('gcs.objects-list.json')))
    expect((await on.storage(objectPath('in/input.jsonl'), { method: 'DELETE' })).status).toBe(204)
    const gone = await on.storage(objectPath('in/input.jsonl'))
    expect(gone.status).toBe(404)
    expect(await gone.json()).toMatchObject({ error: { errors: [{ reason: 'notFound' }] } })
    expect((await on.storage(`/storage/v1/b/${bucket}`)).status).toBe(200)
  })

  test('asks for a token', async () => {
    const on = await trial()
    const url = `${on.emulator.baseUrls.gcs}/storage/v1/b/${bucket}/o`
    expect((await fetch(url)).status).toBe(401)
    expect((await fetch(url, { headers: { authorization: 'Bearer ya29.wrong' } })).status).toBe(401)
  })
})

test('the checksum is the one of the standard', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283')
  expect(crc32c(bytes)).toBe(crc32c(bytes.subarray(1000), crc32c(bytes.subarray(0, 1000))))
})
