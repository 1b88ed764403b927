import { describe, test } from 'vitest'
import type { Job } from '../../src/index.ts'
import { HOUR, MINUTE } from '../../src/kit/clock.ts'
import { chats, field, fly, idOf, outputLines } from './field.ts'
import { judge } from './judge.ts'

/** When each event of a kind happened, epoch ms of the flight's clock. */
async function timesOf(job: Job, type: string): Promise<number[]> {
  const times: number[] = []
  for await (const event of job.events({ follow: false })) if (event.type === type) times.push(Date.parse(event.at))
  return times
}

describe.concurrent('a round of retries', () => {
  test('after trouble of the vendor waits a minute, and the next one two', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600, scenario: 'openai/rows-429:share=1,times=always' })
    const job = await fly(await on.open(), chats(20))
    expect((await job.receipt()).requests).toMatchObject({ failed: 20 })
    const planned = await timesOf(job, 'retry')
    const buying = await timesOf(job, 'buying')
    expect(planned).toHaveLength(2)
    for (const [round, at] of planned.entries())
      expect((buying[round + 1] as number) - at).toBeGreaterThanOrEqual(2 ** round * MINUTE)
  })

  test('of a job with a deadline flies together, whatever shards it comes from', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({
      speed: 60,
      scenario: 'openai/rows-429:share=0.3',
      latency: { medianSeconds: 120, sigma: 0 },
    })
    const redeye = await on.open()
    const input = chats(250)
    const job = await fly(redeye, input, { by: new Date(redeye.now() + 20 * HOUR), shardRequests: 50 })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 250 })
    expect((await on.emulator.log()).purchases.length).toBeLessThanOrEqual(7)
    expect(await timesOf(job, 'gathered')).not.toEqual([])
    const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
    expect(faults).toEqual([])
  })

  test('has the one request that kills its shard for itself, in time for a deadline too', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({ speed: 600, scenario: 'openai/poison-line:marker=number 13.' })
    const redeye = await on.open()
    const input = chats(40)
    const job = await fly(redeye, input, { by: new Date(redeye.now() + 20 * HOUR) })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 39, failed: 1 })
    expect(receipt.metDeadline).toBe(true)
    expect((await timesOf(job, 'recut')).length).toBeGreaterThan(2)
    const lines = await outputLines(job)
    expect(lines[13]?.response?.status_code).not.toBe(200)
    const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
  })
})
