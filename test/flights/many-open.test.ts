import { describe, test } from 'vitest'
import { HOUR } from '../../src/kit/clock.ts'
import { chats, field, idOf, outputLines, until } from './field.ts'
import { judge } from './judge.ts'

const input = chats(24)
const ids = input.map(idOf)
const single = { shardRequests: 1 }

describe.concurrent('more submissions than are asked for one by one', () => {
  test.for([
    ['as usual', undefined],
    ['although the list is behind', 'openai/listed-late:seconds=1800'],
  ] as const)('land, each bought once, %s', { timeout: 60_000 }, async ([, scenario], { expect }) => {
    await using on = await field({
      speed: 1200,
      latency: { medianSeconds: 1800, sigma: 0.5 },
      ...(scenario === undefined ? {} : { scenario }),
    })
    const redeye = await on.open()
    const job = await redeye.submit(input, single)
    const receipt = await job.wait()
    const verdict = await judge(on.emulator, [{ ids, receipt, lines: await outputLines(job) }])
    expect(verdict).toMatchObject({ faults: [], purchases: 24, ranTwice: 0 })
  })

  test('a cancel wakes all of them at once', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 60, latency: { medianSeconds: 12 * HOUR, sigma: 0 } })
    const redeye = await on.open()
    const job = await redeye.submit(input, single)
    await job.untilBought()
    const receipt = await job.cancel()
    expect(receipt).toMatchObject({ state: 'cancelled', requests: { cancelled: 24 } })
  })

  test('whoever comes after a night finds what has ended meanwhile', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 900, sigma: 0 } })
    const [one, two] = [await on.open(), await on.open()]
    const job = await one.submit(input, single)
    await job.untilBought()
    await until(async () => (await on.emulator.log()).purchases.every(({ executed }) => executed === 1))
    const worker = await two.attendAll()
    await until(async () => (await job.status()).receipt.state === 'landed')
    await worker.stop()
    expect((await job.receipt()).requests.succeeded).toBe(24)
  })

  test('progress says when they land, from how long they have flown', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 60, latency: { medianSeconds: 24 * 3600, sigma: 0 } })
    const redeye = await on.open()
    const job = await redeye.submit(input, single)
    await job.untilBought()
    const { lands } = await job.status()
    expect(Date.parse(lands?.p50 ?? '')).toBeGreaterThan(redeye.now())
    expect(Date.parse(lands?.p90 ?? '')).toBeGreaterThanOrEqual(Date.parse(lands?.p50 ?? ''))
  })
})
