import { describe, test } from 'vitest'
import type { Emulator } from '../../src/emulator/index.ts'
import type { Receipt } from '../../src/index.ts'
import { compatibles } from '../../src/providers/openai/compatible.ts'
import { providers } from '../../src/providers/registry.ts'
import { chats, eventTypes, type Field, field, fly, idOf, messages, outputLines, SPEED } from './field.ts'
import { cancelHalfWay, DAY_FAST } from './fly-through.ts'

/** Vendors whose prices no catalogue knows: their books are kept, and closed, in tokens. */
const vendors = [...Object.keys(compatibles), 'mistral', 'together', 'xai']
/** Of those whose rows differ only by a table, two stand for all. */
const unlike = ['azure', 'groq', 'mistral', 'together', 'xai']

/** A process that has the account of this vendor, and no other. */
const openFor = (on: Field, vendor: string) => {
  const { apiKey, baseUrl } = (providers[vendor] as (typeof providers)[string]).environment
  const env = {
    [apiKey[0] as string]: 'test-flight',
    [baseUrl[0] as string]: on.emulator.alikeUrls[vendor] as string,
  }
  return on.open({ env })
}

const flown = (vendor: string) => ({ model: `${vendor}/gpt-5.4-mini`, allowUnpriced: true })

/** Tokens by kind, as the vendor bills them. */
async function billed(emulator: Emulator, vendor: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const { vendor: by, kind, tokens } of (await emulator.bill()).entries)
    if (by === vendor) sums[kind] = (sums[kind] ?? 0) + Number(tokens)
  return sums
}
const charged = ({ tokens }: Receipt) => Object.fromEntries(Object.entries(tokens).filter(([, count]) => count > 0))

describe.concurrent('vendors whose rows go as a file', () => {
  test.for(vendors)(
    '%s is flown by its name, with its own key, asked for nothing twice, and the books close',
    { timeout: 60_000 },
    async (vendor, { expect }) => {
      await using on = await field({ scenario: `${vendor}/create-response-lost` })
      const redeye = await openFor(on, vendor)
      const requests = chats(30)
      const job = await fly(redeye, requests, flown(vendor))
      expect((await outputLines(job)).map(idOf)).toEqual(requests.map(idOf))
      expect((await job.submissions()).map(({ lane, model }) => [lane, model])).toEqual([
        [`${vendor}/batch`, 'gpt-5.4-mini'],
      ])
      const { purchases } = await on.emulator.log()
      expect(purchases.map(({ vendor: at, lines }) => [at, lines])).toEqual([[vendor, 30]])
      const receipt = await job.receipt()
      expect(receipt.usd.charged).toBeNull()
      expect(charged(receipt)).toEqual(await billed(on.emulator, vendor))
    },
  )

  const troubles: readonly {
    readonly scenario: string
    readonly title: string
    readonly purchases: number
    readonly speed?: number
    readonly without?: readonly string[]
  }[] = [
    {
      scenario: 'expire-partial:0.6',
      title: 'what was late flies again',
      purchases: 2,
      speed: DAY_FAST,
      without: ['azure', 'xai'], // a late batch runs on there
    },
    { scenario: 'rows-500:0.2', title: 'rows that failed fly again', purchases: 2 },
    {
      scenario: 'unknown-status:paused',
      title: 'a word that nobody knows is waited out',
      purchases: 1,
      without: ['xai'],
    },
    { scenario: 'input-file-lost:times=1', title: 'a lost input file is sent again', purchases: 2 },
    { scenario: 'drop-download', title: 'a result that broke off is fetched again', purchases: 1, without: ['xai'] },
  ]
  for (const { scenario, title, purchases, speed = SPEED, without = [] } of troubles)
    test.for(unlike.filter((vendor) => !without.includes(vendor)))(
      `%s: ${title}, and the books close`,
      { timeout: 60_000 },
      async (vendor, { expect }) => {
        await using on = await field({ scenario: `${vendor}/${scenario}`, speed })
        const job = await fly(await openFor(on, vendor), chats(30), flown(vendor))
        const receipt = await job.receipt()
        expect(receipt.requests).toMatchObject({ total: 30, succeeded: 30 })
        expect((await on.emulator.log()).purchases).toHaveLength(purchases)
        expect((await on.emulator.tally()).repeated).toEqual([])
        expect(charged(receipt)).toEqual(await billed(on.emulator, vendor))
      },
    )

  test.for(unlike)(
    '%s: what had run when a job is cancelled is harvested and paid, and the books close',
    { timeout: 60_000 },
    async (vendor, { expect }) => {
      await using on = await field({ speed: 1200, latency: { medianSeconds: 7200, sigma: 0 } })
      const redeye = await openFor(on, vendor)
      const job = await redeye.submit(chats(40), flown(vendor))
      await cancelHalfWay(job, on)
      const receipt = await job.receipt()
      expect(receipt.requests.succeeded).toBeGreaterThan(0)
      expect(receipt.requests.succeeded + receipt.requests.cancelled).toBe(40)
      expect(charged(receipt)).toEqual(await billed(on.emulator, vendor))
      expect(await eventTypes(job)).toContain('cancelled')
    },
  )

  test.for(['mistral', 'together', 'deepinfra', 'siliconflow', 'groq'])(
    '%s: the limit of an answer is told by the name it knows, whatever the request calls it',
    { timeout: 60_000 },
    async (vendor, { expect }) => {
      await using on = await field()
      const redeye = await openFor(on, vendor)
      const long = { messages: [{ role: 'user', content: 'x'.repeat(600_000) }] }
      const limited = [
        ...chats(10, { max_completion_tokens: 16 }),
        ...chats(10, { max_tokens: 16 }, 10),
        ...chats(1, { max_completion_tokens: 16, ...long }, 20),
        ...messages(10, { max_tokens: 16 }, 21),
      ]
      const [said, translated] = [limited.slice(0, 21), limited.slice(21)]
      const job = await fly(redeye, said, flown(vendor))
      const used = (await outputLines(job)).map(({ response }) => {
        const usage = response?.body['usage'] as { completion_tokens: number } | undefined
        return [response?.status_code, Number(usage?.completion_tokens) <= 16]
      })
      expect(used).toEqual(said.map(() => [200, true]))
      const other = await fly(redeye, translated, flown(vendor))
      const { requests, tokens } = await other.receipt()
      expect(requests.succeeded).toBe(10)
      expect(tokens['output'] ?? 0).toBeLessThanOrEqual(160)
    },
  )

  test('one whose price nobody knows is not bought from without being told to', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open({ env: { GROQ_API_KEY: 'gsk-flight' } })
    await expect(redeye.submit(chats(3), { model: 'groq/llama-4-maverick' })).rejects.toMatchObject({
      code: 'price_missing',
    })
  })

  test('a base URL may be told with its path or without', async ({ expect }) => {
    await using on = await field()
    const bare = (on.emulator.alikeUrls['groq'] as string).replace(/\/openai\/v1$/, '/')
    const redeye = await on.open({ env: { GROQ_API_KEY: 'gsk-flight', GROQ_BASE_URL: bare } })
    const job = await fly(redeye, chats(3), { model: 'groq/gpt-5.4-mini', allowUnpriced: true })
    expect((await job.receipt()).requests.succeeded).toBe(3)
  })
})
