import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { BadInput, UnreadableInput } from '../domain/errors.ts'
import { BytePool } from '../kit/byte-pool.ts'
import type { BlobStore } from '../stores/contract.ts'
import { type IntakeOptions, intakeRequests } from './intake.ts'
import { emptyRecord, type IndexRecord, type Manifest, RECORD_BYTES, readRecord } from './manifest.ts'

const pool = new BytePool()
const folder = mkdtempSync(join(tmpdir(), 'redeye-intake-'))
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const line = (id: unknown, body: object = { model: 'm', messages: [] }, more: object = {}): string =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body, ...more })

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The blob store of these tests: what is put is kept in memory. */
function kept(): { blobs: BlobStore; bytes: Map<string, Buffer> } {
  const bytes = new Map<string, Buffer>()
  const blobs = {
    put: async (name: string) => {
      const parts: Buffer[] = []
      return {
        get bytes() {
          return parts.reduce((sum, { length }) => sum + length, 0)
        },
        write: async (chunk: Uint8Array) => void parts.push(Buffer.from(chunk)),
        commit: async () => void bytes.set(name, Buffer.concat(parts)),
        abort: async () => {},
      }
    },
    clone: async () => false,
    openLocal: async (name: string) => {
      const blob = bytes.get(name) as Buffer
      return {
        bytes: blob.length,
        read: async (into: Uint8Array, position: number) => blob.copy(into, 0, position, position + into.length),
        close: async () => {},
      }
    },
    delete: async (name: string) => void bytes.delete(name),
  } as unknown as BlobStore
  return { blobs, bytes }
}

interface Taken {
  readonly manifest: Manifest
  readonly records: readonly IndexRecord[]
  readonly ids: readonly unknown[]
  readonly bodies: readonly unknown[]
  readonly lines: readonly number[]
}

async function take(sources: Parameters<typeof intakeRequests>[0], options: IntakeOptions = {}): Promise<Taken> {
  const { blobs, bytes } = kept()
  const ports = {
    blobs,
    pool,
    folder: 'in',
    fetchFile: async () => {},
    scratch: join(folder, `scratch-${randomBytes(4).toString('hex')}`),
  }
  const manifest = await intakeRequests(sources, ports, options)
  const index = bytes.get(manifest.index) as Buffer
  const carry = bytes.get(manifest.carry) as Buffer
  const segment = bytes.get(manifest.segments[0] as string) as Buffer
  const view = new DataView(index.buffer, index.byteOffset, index.length)
  const records = Array.from({ length: manifest.requests }, (_, at) =>
    readRecord(view, at * RECORD_BYTES, emptyRecord()),
  )
  const text = (from: Buffer, at: number, length: number): unknown => JSON.parse(from.toString('utf8', at, at + length))
  return {
    manifest,
    records,
    ids: records.map(({ carryOffset, carryLength }) => text(carry, carryOffset, carryLength)),
    bodies: records.map(({ bodyOffset, bodyLength }) => text(segment, bodyOffset, bodyLength)),
    lines: records.map((record) => record.line),
  }
}

const refusal = async (content: string | Uint8Array): Promise<string[]> => {
  const error = await take([file('bad.jsonl', content)]).catch((thrown: unknown) => thrown)
  if (!(error instanceof BadInput)) throw error
  return error.problems.map(({ line: number, message }) => `${number}: ${message}`)
}

test('takes what a careful reader would take: BOM, CRLF, blank lines, no final newline', async () => {
  const content = `\uFEFF${line('a')}\r\n\r\n   \n${line('b')}\n\t\n${line('c')}`
  const { ids, lines } = await take([file('odd.jsonl', content)])
  expect(ids).toEqual(['a', 'b', 'c'])
  expect(lines).toEqual([1, 4, 6])
})

test('takes any string as an id, as it is', async () => {
  const ids = ['new\nline', 'a/b\\c', '😀', 'x'.repeat(2048), '', ' ', '"', '\u0007']
  expect((await take([file('ids.jsonl', ids.map((id) => line(id)).join('\n'))])).ids).toEqual(ids)
})

test('keeps every body byte for byte, in order, over chunk borders', async () => {
  const bodies = Array.from({ length: 3000 }, (_, index) => ({
    model: `m${index % 3}`,
    messages: [index, 'é"\\'.repeat(index % 900)],
  }))
  const content = bodies.map((body, index) => line(index.toString(), body)).join('\n')
  expect(content.length).toBeGreaterThan(4 << 20)
  const taken = await take([file('big.jsonl', content)])
  expect(taken.bodies).toEqual(bodies)
  expect(taken.manifest.groups.map(({ model, requests }) => [model, requests])).toEqual([
    ['m0', 1000],
    ['m1', 1000],
    ['m2', 1000],
  ])
})

test('the digest is of the bytes, however they come', async () => {
  const content = Buffer.from(
    Array.from(
      { length: 9000 },
      (_, index) => `${line(`id-${index}`, { model: 'm', messages: ['x'.repeat(700)] })}\n`,
    ).join(''),
  )
  const digests = [
    await take([file('plain.jsonl', content)]),
    await take([file('plain.jsonl.gz', gzipSync(content))]),
    await take([file('zstd-by-content', zstdCompressSync(content))]),
    await take([pieces(content, 100_003)]),
  ].map(({ manifest }) => manifest.digest)
  expect(new Set(digests).size).toBe(1)
  const other = await take([file('other.jsonl', content.subarray(0, content.lastIndexOf(10, content.length - 2) + 1))])
  expect(digests).not.toContain(other.manifest.digest)
})

test("takes Gemini's lines in either spelling, by the kind of their content, and the model in any of its places", async () => {
  const contents = [{ parts: [{ text: '"contents":[] "model":"no"' }] }]
  const requests = [
    { model: 'models/gemini-a', contents, generationConfig: { temperature: 0, maxOutputTokens: 70 } },
    { contents, generation_config: { max_output_tokens: 71 }, model: 'gemini-a' },
    { generationConfig: { candidateCount: 1 }, contents },
    { contents },
    { model: 'models/gemini-e', content: { parts: [{ text: 'x' }] }, outputDimensionality: 4 },
    { model: 'tunedModels/mine', contents },
  ]
  // Twice as many lines as there are shapes: each shape is read whole and by its stem.
  const lines = [...requests, ...requests].flatMap((request, at) => [
    JSON.stringify({ key: `one-${at}`, request }),
    JSON.stringify({ key: `two-${at}`, request, more: { custom_id: 'no', request: 'no' } }),
    `{ "request": ${JSON.stringify(request)}, "key": "three-${at}" }`,
  ])
  const taken = await take([file('gemini.jsonl', lines.join('\n'))])
  expect(taken.bodies).toEqual([...requests, ...requests].flatMap((request) => [request, request, request]))
  expect(taken.ids).toEqual([...requests, ...requests].flatMap((_, at) => [`one-${at}`, `two-${at}`, `three-${at}`]))
  expect(taken.manifest.groups).toEqual([
    expect.objectContaining({
      endpoint: ':generateContent',
      model: 'gemini-a',
      requests: 12,
      outputMax: 6 * (70 + 71),
      outputMaxStated: 12,
    }),
    expect.objectContaining({ endpoint: ':generateContent', model: '', requests: 12, outputMax: 0 }),
    expect.objectContaining({ endpoint: ':embedContent', model: 'gemini-e', requests: 6 }),
    expect.objectContaining({ endpoint: ':generateContent', model: 'tunedModels/mine', requests: 6 }),
  ])
})

test('a line of two kinds is of neither, and says what to write', async () => {
  const request = { contents: [] }
  const body = { model: 'm', messages: [] }
  const bad = [
    { custom_id: 'a', request },
    { key: 'b', method: 'POST', url: '/v1/chat/completions', body },
    { key: 'c', request, params: body },
  ]
  expect(await refusal(bad.map((one) => JSON.stringify(one)).join('\n'))).toEqual([
    '1: "custom_id" has no place in a line with "request"; write {"key": …, "request": {…}}',
    '2: "custom_id" is missing; a line with "body" has that instead of "key"',
    '3: "request" and "params" are in one line; it can have one of them',
  ])
  // What is no id of a line is nothing to it.
  const odd = [
    { key: 5, ...JSON.parse(line('d')) },
    { ...JSON.parse(line('e')), key: 'x' },
    { key: 'y', ...JSON.parse(line('f')) },
  ]
  expect((await take([file('odd.jsonl', odd.map((one) => JSON.stringify(one)).join('\n'))])).ids).toEqual([
    'd',
    'e',
    'f',
  ])
})

test('several files are one job, each with its own line numbers', async () => {
  const first = file('one.jsonl', `${line('a')}\n${line('b')}`)
  const second = file('two.jsonl', `\n${line('c')}\n`)
  const { ids, lines } = await take([first, second])
  expect(ids).toEqual(['a', 'b', 'c'])
  expect(lines).toEqual([1, 2, 2])
})

test('takes ten thousand levels and a line of fifty megabytes', { timeout: 60_000 }, async () => {
  const deep = `{"custom_id":"deep","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`
  const long = line('long', { model: 'm', messages: ['y'.repeat(50_000_000)] })
  const { ids, manifest } = await take([file('huge.jsonl', `${deep}\n${long}\n${line('after')}\n`)])
  expect(ids).toEqual(['deep', 'long', 'after'])
  expect(manifest.bodyBytes).toBeGreaterThan(50_000_000)
})

test('counts embedding inputs: strings, lists of strings, lists of tokens, lists of lists', async () => {
  const inputs = ['one', ['a', 'b', 'c'], [1, 2, 3], [[1, 2], [3]]]
  const rows = inputs.map((input, index) => line(`${index}`, { model: 'e', input }, { url: '/v1/embeddings' }))
  expect((await take([file('embed.jsonl', rows.join('\n'))])).manifest.groups).toMatchObject([
    { requests: 4, inputs: 1 + 3 + 1 + 2 },
  ])
})

test('counts the inputs that are meant, and keeps that vectors are wanted as base64', async () => {
  const body = (members: string) =>
    `{"custom_id":"${members.length}","method":"POST","url":"/v1/embeddings","body":{"model":"e",${members}}}`
  const lines = [
    '"input":["a","b"]',
    '"input":["a","b"],"encoding_format":"base64"',
    '"encoding_format":"base64","input":["a","b","c","d"]',
    '"encoding_format":"base64","input":["a"]',
    '"input":"abc","encoding\\u005fformat":"base64"',
    '"input":"abc","encoding_format":"float"',
    '"input":["a","b"],"encoding_format":"base64","encoding_format":null',
    '"input":["a","b"],"input":"the last one counts, as it does to who reads JSON"',
  ]
  const { records } = await take([file('base64.jsonl', lines.map(body).join('\n'))])
  expect(records.map(({ inputs, base64 }) => [inputs, base64])).toEqual([
    [2, false],
    [2, true],
    [4, true],
    [1, true],
    [1, true],
    [1, false],
    [2, false],
    [1, false],
  ])
})

test('other endpoints pass with a model and an object', async () => {
  const { manifest } = await take([file('moderate.jsonl', line('a', { model: 'omni' }, { url: '/v1/moderations' }))])
  expect(manifest.groups).toMatchObject([{ endpoint: '/v1/moderations', model: 'omni' }])
})

test('every bad line is named, with what is wrong', async () => {
  const bad = [
    '{"custom_id": "x"',
    '[]',
    line(7),
    line('no-url', {}, { url: undefined }),
    line('model', { messages: [] }),
    line('messages', { model: 'm', messages: 'text' }),
    line('none', { model: 'm' }),
    line('stream', { model: 'm', messages: [], stream: true }),
    line('get', { model: 'm', messages: [] }, { method: 'GET' }),
    '{"custom_id":"a","method":"POST","url":"/v1/x","body":[]}',
    `${line('tail')} x`,
    '{"custom_id":"closer","method":"POST","url":"/v1/x","body":{"model":"m"}]',
  ]
  const messages = await refusal([line('good'), ...bad].join('\n'))
  expect(messages.map((message) => message.replace(/at byte \d+/, 'at byte N'))).toEqual([
    '2: invalid JSON at byte N: the text ends inside an object or array',
    '3: a JSON object is expected',
    '4: "custom_id" must be a string',
    '5: "url" is missing',
    '6: "body.model" is missing',
    '7: "body.messages" must be an array',
    '8: "body.messages" is missing',
    '9: "body.stream" is true; a batch cannot stream',
    '10: "method" must be "POST", not "GET"',
    '11: "body" must be an object',
    '12: invalid JSON at byte N: text after the JSON value',
    '13: invalid JSON at byte N: a comma or a closing bracket is expected',
  ])
})

test('invalid UTF-8 and NUL are refused with their line', async () => {
  const good = Buffer.from(`${line('a')}\n`)
  const latin = Buffer.from(`${line('caf\u00e9')}\n`, 'latin1')
  const nul = Buffer.from(`${line('x').replace('x', '\0')}\n`)
  expect(await refusal(Buffer.concat([good, latin, nul, good.subarray(0, 0)]))).toEqual([
    '2: not valid UTF-8',
    '3: a NUL byte',
  ])
})

test('ids used twice are refused, also when they are spelled differently', async () => {
  const twice = `${line('a')}\n${line('b')}\n{"custom_id":"\\u0061","method":"POST","url":"/v1/x","body":{"model":"m"}}\n${line('b')}\n`
  const messages = await refusal(twice)
  expect(messages).toHaveLength(2)
  expect(messages[0]).toMatch(/^3: duplicate custom_id "\\u0061", first used at .*bad\.jsonl:1$/)
  expect(messages[1]).toMatch(/^4: duplicate custom_id "b", first used at .*bad\.jsonl:2$/)
})

test('the first hundred problems are shown, all are counted', async () => {
  const error = await take([file('many.jsonl', 'x\n'.repeat(250))]).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BadInput)
  expect((error as BadInput).problems).toHaveLength(100)
  expect((error as BadInput).total).toBe(250)
  expect((error as BadInput).message).toContain('… and 150 more')
})

test('bad lines can be set aside', async () => {
  const rejected: string[] = []
  const reject = async (bytes: Uint8Array, problem: { line: number }): Promise<void> => {
    rejected.push(`${problem.line}: ${Buffer.from(bytes).toString()}`)
  }
  const content = `${line('a')}\nnonsense\n${line('b')}\n${line('a')}\n${line('c')}\n`
  const { ids, manifest } = await take([file('some.jsonl', content)], { skipInvalid: true, reject })
  expect(ids).toEqual(['a', 'b', 'c'])
  expect(manifest).toMatchObject({ requests: 3, skipped: 2, groups: [{ requests: 3 }] })
  expect(rejected).toEqual(['2: nonsense', `4: ${line('a')}`])
})

test('an empty file, a missing one, a folder and a truncated gzip say what they are', async () => {
  const failing = (source: string) => take([source]).catch((error: unknown) => error as Error)
  expect(await failing(file('empty.jsonl', ''))).toMatchObject({
    code: 'unreadable_input',
    message: expect.stringContaining('is empty'),
  })
  expect(await failing(join(folder, 'nowhere'))).toMatchObject({ message: expect.stringContaining('no such file') })
  expect(await failing(folder)).toMatchObject({ message: expect.stringContaining('is a folder') })
  const cut = gzipSync(Buffer.from(`${line('a', { model: 'm', messages: [randomBytes(4000).toString('hex')] })}\n`))
  const truncated = await failing(file('cut.jsonl.gz', cut.subarray(0, cut.length - 900)))
  expect(truncated).toBeInstanceOf(UnreadableInput)
  expect((truncated as Error).message).toContain('truncated')
})

test('a line beyond the largest is refused before it fills the memory', { timeout: 60_000 }, async () => {
  const chunk = Buffer.alloc(1 << 20, 97)
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${line('a')}\n`)
    for (let sent = 0; sent < 100; sent++) yield chunk
  }
  const error = await take([endless()]).catch((thrown: unknown) => thrown)
  expect((error as BadInput).problems).toMatchObject([{ line: 2, message: expect.stringContaining('longer than') }])
})
