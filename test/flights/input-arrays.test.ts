import { describe, expect, test } from 'vitest'
import { BadInput, type Job } from '../../src/index.ts'
import {
  chats,
  contents,
  eventTypes,
  type Field,
  field,
  fly,
  idOf,
  outputLines,
  type RequestLine,
  until,
} from './field.ts'
import { judge, nano } from './judge.ts'

const MODEL = 'gemini/gemini-embedding-001'

const embeddings = (inputs: readonly unknown[], more: object = {}): RequestLine[] =>
  inputs.map((input, index) => ({
    custom_id: `e-${index}`,
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input, dimensions: 4, ...more },
  }))

/** Of `count` requests: one to five texts each, all of them different. */
const texts = (count: number): string[][] =>
  Array.from({ length: count }, (_, index) =>
    Array.from({ length: 1 + (index % 5) }, (_, part) => `text ${part} of request ${index}`),
  )

interface Vectors {
  readonly object: string
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] | string }[]
  readonly model: string
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number }
}

async function vectorsOf(job: Job): Promise<Vectors[]> {
  const lines = await outputLines(job)
  for (const { response, error } of lines) expect([response?.status_code, error]).toEqual([200, null])
  return lines.map(({ response }) => response?.body as unknown as Vectors)
}

async function verdictOn(on: Field, job: Job, requests: readonly { custom_id: string }[]) {
  const lines = await outputLines(job)
  return judge(on.emulator, [{ ids: requests.map(idOf), receipt: await job.receipt(), lines }])
}

const rowsAt = async ({ emulator }: Field): Promise<number[]> =>
  (await emulator.log({ ids: true })).purchases.map(({ rows = [] }) => rows.length)

describe.concurrent('an embeddings request with an input array at Gemini', () => {
  test('gets what its inputs get as requests of their own, in their order', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const inputs = texts(40)
    const requests = embeddings(inputs)
    const job = await fly(redeye, requests, { model: MODEL })
    const receipt = await job.receipt()
    expect((await verdictOn(on, job, requests)).faults).toEqual([])
    expect(receipt.requests).toMatchObject({ total: 40, succeeded: 40 })
    expect(receipt.rows).toBe(120)
    expect(receipt.lanes).toMatchObject([{ lane: 'gemini/batch', requests: 40 }])
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect(await rowsAt(on)).toEqual([120])

    const alone = await fly(redeye, embeddings(inputs.flat()), { model: MODEL })
    expect((await alone.receipt()).rows).toBeUndefined()
    const each = await vectorsOf(alone)
    const answers = await vectorsOf(job)
    expect(answers.flatMap(({ data }) => data.map(({ embedding }) => embedding))).toEqual(
      each.map(({ data }) => data[0]?.embedding),
    )
    for (const [index, { object, data, model, usage }] of answers.entries()) {
      expect([object, model]).toEqual(['list', 'gemini-embedding-001'])
      expect(data.map(({ index }) => index)).toEqual(inputs[index]?.map((_, part) => part))
      expect(usage.total_tokens).toBe(usage.prompt_tokens)
    }
    const tokens = (of: readonly Vectors[]): number => of.reduce((sum, { usage }) => sum + usage.prompt_tokens, 0)
    expect(tokens(answers)).toBe(tokens(each))
    expect(receipt.tokens).toEqual({ input: tokens(answers) })

    const results = await Array.fromAsync(job.results())
    expect(results.map(({ id }) => id)).toEqual(requests.map(idOf))
    expect(results.map(({ response }) => response)).toEqual(answers)
  })

  test('gets base64 where it asks for it, as one with a single input does', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const inputs = [['one', 'two', 'three'], 'one', ['two']]
    const asNumbers = await vectorsOf(await fly(redeye, embeddings(inputs), { model: MODEL }))
    const requests = embeddings(inputs, { encoding_format: 'base64' })
    const asText = await vectorsOf(await fly(redeye, requests, { model: MODEL }))
    expect(asText.map(({ data }) => data.length)).toEqual([3, 1, 1])
    for (const [index, { data }] of asText.entries()) {
      const decoded = data.map(({ embedding }) => {
        const bytes = Buffer.from(embedding as string, 'base64')
        return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
      })
      expect(decoded).toEqual(
        asNumbers[index]?.data.map(({ embedding }) => Array.from(Float32Array.from(embedding as number[]))),
      )
    }
  })

  test('buys only the rows again that failed', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'gemini/rows-503:share=0.2' })
    const redeye = await on.open()
    const requests = embeddings(texts(40))
    const job = await fly(redeye, requests, { model: MODEL })
    const { faults, paidRows } = await verdictOn(on, job, requests)
    expect(faults).toEqual([])
    expect(paidRows).toBe(120)
    const [first, second = 0] = await rowsAt(on)
    expect(first).toBe(120)
    expect(second).toBeGreaterThan(0)
    expect(second).toBeLessThan(60)
    expect((await vectorsOf(job)).map(({ data }) => data.length)).toEqual(texts(40).map(({ length }) => length))
    const events = await Array.fromAsync(job.events({ follow: false }))
    const { data } = events.find(({ type }) => type === 'retry') as { data: { requests: number; rows: number } }
    expect(data.rows).toBe(second)
    expect(data.requests).toBeLessThanOrEqual(second)
  })

  test('fails as one with the row that failed for good, and pays the others once', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ scenario: 'gemini/rows-400:share=0.2' })
    const redeye = await on.open()
    const requests = embeddings(texts(40))
    const job = await fly(redeye, requests, { model: MODEL })
    const { faults, paidRows } = await verdictOn(on, job, requests)
    expect(faults).toEqual([])
    const lines = await outputLines(job)
    const failed = lines.filter(({ response }) => response?.status_code !== 200)
    const { requests: ended } = await job.receipt()
    expect(ended).toMatchObject({ failed: failed.length, succeeded: 40 - failed.length })
    for (const { custom_id, response } of failed) {
      const inputs = texts(40)[Number(custom_id.slice(2))]?.length ?? 0
      const param = inputs > 1 ? expect.stringMatching(/^input\[[0-4]\]$/) : null
      expect(response).toMatchObject({ status_code: 400, body: { error: { param } } })
    }
    const answered = lines.flatMap(({ response }) => (response?.body['data'] ?? []) as unknown[]).length
    expect(paidRows).toBeGreaterThan(answered) // of a failed request too, what the vendor answered is charged

    on.emulator.setScenario([])
    expect(await job.retry({ all: true })).toBe(failed.length)
    await job.wait()
    expect((await job.receipt()).requests).toMatchObject({ failed: 0, succeeded: 40 })
    expect(await rowsAt(on)).toEqual([120, 120 - paidRows])
    const after = await verdictOn(on, job, requests)
    expect(after).toMatchObject({ faults: [], paidRows: 120, paidTwice: 0 })
    await vectorsOf(job)
  })

  test('counts in a job under way once all of its rows are home', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'gemini/stuck-pending' })
    const redeye = await on.open()
    const requests = embeddings(texts(40))
    // Rows 61 and 62 are of one request, and each is in another shard.
    const job = await redeye.submit(requests, { model: MODEL, shardRequests: 62 })
    const landed = job.wait()
    await until(async () => (await job.status()).shards.settled === 1)
    const { succeeded, ...others } = (await job.status()).receipt.requests
    expect([21, 18]).toContain(succeeded)
    expect(others).toEqual({
      total: 40,
      failed: 0,
      expired: 0,
      cancelled: 0,
      missing: 0,
      invalid: 0,
      truncated: 0,
      discarded: 0,
    })
    await job.cancel()
    await landed
    expect((await job.receipt()).requests).toMatchObject({ total: 40, succeeded, cancelled: 40 - succeeded })

    // What one of its rows got already is not bought again.
    expect(await job.retry()).toBe(40 - succeeded)
    await job.wait()
    expect(await verdictOn(on, job, requests)).toMatchObject({ faults: [], paidRows: 120, paidTwice: 0 })
    expect((await vectorsOf(job)).map(({ data }) => data.length)).toEqual(texts(40).map(({ length }) => length))
  })

  test('flies beside requests of other kinds and vendors, in shards of any size', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ scenario: ['gemini/rows-500', 'openai/rows-500'] })
    const redeye = await on.open()
    const arrays = embeddings(texts(30))
    const requests = chats(30).flatMap((chat, index) => {
      const array = arrays[index] as RequestLine
      const atGemini = { ...array, body: { ...array.body, model: MODEL } }
      const atOpenai = { ...array, custom_id: `o-${index}` }
      return [chat, atGemini, ...contents(1, {}, 1000 + index), atOpenai]
    })
    const job = await fly(redeye, requests, { shardRequests: 7 })
    const lines = await outputLines(job)
    const receipt = await job.receipt()
    const { faults } = await judge(on.emulator, [{ ids: requests.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
    expect(receipt.requests).toMatchObject({ total: 120, succeeded: 120 })
    expect(receipt.rows).toBe(90 + 90)
    for (const [index, { custom_id, response }] of lines.entries()) {
      if (!custom_id?.startsWith('e-') && !custom_id?.startsWith('o-')) continue
      const { input } = (requests[index] as RequestLine).body as { input: string[] }
      expect(response).toMatchObject({ status_code: 200, body: { data: input.map((_, part) => ({ index: part })) } })
    }
    expect(await eventTypes(job)).toContain('retry')
  })

  test('flies on a lane that takes rows one by one too', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 60 })
    const redeye = await on.open()
    const requests = embeddings(texts(40))
    const job = await fly(redeye, requests, { model: MODEL, ladder: ['standard'] })
    expect((await job.receipt()).lanes).toMatchObject([{ lane: 'gemini/standard', requests: 40 }])
    expect((await verdictOn(on, job, requests)).faults).toEqual([])
    expect((await vectorsOf(job)).map(({ data }) => data.length)).toEqual(texts(40).map(({ length }) => length))
  })

  test('sends its first row ahead, where one request of its kind goes ahead', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const plain = embeddings(Array.from({ length: 600 }, (_, index) => [`a ${index}`, `b ${index}`]))
    const short = embeddings(
      Array.from({ length: 600 }, (_, index) => [`c ${index}`]),
      { dimensions: 2 },
    )
    const requests = [...plain, ...short.map((line) => ({ ...line, custom_id: `s-${line.custom_id}` }))]
    const job = await fly(redeye, requests, { model: MODEL })
    const ahead = (await job.submissions()).filter(({ lane }) => lane === 'gemini/standard')
    expect(ahead.map(({ rows }) => rows)).toEqual([2])
    expect((await rowsAt(on)).reduce((sum, rows) => sum + rows, 0)).toBe(600 * 2 + 600 - 2)
    expect((await verdictOn(on, job, requests)).faults).toEqual([])
    const lengths = (await vectorsOf(job)).map(({ data }) => data.map(({ embedding }) => embedding.length))
    expect(lengths).toEqual([...plain.map(() => [4, 4]), ...short.map(() => [2])])
  })

  test('is refused where it holds tokens, which only their own vendor knows', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const refused = await redeye
      .submit(embeddings([['a', 'b'], [[1, 2, 3]], [1, 2], ['c', null]]), { model: MODEL })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect((refused as BadInput).problems.map(({ line, message }) => [line, message.split(' ')[0]])).toEqual([
      [2, 'input[0]'],
      [3, 'input'],
      [4, 'input[1]'],
    ])
    expect((await on.emulator.log()).acts).toEqual([])
  })
})
