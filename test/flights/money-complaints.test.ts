import { describe, expect, test } from 'vitest'
import { usd } from '../../src/domain/money.ts'
import { allBatchPrices, type Job, open } from '../../src/index.ts'
import { chats, contents, type Field, field, fly, messages, outputLines, until } from './field.ts'
import { cancelHalfWay, DAY_FAST } from './fly-through.ts'
import { nano } from './judge.ts'

/**
 * What users of other tools complain about when it comes to cost, each as a flight that would show it. Numbers are those
 * of public issues.
 */
describe('the money complaints of the field', () => {
  const billOf = async ({ emulator }: Field): Promise<bigint> => BigInt((await emulator.bill()).nanoUsd)
  const chargedOf = async (job: Job): Promise<bigint> => nano((await job.receipt()).usd.charged ?? '')

  test('what can never be priced keeps nothing else from its price or its budget (litellm 36640)', async () => {
    await using on = await field()
    const groq = { GROQ_API_KEY: 'test-flight', GROQ_BASE_URL: on.emulator.alikeUrls['groq'] as string }
    const redeye = await on.open({ env: { ...on.env, ...groq } })
    const unknown = await fly(redeye, chats(5), { model: 'groq/gpt-5.4-mini', allowUnpriced: true })
    expect((await unknown.receipt()).usd.charged).toBeNull()
    const priced = await fly(redeye, chats(10, {}, 50))
    expect(await chargedOf(priced)).toBe(BigInt((await on.emulator.bill()).vendors['openai']?.nanoUsd ?? 0))
    expect(await chargedOf(priced)).toBeGreaterThan(0n)
    const poor = redeye.submit(chats(10, {}, 100), { budget: '0.0000001' })
    await expect(poor).rejects.toMatchObject({ code: expect.stringContaining('budget'), exitCode: 3 })
  })

  test('a cap on what batches may spend holds, also beside those that can never be priced (litellm 36640)', async () => {
    await using on = await field()
    const groq = { GROQ_API_KEY: 'test-flight', GROQ_BASE_URL: on.emulator.alikeUrls['groq'] as string }
    const redeye = await on.open({ env: { ...on.env, ...groq } })
    await fly(redeye, chats(5), { model: 'groq/gpt-5.4-mini', allowUnpriced: true })
    const spent = await chargedOf(await fly(redeye, chats(10, {}, 50)))
    await redeye.setBudget(usd(spent + 1n), { per: 'month' })
    const capped = await redeye.submit(chats(10, {}, 100))
    await expect(capped.wait()).rejects.toMatchObject({ code: 'held_budget', exitCode: 3 })
    expect(await redeye.budgets()).toMatchObject([{ spent: usd(spent), left: '0.000000001' }])
  })

  test.for([
    ['Anthropic', messages(10), {}], // litellm 27944: results fetched from the wrong place
    ['Vertex AI', chats(10), { model: 'vertex/gemini-3.5-flash' }], // litellm 19925: another shape of output
    ['Gemini', contents(10), {}],
  ] as const)('a batch of %s is never free (litellm 27944, 19925)', async ([, input, settings]) => {
    await using on = await field({ cloud: true })
    const job = await fly(await on.open(), [...input], settings)
    expect(await chargedOf(job)).toBeGreaterThan(0n)
    expect(await chargedOf(job)).toBe(await billOf(on))
  })

  test('a result file that appears late is charged all the same (litellm 37713)', async () => {
    await using on = await field({ scenario: 'openai/output-id-late:seconds=300', speed: 300 })
    const job = await fly(await on.open(), chats(10))
    expect(await chargedOf(job)).toBe(await billOf(on))
  })

  test('looking again never charges again (litellm 37050)', async () => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, chats(10))
    const before = await redeye.ledger()
    for (let look = 0; look < 3; look++) {
      await job.wait()
      await job.receipt()
      await redeye.bill()
      await redeye.recompute()
    }
    const again = await on.open()
    await again.job(job.id).wait()
    expect(await again.ledger()).toEqual(before)
  })

  test('what a cancelled batch had finished is charged (litellm 37205)', async () => {
    await using on = await field({ latency: { medianSeconds: 600, sigma: 0 } })
    const redeye = await on.open()
    const job = await redeye.submit(chats(40))
    await cancelHalfWay(job, on)
    await job.wait()
    const { requests } = await job.receipt()
    expect(requests.succeeded).toBeGreaterThan(0)
    expect(await chargedOf(job)).toBe(await billOf(on))
    expect(await chargedOf(job)).toBeGreaterThan(0n)
  })

  test('what an expired batch had finished is charged, and its rest once more when it flies again', async () => {
    await using on = await field({ scenario: 'openai/expire-partial:0.5', speed: DAY_FAST })
    const job = await fly(await on.open(), chats(20))
    expect((await job.receipt()).requests).toMatchObject({ succeeded: 20 })
    expect(await chargedOf(job)).toBe(await billOf(on))
  })

  test('cost is there although nobody ever fetched the results (litellm 10011)', async () => {
    await using on = await field()
    const buyer = await open({ home: on.home, speed: on.speed, env: on.env })
    const { id } = await buyer.submit(chats(10))
    await buyer.close()
    const worker = await on.open()
    const attending = await worker.attendAll()
    await until(async () => (await worker.job(id).status()).receipt.state === 'landed')
    await attending.stop()
    expect(nano((await worker.bill()).total.usd.charged ?? '')).toBe(await billOf(on))
  })

  test.for([
    ['openai', chats(10), {}],
    ['vertex', chats(10), { model: 'vertex/gemini-3.5-flash' }],
  ] as const)(
    'a flex call at %s costs what flex costs, not the standard price (litellm 13810, 37647)',
    async ([vendor, input, settings]) => {
      await using on = await field({ cloud: true, speed: 60 })
      const redeye = await on.open({ env: { ...on.env, GOOGLE_CLOUD_LOCATION: 'global' } })
      const job = await fly(redeye, [...input], { ...settings, ladder: ['flex'] })
      const { usd, lanes } = await job.receipt()
      expect(lanes).toMatchObject([{ lane: `${vendor}/flex` }])
      expect(await chargedOf(job)).toBe(await billOf(on))
      expect(nano(usd.standard ?? '')).toBe(2n * nano(usd.charged ?? ''))
    },
  )

  test('a long prompt is charged at the price of long prompts, also in a batch (litellm 39861)', async () => {
    await using on = await field()
    const redeye = await on.open()
    const long = `${'word '.repeat(280_000)}Sum up.`
    const request = (custom_id: string, content: string) => ({
      ...chats(1)[0],
      custom_id,
      body: { model: 'gpt-6.1-sol', max_completion_tokens: 50, messages: [{ role: 'user', content }] },
    })
    const job = await fly(redeye, [request('long', long), request('short', 'Say something.')] as never)
    expect(await chargedOf(job)).toBe(await billOf(on))
    const inputs = (await redeye.ledger()).filter(({ kind }) => kind === 'input' || kind === 'cacheWriteDefault')
    expect(new Set(inputs.map(({ unitPrice }) => unitPrice)).size).toBeGreaterThan(1)
  })

  test('whoever watches cost is told tier and discount: by request, by entry, and in FOCUS (langfuse 13780)', async () => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, chats(10), { withCost: true })
    const costs = ((await outputLines(job)) as unknown as { redeye: { lane: string; usd: string } }[]).map(
      ({ redeye: cost }) => cost,
    )
    expect(new Set(costs.map(({ lane }) => lane))).toEqual(new Set(['openai/batch']))
    expect(costs.reduce((sum, { usd }) => sum + nano(usd), 0n)).toBe(await billOf(on)) // prices are whole in nano here
    expect((await redeye.ledger()).map(({ tier }) => tier)).toEqual(['batch', 'batch'])
    expect((await redeye.focus()).csv).toMatch(/"\{""x_Tier"":""batch""\}"/)
  })

  test('every model that is sold by the batch has a batch price (models.dev 161)', () => {
    const prices = allBatchPrices()
    expect(prices.length).toBeGreaterThan(50)
    expect(prices.filter(({ usdPerMillion }) => !(Number(usdPerMillion.input) > 0))).toEqual([])
  })

  test('cost is known before and after (kaapi 446, curator 563)', async () => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, chats(20))
    const { usd } = await job.receipt()
    expect(nano(usd.quotedLow ?? '')).toBeLessThanOrEqual(nano(usd.charged ?? ''))
    expect(nano(usd.quotedHigh ?? '')).toBeGreaterThanOrEqual(nano(usd.charged ?? ''))
  })
})
