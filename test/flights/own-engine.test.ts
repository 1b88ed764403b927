import { describe, test } from 'vitest'
import type { EngineAccountConfig } from '../../src/index.ts'
import { vllm } from '../executor/vllm.ts'
import { chats, type Field, field, fly, outputLines, until } from './field.ts'

const questions = (count: number) => chats(count, { model: 'qwen', max_tokens: 8 })
const account = (url: string, more: Partial<EngineAccountConfig> = {}): EngineAccountConfig => ({
  name: 'gpu',
  provider: 'own',
  baseUrl: url,
  ...more,
})
const openAt = (on: Field, url: string, more: Partial<EngineAccountConfig> = {}) =>
  on.open({ config: { accounts: [account(url, more)] } })

const fast = { perRequest: 2000, full: 16 }
/** Of one answer of the double: 200 tokens of prompt, 8 of answer. */
const tokens = { input: 200, output: 8 }

describe.concurrent('A job on an engine of one’s own', () => {
  test('flies there by the name of its account, and is charged by the token', async ({ expect }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm(fast)
    const usdPerMillionTokens = { input: 0.05, output: 0.2 }
    const redeye = await openAt(on, engine.url, { usdPerMillionTokens })
    const quote = await redeye.quote(questions(40), { model: 'gpu/qwen' })
    expect(quote.lanes.map(({ lane, flyable }) => [lane, flyable])).toEqual([['own/idle', true]])
    const job = await fly(redeye, questions(40), { model: 'gpu/qwen' })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 40, succeeded: 40 })
    const usd = 40 * (tokens.input * 0.05e-6 + tokens.output * 0.2e-6)
    expect(Number(receipt.usd.charged)).toBeCloseTo(usd, 12)
    expect(receipt.lanes).toEqual([{ lane: 'own/idle', requests: 40, usd: receipt.usd.charged }])
    expect((await outputLines(job)).map(({ response }) => response?.status_code)).toEqual(Array(40).fill(200))
    expect(engine.asked.map(({ body }) => body['model'])).toEqual(Array(40).fill('qwen'))
  })

  test('flies there by its model alone, which the engine was asked for', async ({ expect }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm(fast)
    const redeye = await openAt(on, engine.url)
    const quote = await redeye.quote(questions(5))
    expect(quote.lanes[0]).toMatchObject({ lane: 'own/idle', model: 'qwen', usd: { low: '0', high: '0' } })
    expect(quote.lanes[0]?.notes.join()).toMatch(/Nothing is charged for an engine of your own/)
    expect((await (await fly(redeye, questions(5))).receipt()).usd.charged).toBe('0')
    // What a vendor is known to sell does not go there.
    expect((await redeye.quote(chats(1))).lanes[0]?.lane).toBe('openai/batch')
  })

  test('is charged by the hour for the time that the engine worked on it, and no more', async ({ expect }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm({ perRequest: 40, full: 4 })
    const redeye = await openAt(on, engine.url, { usdPerHour: 3.6, gpus: 2, tokensPerSecond: 160, placesMax: 4 })
    const quote = await redeye.quote(questions(12))
    const begun = performance.now()
    const receipt = await (await fly(redeye, questions(12))).receipt()
    const perSecond = 7.2 / 3600
    const charged = Number(receipt.usd.charged)
    // 12 answers of 8 tokens at 40 a second, 4 at once: 0.6 s at least.
    expect(charged).toBeGreaterThan(0.59 * perSecond)
    expect(charged).toBeLessThanOrEqual(((performance.now() - begun) / 1000) * perSecond)
    expect(Number(quote.lanes[0]?.usd.high)).toBeGreaterThan(0)
    const entries = await redeye.ledger()
    expect(entries.map(({ kind, nanoUsd }) => [kind, nanoUsd === 0n])).toEqual([
      ['input', true],
      ['output', false],
    ])
  })

  test('is refused without a price where the hour is paid and its tokens are not known', async ({ expect }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm(fast)
    const redeye = await openAt(on, engine.url, { usdPerHour: 2 })
    const quote = await redeye.quote(questions(3))
    expect(quote.lanes[0]?.notes.join()).toMatch(/own\/idle is paid by the hour.*redeye doctor --engine/)
    await expect(redeye.submit(questions(3))).rejects.toMatchObject({ code: 'price_missing' })
    const job = await fly(redeye, questions(3), { allowUnpriced: true })
    expect(Number((await job.receipt()).usd.charged)).toBeGreaterThan(0)
  })

  test('sends nothing new from a second after others wait there, and goes on when they are served', async ({
    expect,
  }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm({ perRequest: 100, full: 16 })
    const redeye = await openAt(on, engine.url, { yieldWhen: { waiting: 1 }, placesMax: 4 })
    const job = await redeye.submit(questions(80))
    const landing = job.wait()
    await until(() => engine.asked.length > 10)
    engine.othersWaiting = 1
    const since = performance.now()
    await until(() => performance.now() - since > 2500)
    const late = engine.asked.filter(({ at }) => at > since + 1000)
    expect(late).toEqual([])
    expect(engine.asked.length).toBeLessThan(80)
    engine.othersWaiting = 0
    expect((await landing).requests).toMatchObject({ total: 80, succeeded: 80 })
  })

  test('sends requests with the same beginning one after the other, however they are mixed in the file', async ({
    expect,
  }) => {
    await using on = await field({ speed: 1 })
    await using engine = await vllm(fast)
    const redeye = await openAt(on, engine.url, { placesMax: 4 })
    const guide = (topic: number) => `Guide ${topic}. ${'Answer as the guide says. '.repeat(40)}`
    const mixed = Array.from({ length: 160 }, (_, at) => {
      const system = { role: 'system', content: guide(at % 4) }
      const messages = [system, { role: 'user', content: `Question ${at}` }]
      return chats(1, { model: 'qwen', max_tokens: 8, messages }, at)
    }).flat()
    const job = await fly(redeye, mixed)
    const topics = engine.asked.map(({ body }) => (body['messages'] as { content: string }[])[0]?.content.slice(6, 7))
    const changes = topics.filter((topic, at) => topic !== topics[at - 1]).length
    // Mixed as in the file it would be 160; two runs may overlap.
    expect(changes).toBeLessThan(60)
    expect((await outputLines(job)).map(({ custom_id: id }) => id)).toEqual(mixed.map(({ custom_id: id }) => id))
    const priced = await openAt(on, engine.url, { usdPerMillionTokens: { input: 0.05, output: 0.2 } })
    const quote = await priced.quote(mixed)
    expect(quote.cache).toMatchObject({ isMarked: false, prefixes: 4, usd: null })
  })

  test('begins at once also where it has a deadline', async ({ expect }) => {
    await using on = await field({ speed: 60 })
    await using engine = await vllm(fast)
    const redeye = await openAt(on, engine.url, { placesMax: 8 })
    const by = new Date(redeye.now() + 10 * 3600_000)
    const receipt = await (await fly(redeye, questions(30), { by })).receipt()
    expect(receipt).toMatchObject({ metDeadline: true, requests: { succeeded: 30 } })
    expect(Date.parse(receipt.landedAt ?? '') - Date.parse(receipt.createdAt)).toBeLessThan(3600_000)
  })

  test('waits for the hours of the engine', async ({ expect }) => {
    await using on = await field()
    await using engine = await vllm(fast)
    const wall = (at: number) => new Date(at).toISOString().slice(11, 16)
    const redeye = await on.open()
    const opens = redeye.now() + 11 * 3600_000
    const window = `${wall(opens)}-${wall(opens + 12 * 3600_000)}`
    const own = await openAt(on, engine.url, { window, tz: 'UTC' })
    const job = await own.submit(questions(5))
    const landing = job.wait()
    await until(async () => /Nothing new starts there: closed until 20/.test((await job.why()).reasons.join()))
    expect(own.now()).toBeLessThan(opens)
    expect(engine.asked).toEqual([])
    expect((await landing).requests).toMatchObject({ succeeded: 5 })
  })
})
