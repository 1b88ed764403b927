import { describe, expect, test } from 'vitest'
import {
  embedLines,
  flash,
  golden,
  goldenLines,
  line,
  type Operation,
  startUpload,
  type Trial,
  trial,
  type Wire,
} from './gemini-trial.ts'
import { shapeOf } from './trial.ts'

/** Keys that one answer has and another has not, all the way down; `optional` ones may come and go. */
function expectShape(shown: unknown, name: string, optional: readonly string[] = []): void {
  const bare = (value: unknown) =>
    JSON.parse(JSON.stringify(shapeOf(value), (key, inner: unknown) => (optional.includes(key) ? undefined : inner)))
  expect(bare(shown)).toEqual(bare(golden(name)))
}

const slow = { latency: { medianSeconds: 2000, sigma: 0 } }
/** Three lines, of which the last is refused. */
const three = goldenLines('input.generate.jsonl') as object[]
const inlined = golden('create-inline.request.json') as { batch: object }

async function inline(on: Trial, body: unknown = inlined, model = flash): Promise<string> {
  const method = model === flash ? 'batchGenerateContent' : 'asyncBatchEmbedContent'
  return ((await (await on.post(`/v1beta/models/${model}:${method}`, body)).json()) as Wire).name ?? ''
}

async function counted(on: Trial, name: string): Promise<Operation> {
  await expect.poll(async () => (await on.after(name, 0)).metadata.batchStats['requestCount']).toBeDefined()
  return on.after(name, 0)
}

describe('operations have the shape of the golden ones', () => {
  // The counts of a batch that ran half way depend on the moment.
  const counts = ['successfulRequestCount', 'failedRequestCount', 'pendingRequestCount', 'requestCount']

  test('pending and running, from a file and inline', async () => {
    const on = await trial({ latency: { validatingSeconds: 100, medianSeconds: 1000, sigma: 0 } })
    const fromFile = await on.submit(three)
    const fromBody = await inline(on)
    expectShape(await counted(on, fromFile), 'operation.pending.file.json')
    expectShape(await counted(on, fromBody), 'operation.pending.inline.json')
    const emb = await inline(on, golden('create-embeddings-inline.request.json'), 'gemini-embedding-001')
    expectShape(await counted(on, emb), 'operation.embed.pending.json')
    const running = await on.after(fromFile, 150)
    expectShape(running, 'operation.running.file.json', counts)
    expect(running.metadata.state).toBe('BATCH_STATE_RUNNING')
    expectShape(await on.after(fromBody, 0), 'operation.running.inline.json', counts)
  })

  test('succeeded, from a file and inline', async () => {
    const on = await trial()
    expectShape(await on.after(await on.submit(three)), 'operation.succeeded.file.json')
    const done = await on.after(await inline(on))
    const expected = golden('operation.succeeded.inline.json') as Operation
    expect(done.metadata.batchStats).toEqual(expected.metadata.batchStats)
    const keys = (operation: Operation) =>
      operation.response?.inlinedResponses?.inlinedResponses.map((row) => [row.metadata?.key, Object.keys(row).sort()])
    expect(keys(done)).toEqual(keys(expected))
    expect(done.metadata.output?.inlinedResponses).toEqual(done.response?.inlinedResponses)
    // Thoughts may use up a small limit, and then nothing is said.
    const optional = ['thoughtsTokenCount', 'candidatesTokenCount', 'parts']
    expectShape(done, 'operation.succeeded.inline.json', optional)
  })

  test('embeddings, from a file and inline', async () => {
    const on = await trial()
    const model = 'gemini-embedding-001'
    // The golden one leaves inputConfig out; elsewhere it is said that file batches echo it.
    const done = await on.after(await on.submit(embedLines(2), {}, model))
    expectShape(done, 'operation.embed.succeeded.file.json', ['inputConfig'])
    const requests = embedLines(2).map((each) => ({
      request: (each as { request: object }).request,
      metadata: { key: (each as { key: string }).key },
    }))
    const name = await inline(on, { batch: { displayName: 'emb', inputConfig: { requests: { requests } } } }, model)
    expectShape(await on.after(name), 'operation.embed.succeeded.inline.json')
  })

  test('failed, cancelled and expired', async () => {
    const failing = await trial({ scenario: 'batch-failed' })
    expectShape(await failing.after(await failing.submit(three)), 'operation.failed.json')
    const on = await trial(slow)
    const name = await inline(on)
    on.emulator.advance(200)
    await on.post(`/v1beta/${name}:cancel`, {})
    expectShape(await on.after(name, 200), 'operation.cancelled.json', counts)
    const late = await trial({ scenario: 'expire-none' })
    expectShape(await late.after(await inline(late), 49 * 3600), 'operation.expired.json')
  })

  test('lists, empty and paged', async () => {
    const on = await trial()
    expect(await on.json('/v1beta/batches')).toEqual(golden('list.empty.json'))
    await inline(on, golden('create-embeddings-inline.request.json'), 'gemini-embedding-001')
    await on.submit(three)
    const ended = await inline(on)
    on.emulator.advance(7200)
    const first = await on.json('/v1beta/batches?pageSize=2')
    expect(first.operations?.[0]?.name).toBe(ended)
    expectShape(first, 'list.page1.json')
    expect(first.operations?.[0]?.response ?? first.operations?.[0]?.metadata.output).toBeUndefined()
    const second = await on.json(`/v1beta/batches?pageSize=2&pageToken=${first.nextPageToken}`)
    expect(second.operations).toHaveLength(1)
    expect(second.nextPageToken).toBeUndefined()
  })
})

describe('files have the shape of the golden ones', () => {
  test('uploaded, processing, failed and generated', async () => {
    const on = await trial()
    const name = await on.upload(three)
    expectShape(await on.json(`/v1beta/${name}`), 'file.get.active.json')
    const operation = await on.after(await on.submit(three))
    const generated = await on.json(`/v1beta/${operation.response?.responsesFile}`)
    expectShape(generated, 'file.get.generated.json')
    expect(
      await (await fetch(String(generated['downloadUri']), { headers: { 'x-goog-api-key': 'k' } })).text(),
    ).toMatch(/^\{"key"/)
    on.emulator.setScenario('file-processing')
    expectShape(await on.json(`/v1beta/${await on.upload(three)}`), 'file.get.processing.json')
    on.emulator.setScenario('file-failed')
    expectShape(await on.json(`/v1beta/${await on.upload(three)}`), 'file.get.failed.json')
    expectShape(await on.json('/v1beta/files?pageSize=1'), 'files.list.json', ['error'])
  })

  test('the hash is the base64 of the hex digest, and the life is 48 hours', async () => {
    const on = await trial()
    const file = await on.json(`/v1beta/${await on.upload('{}\n')}`)
    expect(Buffer.from(String(file['sha256Hash']), 'base64').toString()).toBe(
      'ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356',
    )
    expect(Date.parse(String(file['expirationTime'])) - Date.parse(String(file['createTime']))).toBe(48 * 3_600_000)
  })
})

describe('rows', () => {
  test('of a result file are the golden ones but for what was said', async () => {
    const on = await trial({ scenario: 'in-order' })
    const { rows } = await on.flown(three)
    const expected = goldenLines('results.generate.jsonl') as typeof rows
    expect(rows.map((row) => [row.key, Object.keys(row).sort()])).toEqual(
      expected.map((row) => [row.key, Object.keys(row).sort()]),
    )
    expect(rows[2]).toEqual(expected[2])
    const optional = (row: unknown) => JSON.stringify(shapeOf(row)).replace(/"thoughtsTokenCount":"number",/g, '')
    expect(optional(rows[0])).toBe(optional(expected[0]))
  })

  test('of embeddings are the golden ones when they do not tell their tokens', async () => {
    const on = await trial({ scenario: ['in-order', 'embed-usage:none'] })
    const { rows } = await on.flown(goldenLines('input.embed.jsonl') as object[], {}, 'gemini-embedding-001')
    expect(shapeOf(rows)).toEqual(shapeOf(goldenLines('results.embed.jsonl')))
    expect(rows.map((row) => [row.key, row.response?.embedding?.values.length])).toEqual([
      ['emb-1', 4],
      ['emb-2', 4],
    ])
  })
})

test('other answers have the shape of the golden ones', async () => {
  const on = await trial()
  const flex = await on.post(`/v1beta/models/${flash}:generateContent`, golden('generate.flex.request.json'))
  expectShape(await flex.json(), 'generate.flex.response.json', ['thoughtsTokenCount'])
  const count = await on.post(`/v1beta/models/${flash}:countTokens`, {
    contents: [{ parts: [{ text: 'Say one, in one word only.' }] }],
  })
  expect(await count.json()).toEqual(golden('count-tokens.response.json'))
  const cache = {
    ...(golden('cache.create.request.json') as object),
    contents: [{ parts: [{ text: 'x'.repeat(17_000) }] }],
  }
  expectShape(await (await on.post('/v1beta/cachedContents', cache)).json(), 'cache.response.json')
  const name = await on.submit(three)
  for (const [init, expected] of [
    [{ path: `/v1beta/${name}:cancel`, method: 'POST' }, 'cancel.response.json'],
    [{ path: `/v1beta/${name}`, method: 'DELETE' }, 'delete.response.json'],
  ] as const) {
    const response = await on.fetch(init.path, { method: init.method, body: '{}' })
    expect(await response.json()).toEqual(golden(expected))
  }
})

describe('errors are the golden ones', () => {
  const all: [string, (on: Trial) => Promise<Response>, boolean][] = [
    ['400.api-key-invalid', (on) => on.fetch('/v1beta/files', { headers: { 'x-goog-api-key': 'AIza-wrong' } }), true],
    [
      '400.invalid-argument',
      (on) => on.post(`/v1beta/models/${flash}:batchGenerateContent`, { batch: { bogus: 1 } }),
      true,
    ],
    ['400.failed-precondition', cancelTwice, true],
    ['403.permission-denied', (on) => goneFile(on), true],
    ['404.not-found', (on) => on.fetch('/v1beta/batches/none'), true],
    ['429.batch-enqueue', (on) => full(on), true],
    ['429.quota', (on) => struck(on, 'storm-429'), false],
    ['500.internal', (on) => struck(on, 'storm-500'), true],
    ['503.unavailable', (on) => struck(on, 'storm-503'), true],
    ['504.deadline', (on) => struck(on, 'create-504-created'), true],
  ]
  test.each(all)('%s', async (name, provoke, exact) => {
    const on = await trial()
    const response = await provoke(on)
    const expected = golden(`error.${name}.json`) as { error: { code: number } }
    expect(response.status).toBe(expected.error.code)
    const shown = (await response.json()) as object
    if (exact) expect(shown).toEqual(expected)
    else expect(shapeOf(shown)).toEqual(shapeOf(expected))
  })
})

async function cancelTwice(on: Trial): Promise<Response> {
  const name = await on.submit(three)
  await on.after(name)
  return on.post(`/v1beta/${name}:cancel`, {})
}

async function goneFile(on: Trial): Promise<Response> {
  const bytes = Buffer.from('{}\n')
  const { url } = await startUpload(on, bytes.length, 'application/jsonl', { name: 'files/in0put1file2' })
  const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' }
  await fetch(url, { method: 'POST', headers, body: new Uint8Array(bytes) })
  on.emulator.advance(48 * 3600 + 1)
  return on.create('files/in0put1file2')
}

async function full(on: Trial): Promise<Response> {
  on.emulator.setScenario('enqueued-token-limit:1')
  return on.create(await on.upload(three))
}

async function struck(on: Trial, scenario: string): Promise<Response> {
  const fileName = await on.upload(three)
  on.emulator.setScenario(scenario)
  return on.create(fileName)
}

describe('requests of the client that were recorded are all understood', () => {
  interface Recorded {
    readonly call: string
    readonly method: string
    readonly path: string
    readonly headers: Record<string, string>
    readonly body?: unknown
  }
  const recorded = golden('sdk-requests.json') as Recorded[]
  // Ids in the recordings belong to another server; those calls are well answered when the id is unknown.
  test.each(recorded.map((each) => [`${each.call} ${each.method} ${each.path.slice(0, 60)}`, each] as const))(
    '%s',
    async (_, { method, path, headers, body }) => {
      const on = await trial()
      const { 'content-length': __, ...sent } = headers
      const response = await on.fetch(path, {
        method,
        headers: sent,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const isKnown =
        !/(batches|files)\/(b1|f1|e1|x1|r1|abc|batch-f1|emb1)|upload_id=|abc123|pageToken|fileName|file_name/.test(
          path + JSON.stringify(body ?? ''),
        )
      const short = path.endsWith('cachedContents') || JSON.stringify(body ?? '').includes('cachedContents/c1')
      if (short) expect([200, 400]).toContain(response.status)
      else if (isKnown) expect([response.status, text]).toEqual([200, expect.any(String)])
      else expect(text).toMatch(/Requested entity was not found|Invalid page token/)
    },
  )
})

test('both spellings are read, in bodies and in lines', async () => {
  const on = await trial()
  const fileName = await on.upload(three)
  const snake = JSON.parse(
    JSON.stringify(golden('create-file.snake.request.json')).replace('files/in0put1file2', fileName),
  ) as object
  const created = (await (await on.post(`/v1beta/models/${flash}:batchGenerateContent`, snake)).json()) as Wire
  const operation = await on.after(created.name ?? '')
  expect(operation.metadata).toMatchObject({ displayName: 'fixture-job', inputConfig: { fileName } })
  const camel = line('a', { generationConfig: { maxOutputTokens: 5 } })
  const under = line('b', { generation_config: { max_output_tokens: 5 } })
  const { rows } = await on.flown([camel, under])
  expect(rows.map((row) => row.response?.candidates?.[0]?.finishReason)).toEqual(['MAX_TOKENS', 'MAX_TOKENS'])
})
