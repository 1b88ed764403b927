import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { BadInput, type Job } from '../../src/index.ts'
import { chats, contents, eventTypes, type Field, field, fly, idOf, jsonl, messages, outputLines } from './field.ts'
import { judge } from './judge.ts'

async function closed(on: Field, job: Job, requests: readonly Parameters<typeof idOf>[0][]) {
  const lines = await outputLines(job)
  const receipt = await job.receipt()
  expect((await judge(on.emulator, [{ ids: requests.map(idOf), receipt, lines }])).faults).toEqual([])
  return lines
}

/** What lies in the bucket of the field. */
async function objects({ emulator }: Field): Promise<string[]> {
  const answer = await fetch(`${emulator.baseUrls.gcs}/storage/v1/b/flight/o`, {
    headers: { authorization: 'Bearer ya29.test-flight' },
  })
  const { items = [] } = (await answer.json()) as { items?: { name: string }[] }
  return items.map(({ name }) => name)
}

const onVertex = { model: 'vertex/gemini-3.5-flash' }
const onClaude = { model: 'vertex/claude-sonnet-4-6' }

describe.concurrent('a job on Vertex', () => {
  test("of Gemini's lines comes back in their shape, in order, under its own keys, and leaves nothing in the bucket", {
    timeout: 60_000,
  }, async () => {
    await using on = await field({ cloud: true })
    const strange = ['new\nline', 'a/b\\c', '😀', 'x'.repeat(200), ' ', 'quote"']
    const requests = contents(60).map((line, index) => ({ ...line, key: strange[index] ?? line.key }))
    const job = await fly(await on.open(), requests, onVertex)
    for (const line of await closed(on, job, requests)) expect(Object.keys(line)).toEqual(['key', 'response'])
    expect((await job.submissions()).map(({ lane, model }) => `${lane} ${model}`)).toEqual([
      'vertex/batch gemini-3.5-flash',
    ])
    expect(await objects(on)).toEqual([])
    const [purchase] = (await on.emulator.log()).purchases
    expect(purchase?.metadata).toMatchObject({ labels: { redeye: expect.any(String), 'redeye-rows': '60' } })
  })

  test('keeps its files there when it is asked to, below the folder that is named', { timeout: 60_000 }, async () => {
    await using on = await field({ cloud: true })
    await fly(await on.open(), contents(3), { ...onVertex, keepRemote: true })
    const [input, output, ...more] = await objects(on)
    expect(input).toMatch(/^night\/[a-z2-7]{20}\/input_[a-z2-7]+\.jsonl$/)
    expect(output).toMatch(/^night\/[a-z2-7]{20}\/output\/prediction-model-.*\/predictions\.jsonl$/)
    expect(more).toEqual([])
  })

  test("of OpenAI's lines is translated, and its failed rows say why", { timeout: 60_000 }, async () => {
    await using on = await field({ cloud: true, scenario: 'vertex/rows-400:share=0.5' })
    const requests = chats(30, { max_tokens: 2000 })
    const lines = await closed(on, await fly(await on.open(), requests, onVertex), requests)
    const statuses = lines.map(({ response }) => response?.status_code)
    expect([...new Set(statuses)].sort()).toEqual([200, 400])
  })

  test("of Anthropic's lines flies on Claude there, and costs what it costs in that place", {
    timeout: 60_000,
  }, async () => {
    await using on = await field({ cloud: true })
    const requests = messages(40)
    const lines = await closed(on, await fly(await on.open(), requests, onClaude), requests)
    for (const { result } of lines) expect(result).toMatchObject({ type: 'succeeded', message: { type: 'message' } })
  })

  test('of Claude whose rows fail says so in the words of its dialect', { timeout: 60_000 }, async () => {
    await using on = await field({ cloud: true, scenario: 'vertex/rows-400:share=1' })
    const requests = messages(3)
    const job = await fly(await on.open(), requests, onClaude)
    for (const { result } of await closed(on, job, requests)) expect(result).toMatchObject({ type: 'errored' })
  })

  test("of OpenAI's lines flies on Claude there too, without a model in its bodies", { timeout: 60_000 }, async () => {
    await using on = await field({ cloud: true })
    const requests = chats(20, { max_tokens: 500 })
    const lines = await closed(on, await fly(await on.open(), requests, onClaude), requests)
    expect(lines.every(({ response }) => response?.status_code === 200)).toBe(true)
  })

  test('with a schema has its answers checked', { timeout: 60_000 }, async () => {
    await using on = await field({ cloud: true })
    const rows = Array.from({ length: 20 }, (_, index) => ({ text: `Row ${index}` }))
    const schema = {
      type: 'object',
      properties: { label: { type: 'string', enum: ['a', 'b'] } },
      required: ['label'],
      additionalProperties: false,
    }
    const job = await fly(await on.open(), rows, { prompt: 'Classify {{text}}', schema, ...onVertex })
    for await (const { answer, outcome } of job.results()) {
      expect(outcome).toBe('succeeded')
      expect(answer).toMatchObject({ label: expect.stringMatching(/^[ab]$/) })
    }
  })

  test('whose bodies have labels of their own is refused with its lines, and nothing is sent', async () => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const [good, bad] = [contents(1), contents(1, { labels: { team: 'a' } }, 1)]
    await writeFile(on.path('labels.jsonl'), jsonl([...good, ...bad]))
    const refused = await redeye.submit(on.path('labels.jsonl'), onVertex).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect((refused as BadInput).problems).toMatchObject([
      { line: 2, message: expect.stringContaining('request.labels') },
    ])
    expect((await on.emulator.log()).purchases).toEqual([])
  })

  test('of a model that is not sold there ends with every row refused, after one purchase that was none', {
    timeout: 60_000,
  }, async () => {
    await using on = await field({ cloud: true })
    const requests = contents(30)
    const settings = { model: 'vertex/gemini-9-nothing', allowUnpriced: true }
    const job = await fly(await on.open(), requests, settings)
    expect((await job.receipt()).requests.failed).toBe(30)
    const { acts, purchases } = await on.emulator.log()
    expect(purchases).toEqual([])
    expect(acts.filter(({ act }) => act === 'create-refused')).toHaveLength(1)
  })

  test.for(['GOOGLE_CLOUD_PROJECT', 'REDEYE_VERTEX_BUCKET'])(
    'without %s is held, and says what is wanted',
    async (name) => {
      await using on = await field({ cloud: true })
      const redeye = await on.open({ env: { ...on.env, [name]: '' } })
      const job = await redeye.submit(contents(3), onVertex)
      const held = await job.wait().catch((error: unknown) => error)
      expect(held).toMatchObject({ code: 'held_credentials', exitCode: 4 })
      expect((held as Error).message).toContain(name)
    },
  )

  test('is asked after by doctor', async () => {
    await using on = await field({ cloud: true })
    const { accounts } = await (await on.open()).doctor()
    expect(accounts.find(({ vendor }) => vendor === 'vertex')).toMatchObject({
      ok: true,
      detail: expect.stringContaining('gs://flight'),
    })
  })
})

test('a home that was put back from a backup finds what it bought since by its label, and buys nothing twice', {
  timeout: 90_000,
}, async () => {
  await using on = await field({ cloud: true, speed: 600, latency: { medianSeconds: 3600, sigma: 0 } })
  const requests = contents(20)
  const first = await on.open()
  const job = await first.submit(requests, { key: 'night', ...onVertex })
  await first.close()
  await cp(on.home, on.path('backup'), { recursive: true })
  const second = await on.open()
  await second.job(job.id).untilBought()
  await second.close()
  const witness = await readFile(`${on.home}/witness.json`)
  await rm(on.home, { recursive: true })
  await cp(on.path('backup'), on.home, { recursive: true })
  await writeFile(`${on.home}/witness.json`, witness)
  const again = await (await on.open()).submit(requests, { key: 'night', ...onVertex })
  const receipt = await again.wait()
  expect(receipt.requests.succeeded).toBe(20)
  expect(await eventTypes(again)).toEqual(expect.arrayContaining(['adopted']))
  expect((await on.emulator.log()).purchases).toHaveLength(1)
})
