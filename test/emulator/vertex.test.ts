import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { shapeOf } from './trial.ts'
import {
  bucket,
  claude,
  claudeLines,
  flash,
  golden,
  goldenLines,
  labelOf,
  line,
  lines,
  type Row,
  type Trial,
  trial,
  type Wire,
} from './vertex-trial.ts'

const state = ({ state: word }: { state: string }) => word.replace('JOB_STATE_', '')

describe('jobs have the shape of the golden ones', () => {
  const three = goldenLines('input.jsonl') as object[]
  const shape = (job: object) => shapeOf({ ...job, createTime: '', updateTime: '', startTime: '', endTime: '' })
  const wanted = (name: string) => ({ ...(golden(`job.${name}.json`) as object) })
  const told = (job: object) => Object.keys(job).sort()
  const cases: [string, string, number, (on: Trial, id: string) => Promise<unknown>][] = [
    ['pending', '', 0, async () => undefined],
    ['queued', 'stuck-queued', 10, async () => undefined],
    ['running', 'slow', 10_000, async () => undefined],
    ['succeeded.gcs', '', 7200, async () => undefined],
    ['expired', 'stuck-queued', 73 * 3600, async () => undefined],
    ['partially-succeeded', 'run-cut', 25 * 3600, async () => undefined],
    ['cancelling', 'slow+cancel-lag', 10, cancelLater],
    ['cancelled', 'slow', 10_000, cancelLater],
  ]
  test.each(cases)('%s', async (name, scenario, seconds, then) => {
    const on = await trial(scenario === '' ? {} : { scenario })
    const id = await on.submit(three)
    await then(on, id)
    const job = await on.after(id, seconds)
    const expected = wanted(name)
    expect(job.state).toBe((expected as { state: string }).state)
    expect(told(job)).toEqual(told(expected))
    const counts = { completionStats: undefined }
    expect(shape({ ...job, ...counts })).toEqual(shape({ ...expected, ...counts }))
  })

  test('failed, on a line that is not JSON', async () => {
    const on = await trial()
    const uri = await on.put(`${JSON.stringify(line('a'))}\nnot json\n`)
    const created = (await (await on.create(uri)).json()) as Wire
    const job = await on.after(created.name?.split('/').at(-1) ?? '')
    const expected = golden('job.failed.json') as typeof job
    expect(told(job)).toEqual(told(expected))
    expect(job.error).toEqual(expected.error)
    expect((await on.emulator.bill()).entries).toEqual([])
  })

  test('and so have rows, lists, deletes and errors', async () => {
    const on = await trial({ scenario: 'in-order' })
    const { rows, job } = await on.flown(three)
    const byLabel = (all: readonly Row[]) =>
      Object.fromEntries(all.map((row) => [row.request?.labels?.['custom_id'], row] as const))
    const shown = byLabel(rows)
    const expected = byLabel(goldenLines('predictions.jsonl') as Row[])
    for (const id of ['item-1', 'item-2']) {
      const thinking = (row: unknown) => JSON.stringify(shapeOf(row)).replace(/"thoughtsTokenCount":"number",/, '')
      expect(thinking(shown[id])).toBe(thinking(expected[id]))
    }
    expect(shapeOf(shown['item-3'])).toEqual(shapeOf(expected['item-3']))
    expect(shown['item-3']?.status).toMatch(/^Bad Request: \{"error": \{"code": 400, /)
    expect(shown['item-3']?.request).toEqual(expected['item-3']?.request)
    expect(rows.map((row) => row.processed_time?.slice(-6))).toEqual(['+00:00', '+00:00', '+00:00'])
    expect(job.completionStats).toEqual((golden('job.succeeded.gcs.json') as typeof job).completionStats)
    await on.submit(three)
    const page = await on.json('/batchPredictionJobs?pageSize=1')
    expect(told(page)).toEqual(told(golden('list.page1.json') as object))
    const deleted = await on.fetch(`/batchPredictionJobs/${job.name.split('/').at(-1)}`, {
      method: 'DELETE',
      body: '{}',
    })
    expect(shapeOf(await deleted.json())).toEqual(shapeOf(golden('delete.operation.json')))
    expect(await on.json('/batchPredictionJobs/123')).toEqual(golden('error.404.json'))
    const nope = await on.create(`gs://${bucket}/x`, { model: 'publishers/google/models/nope' })
    expect(await nope.json()).toEqual(golden('error.400.json'))
    const stranger = await on.fetch('/batchPredictionJobs', { headers: { authorization: '' } })
    expect(await stranger.json()).toEqual(golden('error.401.json'))
    on.emulator.setScenario('storm-429:times=1+forbidden')
    expect(await on.json('/batchPredictionJobs')).toEqual(golden('error.429.json'))
    expect(await on.json('/batchPredictionJobs')).toEqual(golden('error.403.json'))
  })

  test('of Claude: rows with the id that was sent', async () => {
    const on = await trial({ scenario: 'in-order' })
    const input = goldenLines('claude.input.jsonl') as { request: object }[]
    const bad = [input[0], { ...input[1], request: { messages: [] } }] as object[]
    const { rows } = await on.flown(bad, { model: claude })
    const expected = goldenLines('claude.predictions.jsonl') as Row[]
    expect(shapeOf(rows[0])).toEqual(shapeOf(expected[0]))
    expect([rows[1]?.custom_id, rows[1]?.response, Object.keys(rows[1] ?? {}).sort()]).toEqual([
      'item-2',
      {},
      Object.keys(expected[1] ?? {}).sort(),
    ])
    expect(rows[1]?.status).toContain('Bad Request: invalid_request_error')
  })
})

async function cancelLater(on: Trial, id: string): Promise<void> {
  on.emulator.advance(20_000)
  await on.fetch(`/batchPredictionJobs/${id}:cancel`, { method: 'POST', body: '{}' })
}

describe('requests of the client that were recorded are all understood', () => {
  interface Recorded {
    readonly call: string
    readonly method: string
    readonly path: string
    readonly headers: Record<string, string>
    readonly body?: { displayName?: string; inputConfig?: { instancesFormat: string } }
  }
  test.each((golden('sdk-requests.json') as Recorded[]).map((each) => [each.call, each] as const))(
    '%s',
    async (_, { method, path, headers, body }) => {
      const on = await trial()
      const { 'content-length': __, ...sent } = headers
      const response = await fetch(`${on.emulator.baseUrls.vertex}${path}`, {
        method,
        headers: { ...sent, ...(sent['authorization'] ? { authorization: 'Bearer ya29.test' } : {}) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const { error, state: first } = (await response.json()) as Wire & { state?: string }
      if (body?.inputConfig?.instancesFormat === 'bigquery') expect(error?.message).toContain('not emulated')
      else if (method === 'POST' && !path.includes(':cancel')) expect(first).toBe('JOB_STATE_PENDING')
      else if (path.includes('/123')) expect(error?.status).toBe('NOT_FOUND')
      else expect(error).toBeUndefined()
    },
  )
})

describe('a job', () => {
  test('names what is wrong with it', async () => {
    const on = await trial()
    const uri = await on.put(lines(1))
    const config = (uris: string[]) => ({ inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris } } })
    for (const [more, message] of [
      [{ displayName: '' }, 'display_name'],
      [{ bogus: 1 }, 'Unknown name "bogus"'],
      [config([uri, uri]), 'Exactly one input URI'],
      [config(['https://x/y']), 'Invalid Google Cloud Storage URI'],
      [{ labels: { Big: 'x' } }, 'Label key'],
      [{ model: 'publishers/google/models/gemini-embedding-001' }, 'does not support batch prediction'],
    ] as const) {
      const response = await on.create(uri, more)
      expect(response.status).toBe(400)
      expect(((await response.json()) as Wire).error?.message).toContain(message)
    }
  })

  test('has a number for a name, and answers to it under the project or its number', async () => {
    const on = await trial()
    const id = await on.submit(lines(1), { labels: { redeye: 'abc' } })
    expect(id).toMatch(/^\d{19}$/)
    const job = await on.after(id, 0)
    expect(job.name).toMatch(/^projects\/\d{12}\/locations\/us-central1\/batchPredictionJobs\/\d+$/)
    expect(job.labels).toEqual({ redeye: 'abc' })
    const again = await fetch(`${on.emulator.baseUrls.vertex}/v1beta1/${job.name}`, {
      headers: { authorization: 'Bearer t' },
    })
    expect(await again.json()).toEqual(job)
    const elsewhere = job.name.replace('us-central1', 'europe-west1')
    expect(
      (await fetch(`${on.emulator.baseUrls.vertex}/v1/${elsewhere}`, { headers: { authorization: 'Bearer t' } }))
        .status,
    ).toBe(404)
  })

  test('is found by its display name, its labels and its state', async () => {
    const on = await trial({ scenario: 'slow:times=always' })
    const uri = await on.put(lines(1))
    await on.create(uri, { displayName: 'one', labels: { k: 'a' } })
    await on.create(uri, { displayName: 'two', labels: { k: 'b' } })
    const names = async (filter: string) =>
      (await on.json(`/batchPredictionJobs?filter=${encodeURIComponent(filter)}`)).batchPredictionJobs?.map(
        ({ displayName }) => displayName,
      )
    expect(await names('display_name="one"')).toEqual(['one'])
    expect(await names('display_name!="one"')).toEqual(['two'])
    expect(await names('display_name:"t*"')).toEqual(['two'])
    expect(await names('labels.k=b AND state="JOB_STATE_PENDING"')).toEqual(['two'])
    expect(await names('labels.k:*')).toEqual(['two', 'one'])
    expect(await names('labels.none:*')).toBeUndefined()
    expect(await names('labels.none!=x')).toEqual(['two', 'one'])
    const now = new Date(on.emulator.now() + 1000).toISOString()
    expect(await names(`create_time<"${now}"`)).toEqual(['two', 'one'])
    expect(await names('state=JOB_STATE_SUCCEEDED')).toBeUndefined()
    expect((await on.json('/batchPredictionJobs?filter=bogus%3D1')).error?.status).toBe('INVALID_ARGUMENT')
    expect((await on.json('/batchPredictionJobs?readMask=state')).batchPredictionJobs).toEqual([
      { state: 'JOB_STATE_PENDING' },
      { state: 'JOB_STATE_PENDING' },
    ])
  })

  test('answers out of order, each row with what was asked', async () => {
    const on = await trial()
    const { rows, job } = await on.flown(lines(50))
    const labels = rows.map(labelOf)
    expect(labels.toSorted()).toEqual(lines(50).map(({ request }) => (request['labels'] as { row: string }).row))
    expect(labels).not.toEqual(labels.toSorted())
    expect(job.outputInfo?.gcsOutputDirectory).toMatch(
      /^gs:\/\/trial-bucket\/out\/prediction-model-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/,
    )
    const asked = rows.map(({ request }) => request)
    expect(asked).toEqual(expect.arrayContaining([lines(50)[0]?.request]))
  })

  test('puts its predictions into the bucket although nobody asks for the job', async () => {
    const on = await trial()
    await on.submit(lines(2))
    expect(await on.objects('out/')).toEqual([])
    on.emulator.advance(7200)
    const [name] = await on.objects('out/')
    expect(name).toMatch(/^out\/prediction-model-.*\/predictions\.jsonl$/)
  })

  test('fails unrun when its input is deleted before it starts, or never was', async () => {
    const on = await trial({ latency: { validatingSeconds: 100 } })
    const id = await on.submit(lines(3))
    await on.storage(`/storage/v1/b/${bucket}/o/in%2Finput.jsonl`, { method: 'DELETE' })
    expect(await on.after(id)).toMatchObject({ state: 'JOB_STATE_FAILED', error: { code: 5 } })
    const created = (await (await on.create(`gs://${bucket}/none`)).json()) as Wire
    expect(state(created as never)).toBe('PENDING')
    expect(await on.after(created.name?.split('/').at(-1) ?? '')).toMatchObject({ state: 'JOB_STATE_FAILED' })
    expect((await on.emulator.log()).purchases.map(({ executed, billed }) => [executed, billed])).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  test('is told apart by what it asks and not by its labels', async () => {
    const on = await trial()
    await on.submit([line('a', { labels: { row: 'x' } })])
    await on.submit([line('a', { labels: { row: 'y' } })])
    on.emulator.advance(7200)
    expect(await on.emulator.tally()).toMatchObject({ submissions: 2, executions: 2, bodies: 1 })
  })

  test('takes at most 200,000 requests', async () => {
    const on = await trial()
    const uri = await on.put('{"request":{}}\n'.repeat(200_001))
    const created = (await (await on.create(uri)).json()) as Wire
    const job = await on.after(created.name?.split('/').at(-1) ?? '')
    expect(job.error?.message).toContain('at most 200000 are allowed')
  }, 30_000)

  test('of Claude: at most four at a time', async () => {
    const on = await trial({ scenario: 'slow:times=always' })
    const uri = await on.put(claudeLines(1))
    for (let time = 0; time < 4; time++) expect((await on.create(uri, { model: claude })).status).toBe(200)
    expect((await on.create(uri, { model: claude })).status).toBe(429)
    expect((await on.create(uri)).status).toBe(200)
  })
})

describe('rows that cannot be answered say so in their status', () => {
  test('and the others are answered', async () => {
    const on = await trial()
    const { rows, job } = await on.flown([
      { request: { contents: [{ parts: [{ text: 'no role' }] }], labels: { row: 'role' } } },
      line('cache', { cachedContent: 'cachedContents/1' }),
      line('label', { labels: { row: 'label', Bad: 'x' } }),
      {},
      line('good'),
    ])
    const byLabel = Object.fromEntries(rows.map((row) => [labelOf(row) ?? 'none', row.status]))
    expect(byLabel['role']).toContain('valid role')
    expect(byLabel['cache']).toContain('Explicit context caching is not supported')
    expect(byLabel['label']).toContain('Label key')
    expect(byLabel['none']).toContain('no request')
    expect(byLabel['good']).toBe('')
    expect(job.completionStats).toEqual({ successfulCount: '1', failedCount: '4' })
  })
})

describe('the bill', () => {
  const prices = async (on: Trial) =>
    (await on.emulator.bill()).entries.map(
      ({ vendor, tier, kind, unitPicoUsd }) => `${vendor} ${tier} ${kind} ${unitPicoUsd}`,
    )

  test('is half for what is read and written, and the plain price of a hit for the cached part', async () => {
    const on = await trial()
    const shared = 'Shared words. '.repeat(2000)
    const input = Array.from({ length: 4 }, (_, index) =>
      line(`c${index}`, { contents: [{ role: 'user', parts: [{ text: shared + String(index) }] }] }),
    )
    const { rows } = await on.flown(input, { model: 'publishers/google/models/gemini-3.5-flash-lite' })
    expect(await prices(on)).toEqual([
      'vertex batch input 150000',
      'vertex batch cachedInput 30000',
      'vertex batch output 1250000',
    ])
    const sum = (name: string) =>
      rows.reduce((total, row) => total + Number(row.response.usageMetadata?.[name] ?? 0), 0)
    const [input_, cached] = (await on.emulator.bill()).entries
    expect(cached?.tokens).toBe(String(sum('cachedContentTokenCount')))
    expect(input_?.tokens).toBe(String(sum('promptTokenCount') - sum('cachedContentTokenCount')))
  })

  test('of Claude is a tenth higher in a region than on the global endpoint', async () => {
    const on = await trial()
    await on.flown(claudeLines(2), { model: claude })
    expect(await prices(on)).toEqual(['vertex batch input 1650000', 'vertex batch output 8250000'])
    const other = await trial()
    const body = {
      displayName: 'g',
      model: `${claude}@20260217`,
      inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: [await other.put(claudeLines(2))] } },
      outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: `gs://${bucket}/out/` } },
    }
    await fetch(`${other.emulator.baseUrls.vertex}/v1/projects/p/locations/global/batchPredictionJobs`, {
      method: 'POST',
      headers: { authorization: 'Bearer t' },
      body: JSON.stringify(body),
    })
    other.emulator.advance(7200)
    expect(await prices(other)).toEqual(['vertex batch input 1500000', 'vertex batch output 7500000'])
  })

  test('of a call is that of the tier, which is heard on the global endpoint only', async () => {
    const on = await trial()
    const call = (location: string) =>
      fetch(`${on.emulator.baseUrls.vertex}/v1/projects/p/locations/${location}/${flash}:generateContent`, {
        method: 'POST',
        headers: { authorization: 'Bearer t', 'x-vertex-ai-llm-shared-request-type': 'flex' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }),
      })
    const traffic = async (location: string) =>
      ((await (await call(location)).json()) as Row['response']).usageMetadata?.['trafficType']
    expect([await traffic('global'), await traffic('us-central1')]).toEqual(['ON_DEMAND_FLEX', 'ON_DEMAND'])
    expect((await prices(on)).filter((entry) => entry.includes('input'))).toEqual([
      'vertex flex input 750000',
      'vertex standard input 1500000',
    ])
  })
})

test('a create whose last byte is withheld is not seen', async () => {
  const on = await trial({ idleBodyTimeoutMs: 150, scenario: 'create-500-refused:times=1' })
  const uri = await on.put(lines(1))
  const { host, port } = new URL(on.emulator.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    `POST /vertex/v1/projects/proj/locations/us-central1/batchPredictionJobs HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer t\r\ncontent-length: 3\r\n\r\n{}`,
  )
  await new Promise((resolve) =>
    socket
      .on('close', resolve)
      .on('error', () => undefined)
      .resume(),
  )
  expect(await on.json('/batchPredictionJobs')).toEqual({})
  expect((await on.create(uri)).status).toBe(500)
  expect((await on.create(uri)).status).toBe(200)
})
