import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { BadInput, type Job } from '../../src/index.ts'
import {
  chats,
  eventTypes,
  type Field,
  field,
  fly,
  jsonl,
  messages,
  outputLines,
  type RequestLine,
  until,
} from './field.ts'
import { SLOW } from './fly-through.ts'
import { judge, nano } from './judge.ts'

const ids = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

const faultsOf = async (on: Field, job: Job, requests: readonly { custom_id: string }[]) =>
  (await judge(on.emulator, [{ ids: ids(requests), receipt: await job.receipt(), lines: await outputLines(job) }]))
    .faults

const seen = (job: Job, type: string) => until(async () => (await eventTypes(job)).includes(type))

/** Somebody else buys with the same account. */
async function strangerBuys({ emulator }: Field, count: number): Promise<string> {
  const requests = messages(count, {}, 5000).map((line) => ({ ...line, custom_id: `stranger-${line.custom_id}` }))
  const answer = await fetch(`${emulator.baseUrls.anthropic}/v1/messages/batches`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'sk-ant-other', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ requests }),
  })
  return ((await answer.json()) as { id: string }).id
}

describe.concurrent("a job of Anthropic's lines", () => {
  test('is split by model, and comes back in order, in the same shape, under its own ids', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const strange = ['new\nline', 'a/b\\c', '😀', 'x'.repeat(200), ' ', 'quote"']
    const requests = messages(90).map((line, index) => ({
      custom_id: strange[index] ?? line.custom_id,
      params: {
        ...line.params,
        max_tokens: 4000, // one of them thinks first
        model: index % 3 === 0 ? 'claude-sonnet-5' : 'claude-haiku-4-5',
      },
    }))
    const job = await fly(redeye, requests)
    const lines = await outputLines(job)
    expect(lines.map(({ custom_id, result }) => [custom_id, result?.type])).toEqual(
      requests.map(({ custom_id }) => [custom_id, 'succeeded']),
    )
    const answers: unknown[] = []
    for await (const { id, answer } of job.results()) answers.push(id, typeof answer)
    expect(answers).toEqual(ids(requests).flatMap((id) => [id, 'string']))
    expect((await job.receipt()).submissions).toBe(2)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test("flies beside OpenAI's lines of the same file, each with its vendor", { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ scenario: 'expire-none:times=always', speed: 28_800 })
    const redeye = await on.open()
    const requests = [...chats(3), ...messages(3, {}, 100), ...chats(3, {}, 200)]
    const job = await fly(redeye, requests, { retries: 0 })
    const lines = await outputLines(job)
    expect(ids(lines)).toEqual(ids(requests))
    // What was never run has its row in the dialect of its line.
    expect(lines.map((line) => 'result' in line)).toEqual(requests.map((line) => 'params' in line))
    expect((await job.receipt()).lanes.map(({ lane }) => lane).sort()).toEqual(['anthropic/batch', 'openai/batch'])
  })

  test('pays each kind of cache write at its own price, and more where the data must stay', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({ scenario: 'cache-hits+runs-in-us' })
    const redeye = await on.open()
    const system = [
      { type: 'text', text: 'Be brief. '.repeat(2000), cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'Be kind. '.repeat(2000), cache_control: { type: 'ephemeral' } },
    ]
    const requests = messages(30, { model: 'claude-opus-5', system })
    const job = await fly(redeye, requests)
    const { tokens, usd } = await job.receipt()
    expect(Number(usd.quotedHigh)).toBeGreaterThan(Number(usd.charged) / 1.1) // all but the residency was foreseen
    expect(Object.keys(tokens).sort()).toEqual(['cacheWrite1h', 'cacheWrite5m', 'cachedInput', 'input', 'output'])
    const { entries } = await on.emulator.bill()
    expect(Object.fromEntries(entries.map(({ kind, tokens }) => [kind, Number(tokens)]))).toEqual(tokens)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('pays the searches that the vendor made for it', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = messages(10, { tools: [{ type: 'web_search_20250305', name: 'web_search' }] })
    const job = await fly(redeye, requests)
    expect((await job.receipt()).tokens['webSearch']).toBeGreaterThan(0)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('with bad lines is refused with their numbers, and nothing is sent', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const good = messages(1)[0] as object
    const text = jsonl([
      good,
      { custom_id: 'b', params: { model: 'claude-haiku-4-5' } },
      { custom_id: 'c', params: { messages: [] } },
      { ...good, custom_id: 'd', url: '/v1/messages' },
      { ...(chats(1)[0] as RequestLine), custom_id: 'e', url: '/v1/messages' },
      { ...(chats(1)[0] as RequestLine), custom_id: 'f', params: {} },
      { custom_id: 'g', params: { model: 'm', messages: [], stream: true } },
    ])
    await writeFile(on.path('bad.jsonl'), text)
    const refused = await redeye.submit(on.path('bad.jsonl')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect((refused as BadInput).problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '2 "params.messages" is missing',
      '3 "params.model" is missing',
      '4 "url" has no place in a line with "params"',
      '5 a request for "/v1/messages" is a line {"custom_id": …, "params": {…}}',
      '6 "body" and "params" are in one line; it can have one of them',
      '7 "params.stream" is true; a batch cannot stream',
    ])
    expect((await on.emulator.log()).purchases).toEqual([])
  })

  test('flies with a token in place of a key, and with the beta that its long answers want', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const { ANTHROPIC_API_KEY: ANTHROPIC_AUTH_TOKEN = '', ...keyless } = on.env
    const env = { ...keyless, ANTHROPIC_AUTH_TOKEN }
    const beta = { ANTHROPIC_CUSTOM_HEADERS: 'anthropic-beta: output-300k-2026-03-24' }
    const requests = messages(3, { model: 'claude-opus-5', max_tokens: 300_000 })
    const without = await fly(await on.open({ env }), requests, { retries: 0 })
    expect((await without.receipt()).requests).toMatchObject({ failed: 3 })
    const withBeta = await fly(await on.open({ env: { ...env, ...beta } }), requests)
    expect((await withBeta.receipt()).requests).toMatchObject({ succeeded: 3 })
  })

  test('is watched within the calls a minute of the lowest tier, however many purchases are open', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({
      speed: 60,
      scenario: 'calls-per-minute:calls=50',
      latency: { medianSeconds: 600, sigma: 0 },
    })
    const redeye = await on.open()
    const requests = messages(80)
    const job = await fly(redeye, requests, { shardRequests: 5 })
    expect((await job.receipt()).submissions).toBe(20)
    // Twenty purchases made within one minute may meet the limit beside the looks; looks alone met it a hundred times.
    expect((await on.emulator.log()).acts.filter(({ act }) => act === 'rate-limited').length).toBeLessThan(10)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('waits on where the vendor uses words that nobody knows, also in its list', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'unknown-status:seconds=1200,times=always',
      latency: { medianSeconds: 5000, sigma: 0 },
    })
    const redeye = await on.open()
    const requests = messages(100)
    const job = await fly(redeye, requests, { shardRequests: 5 }) // 25 purchases: too many to ask for one by one
    expect((await job.receipt()).requests.succeeded).toBe(100)
    const noted: unknown[] = []
    for await (const { type, data } of job.events({ follow: false })) if (type === 'vendor-state') noted.push(data)
    expect(noted.filter((data) => (data as { known: boolean }).known === false)).toHaveLength(25)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('without a key of that vendor is held, whatever other keys there are', async ({ expect }) => {
    await using on = await field()
    const keyless = await on.open({ env: { ...on.env, ANTHROPIC_API_KEY: '' } })
    const job = await keyless.submit(messages(5))
    const held = await job.wait().catch((error: unknown) => error)
    expect(held).toMatchObject({ code: 'held_credentials', exitCode: 4 })
    expect((held as Error).message).toContain('ANTHROPIC_API_KEY')
  })
})

describe.concurrent('a purchase without a mark of ours', () => {
  test('that is unsure holds its shard alone; the others are bought, each with another count', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'create-response-lost',
      latency: { medianSeconds: 600, sigma: 0 },
    })
    const redeye = await on.open()
    const requests = messages(400)
    const job = await fly(redeye, requests, { shardRequests: 100 })
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['unsure', 'held', 'proven']))
    const { purchases } = await on.emulator.log()
    expect(new Set(purchases.map(({ lines }) => lines)).size).toBeGreaterThan(1)
    expect(purchases.every(({ lines }) => lines <= 100)).toBe(true)
    expect((await job.receipt()).requests.succeeded).toBe(400)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('is not taken for a purchase of ours that we know', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'create-500-refused:after=1' })
    const redeye = await on.open()
    const requests = messages(40)
    const [one, two] = [requests.slice(0, 20), requests.slice(20)]
    const first = await redeye.submit(one)
    await first.untilBought()
    const second = await redeye.submit(two)
    const [, receipt] = await Promise.all([first.wait(), second.wait()])
    expect(receipt.requests.succeeded).toBe(20)
    expect(await eventTypes(second)).toEqual(expect.arrayContaining(['unsure', 'absent', 'bought']))
    expect(await eventTypes(second)).not.toContain('proven')
  })

  test("is told from a stranger's by its ids; the stranger's is left alone", { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'create-500-refused',
      latency: { medianSeconds: 300, sigma: 0 },
    })
    const redeye = await on.open()
    const requests = messages(20)
    const job = await redeye.submit(requests)
    const landing = job.wait()
    await seen(job, 'unsure')
    const stranger = await strangerBuys(on, 20)
    const receipt = await landing
    expect(receipt.requests.succeeded).toBe(20)
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['held', 'absent', 'bought']))
    const { acts, purchases } = await on.emulator.log()
    expect(purchases).toHaveLength(2)
    const undone = acts.filter(({ act, batch }) => (act === 'cancel' || act === 'delete') && batch === stranger)
    expect(undone).toEqual([])
    const paid = (await on.emulator.bill()).entries.filter(({ batch }) => batch !== stranger)
    expect(nano(receipt.usd.charged ?? '')).toBe(paid.reduce((sum, entry) => sum + BigInt(entry.nanoUsd), 0n))
  })

  test('is taken over at once where nobody else buys with the account', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'create-response-lost',
      latency: { medianSeconds: 600, sigma: 0 },
    })
    const redeye = await on.open({ exclusive: ['anthropic'] })
    const requests = messages(20)
    const job = await fly(redeye, requests)
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['unsure', 'found']))
    expect(await eventTypes(job)).not.toContain('proven')
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('is bought again when the user would rather pay twice, and the receipt says that it was', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'create-response-lost',
      latency: { medianSeconds: 3000, sigma: 0 },
    })
    const redeye = await on.open()
    const job = await redeye.submit(messages(20), { onUnsure: 'rebuy' })
    const attending = await redeye.attendAll()
    await until(async () => nano((await job.receipt()).usd.duplicate) > 0n)
    await until(async () => (await job.status()).receipt.state === 'landed')
    await attending.stop()
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['unsure', 'rebuy', 'proven', 'bought']))
    const { usd, requests } = await job.receipt()
    expect(requests.succeeded).toBe(20)
    expect(nano(usd.charged ?? '') + nano(usd.duplicate)).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect((await on.emulator.log()).purchases).toHaveLength(2)
  })

  test('that arrives after it was ruled out is found by its ids, and charged as duplicate', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({
      speed: SLOW,
      scenario: 'create-lands-late:seconds=1500',
      latency: { medianSeconds: 1500, sigma: 0 },
    })
    const redeye = await on.open()
    const job = await redeye.submit(messages(20))
    const attending = await redeye.attendAll()
    await until(async () => nano((await job.receipt()).usd.duplicate) > 0n)
    await attending.stop()
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['unsure', 'absent', 'bought', 'arrived-late']))
    const { usd, requests } = await job.receipt()
    expect(requests.succeeded).toBe(20)
    expect(nano(usd.charged ?? '') + nano(usd.duplicate)).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })
})

test('a home that was put back from a backup proves what it bought since, and buys nothing twice', {
  timeout: 90_000,
}, async () => {
  await using on = await field({ speed: 600, latency: { medianSeconds: 3600, sigma: 0 } })
  const requests = messages(20)
  const first = await on.open()
  const job = await first.submit(requests, { key: 'night' })
  await first.close()
  await cp(on.home, on.path('backup'), { recursive: true })
  const second = await on.open()
  await second.job(job.id).untilBought()
  await second.close()
  const witness = await readFile(`${on.home}/witness.json`)
  await rm(on.home, { recursive: true })
  await cp(on.path('backup'), on.home, { recursive: true })
  await writeFile(`${on.home}/witness.json`, witness)
  const restored = await on.open()
  const again = await restored.submit(requests, { key: 'night' })
  const receipt = await again.wait()
  expect(receipt.requests.succeeded).toBe(20)
  expect(await eventTypes(again)).toEqual(expect.arrayContaining(['held', 'adopted']))
  expect((await on.emulator.log()).purchases).toHaveLength(1)
})
