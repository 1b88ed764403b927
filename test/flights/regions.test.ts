import { describe, expect, test } from 'vitest'
import { BadInput, type JobSettings, prices, UnknownRegion, UsageError } from '../../src/index.ts'
import { chats, field, fly, messages, outputLines, outputText } from './field.ts'
import { judge } from './judge.ts'

const idsOf = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)
const opus = (count: number, more = {}) => messages(count, { model: 'claude-opus-5', ...more })

describe.concurrent('a region', () => {
  test('is said by every request where the requests say it, and the books close at its price', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = opus(5)
    const [there, elsewhere] = await Promise.all([redeye.quote(requests, { region: 'us' }), redeye.quote(requests)])
    const highOf = (quote: typeof there) => Number(quote.lanes.find(({ flyable }) => flyable)?.usd.high)
    expect(highOf(there) / highOf(elsewhere)).toBeCloseTo(1.1, 1)
    const job = await fly(redeye, requests, { region: 'us' })
    const lines = await outputLines(job)
    expect(
      lines.map(({ result }) => (result?.message?.['usage'] as { inference_geo: string } | undefined)?.inference_geo),
    ).toEqual(Array.from({ length: 5 }, () => 'us'))
    const verdict = await judge(on.emulator, [{ ids: idsOf(requests), receipt: await job.receipt(), lines }])
    expect(verdict).toMatchObject({ faults: [], purchases: 1 })
  })

  test('is also said by requests that were translated', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, chats(3), { model: 'claude-opus-5', region: 'us' })
    expect((await job.receipt()).requests.succeeded).toBe(3)
    const { unitPrice } = (await redeye.ledger()).find(({ kind }) => kind === 'input') ?? {}
    const elsewhere = prices('anthropic/claude-opus-5').lanes[0]?.usdPerMillion.input ?? 0
    expect(Number(unitPrice) / 1e6).toBeCloseTo(elsewhere * 1.1, 6)
    const { charged } = (await job.receipt()).usd
    expect(charged).toBe((await on.emulator.bill()).usd)
  })

  test('may be said by all requests themselves, but not otherwise', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const submit = (requests: object[], settings: JobSettings) =>
      redeye.quote(requests, settings).catch((error: unknown) => error)
    expect(await submit(opus(2, { inference_geo: 'us' }), { region: 'us' })).not.toBeInstanceOf(Error)
    const other = await submit(opus(2, { inference_geo: 'global' }), { region: 'us' })
    expect(other).toBeInstanceOf(BadInput)
    expect((other as BadInput).problems).toMatchObject([{ line: 1 }, { line: 2 }])
    const mixed = await submit([...opus(1), ...opus(1, { inference_geo: 'us' })], { region: 'us' })
    expect((mixed as BadInput).problems).toMatchObject([{ line: 2 }])
  })

  test('is refused where vendor or model has none, and those there are named', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const refused = (requests: object[], region: string) =>
      redeye.quote(requests, { region }).catch((error: unknown) => error)
    const vendor = await refused(opus(1), 'eu')
    expect(vendor).toBeInstanceOf(UnknownRegion)
    expect(vendor).toMatchObject({
      exitCode: 2,
      message: 'anthropic has no region "eu" for claude-opus-5; it has us, global.',
      hint: expect.stringContaining('Vendors with a region "eu": openai, vertex'),
    })
    expect(await refused(messages(1, { model: 'claude-opus-4-5' }), 'us')).toMatchObject({
      message: 'anthropic has no region "us" for claude-opus-4-5; it has none.',
    })
    expect(await refused(chats(1), 'toString')).toBeInstanceOf(UnknownRegion)
    // The environment of this field names a host of its own, which no region can move.
    expect(await refused(chats(1), 'eu')).toBeInstanceOf(UsageError)
  })

  test('that is a host of its own is an account of its own, at the price of the place', async ({ expect }) => {
    await using on = await field()
    const { OPENAI_BASE_URL: _, ...env } = on.env
    const redeye = await on.open({ env })
    const quoted = await redeye.quote(chats(1, { model: 'gpt-6.2-sol' }), { region: 'eu' })
    const notes = quoted.lanes.flatMap((lane) => lane.notes)
    expect(notes).toContain('The data-residency price applies: 10 % above the price elsewhere.')
    const old = await redeye.quote(chats(1, { model: 'gpt-5-mini' }), { region: 'eu' })
    expect(old.lanes.flatMap((lane) => lane.notes).join()).not.toContain('data-residency')
    const already = await on.open({ env: { ...env, OPENAI_BASE_URL: 'https://eu.api.openai.com/v1/' } })
    const there = await already.quote(chats(1, { model: 'gpt-6.2-sol' }))
    expect(there.lanes.find(({ flyable }) => flyable)?.usd).toEqual(quoted.lanes.find(({ flyable }) => flyable)?.usd)
  })

  test('is where the job runs on Google Cloud', async ({ expect }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const job = await fly(redeye, chats(3), { model: 'vertex/gemini-3.5-flash', region: 'europe-west4' })
    expect((await job.receipt()).requests.succeeded).toBe(3)
    const jobsIn = async (location: string): Promise<number> => {
      const url = `${on.emulator.baseUrls.vertex}/v1/projects/flight/locations/${location}/batchPredictionJobs`
      const answer = await fetch(url, { headers: { authorization: 'Bearer ya29.test-flight' } })
      const { batchPredictionJobs = [] } = (await answer.json()) as { batchPredictionJobs?: unknown[] }
      return batchPredictionJobs.length
    }
    expect([await jobsIn('europe-west4'), await jobsIn('us-central1')]).toEqual([1, 0])
  })

  test('is in the cost of each row of a table', async ({ expect }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const settings = { prompt: 'Say {{word}}.', model: 'vertex/claude-opus-5', withCost: true, region: 'us-east5' }
    const job = await fly(redeye, [{ word: 'one' }, { word: 'two' }], settings)
    const rows = (await outputText(job)).trimEnd().split('\n')
    const sum = rows.reduce((all, row) => all + Number((JSON.parse(row) as { _usd: string })['_usd']), 0)
    expect(sum).toBeCloseTo(Number((await job.receipt()).usd.charged), 8)
  })

  test('is part of what a key stands for', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await redeye.submit(opus(2), { key: 'night', region: 'us' })
    const again = await redeye.submit(opus(2), { key: 'night' }).catch((error: unknown) => error)
    expect(again).toMatchObject({ code: 'key_conflict' })
  })
})

test('an older model takes no region where newer ones do', async () => {
  const { regions } = await import('../../src/providers/anthropic/regions.ts')
  const { catalogue } = await import('../../src/pricing/catalogue.ts')
  for (const { id, provider, dataResidency } of catalogue.models) {
    if (provider === 'anthropic') expect([id, regions['us']?.takes?.(id)]).toEqual([id, dataResidency.multiplier !== 1])
  }
})
