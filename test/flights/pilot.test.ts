import { describe, expect, test } from 'vitest'
import { chats, field, fly, idOf, messages, outputLines } from './field.ts'
import { judge, nano } from './judge.ts'

const wide = ({ low, high }: { low: string | null; high: string | null }): number => Number(high) / Number(low)

describe('a pilot', () => {
  test('narrows the quote, is of requests all over the input, and is not bought again', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const lines = chats(400)
    const cold = await redeye.quote(lines)
    const asked: string[] = []
    const quoted = await redeye.quote(lines, {
      pilot: 40,
      confirmPilot: ({ lanes }) => {
        asked.push(...lanes.filter(({ flyable }) => flyable).map(({ lane }) => lane))
        return true
      },
    })
    expect(asked).toEqual(['openai/standard'])
    expect(quoted.pilot).toEqual({ requests: 40 })
    const of = (quote: typeof cold) => quote.lanes.find(({ lane }) => lane === 'openai/batch')?.usd
    expect(wide(of(quoted) as never)).toBeLessThan(1.8) // drawn at random, as pilots are
    expect(wide(of(cold) as never)).toBeGreaterThan(2 * wide(of(quoted) as never))

    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.reused).toMatchObject({ rows: 40 })
    expect(receipt.requests).toMatchObject({ total: 400, succeeded: 400 })
    expect((await on.emulator.log()).purchases.map(({ lines: bought }) => bought)).toEqual([360])
    // The range is of nineteen in twenty, and this may be the twentieth.
    expect(Number(receipt.usd.charged)).toBeGreaterThan(Number(receipt.usd.quotedLow) / 1.4)
    expect(Number(receipt.usd.charged)).toBeLessThan(Number(receipt.usd.quotedHigh) * 1.4)

    const [pilot] = receipt.reused?.from ?? []
    const flown = redeye.job(pilot ?? '')
    const sampled = (await outputLines(flown)).map((line) => Number(idOf(line).slice(2)))
    expect(sampled).toHaveLength(40)
    for (let decile = 0; decile < 10; decile++)
      expect(sampled.filter((at) => at >= 40 * decile && at < 40 * decile + 40)).toHaveLength(4)

    const landed = { ids: lines.map(idOf), receipt, lines: await outputLines(job) }
    const { faults, nanoUsd } = await judge(on.emulator, [
      landed,
      { ids: null, receipt: await flown.receipt(), lines: null },
    ])
    expect(faults).toEqual([])
    expect(nanoUsd).toMatchObject({ proven: nanoUsd.bill, unproven: 0n })
  })

  test('is of every model, and asked for twice is bought once', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const lines = [...chats(90), ...chats(30, { model: 'gpt-4.1-mini' }, 90)]
    const first = await redeye.quote(lines, { pilot: 40 })
    expect(first.pilot).toEqual({ requests: 40 })
    const calls = async () => (await redeye.jobs()).reduce((sum, { requests }) => sum + requests, 0)
    expect(await calls()).toBe(40)
    const batch = first.lanes.filter(({ lane }) => lane.endsWith('/batch'))
    expect(batch.map(({ model }) => model)).toEqual(['gpt-5.4-mini', 'gpt-4.1-mini'])
    expect(batch.map(({ notes }) => notes.join().match(/as (\d+) requests of a pilot have had/)?.[1])).toEqual([
      '26',
      '14',
    ])
    expect((await redeye.quote(lines, { pilot: 40 })).pilot).toEqual({ requests: 40 })
    expect((await redeye.quote(lines)).pilot).toEqual({ requests: 40 })
    expect(await calls()).toBe(40)
    expect((await redeye.quote(lines, { pilot: 60 })).pilot).toEqual({ requests: 60 })
    expect(await calls()).toBe(60)
  })

  test('is not bought where its price is not agreed to, or passes the budget', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    await expect(redeye.quote(chats(100), { pilot: 20, confirmPilot: () => false })).rejects.toMatchObject({
      code: 'not_confirmed',
    })
    await expect(redeye.quote(chats(100), { pilot: 20, budget: '0.000001' })).rejects.toMatchObject({
      code: 'over_budget',
    })
    expect((await redeye.jobs()).length).toBe(0)
  })

  test('before a job leaves it what is left of the budget', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const lines = chats(200, { max_completion_tokens: 100 })
    const job = await redeye.submit(lines, { pilot: 50, budget: '0.5' })
    await job.wait()
    const { usd, reused } = await job.receipt()
    expect(reused?.rows).toBe(50)
    const pilot = await redeye.job(reused?.from[0] ?? '').receipt()
    expect(nano(usd.charged ?? '') + nano(pilot.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('of all requests leaves the job nothing to buy', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const { lanes, pilot } = await redeye.quote(chats(12), { pilot: 20 })
    expect(pilot).toEqual({ requests: 12 })
    expect(lanes.find(({ lane }) => lane === 'openai/batch')?.usd).toMatchObject({ low: '0', high: '0' })
    const receipt = await (await fly(redeye, chats(12))).receipt()
    expect(receipt.requests).toMatchObject({ total: 12, succeeded: 12 })
    expect(receipt.usd.charged).toBe('0')
  })

  test('of which some failed leaves those to the job', async () => {
    await using on = await field({ speed: 600, scenario: 'anthropic/rows-400:share=0.2' })
    const redeye = await on.open()
    const lines = messages(60)
    const quoted = await redeye.quote(lines, { pilot: 30 })
    expect(quoted.pilot?.requests).toBeGreaterThan(10)
    expect(quoted.pilot?.requests).toBeLessThan(30)
    on.emulator.setScenario([])
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 60, succeeded: 60 })
    expect(receipt.reused?.rows).toBe(quoted.pilot?.requests)
  })
})
