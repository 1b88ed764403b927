import { describe, expect, test } from 'vitest'
import { HOUR } from '../../src/kit/clock.ts'
import { chats, contents, eventTypes, field, idOf, messages, outputLines, outputText, until } from './field.ts'
import { judge } from './judge.ts'

const ids = (...numbers: readonly number[]) => numbers.map((number) => `q-${number}`)

describe.concurrent('requests that are withdrawn', () => {
  test('before anything is bought are never bought, and the others fly', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const input = chats(40)
    const job = await redeye.submit(input, { shardRequests: 10 })
    // One whole shard, and some of two others.
    const named = [...ids(3, 17, 18), ...chats(10, {}, 20).map(idOf)]
    expect(await job.cancel({ ids: named })).toEqual({
      job: job.id,
      withdrawn: 13,
      inFlight: 0,
      already: 0,
      ended: 0,
      unknown: 0,
      unknownIds: [],
    })
    await job.wait()
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 40, succeeded: 27, cancelled: 13, discarded: 0 })
    expect(receipt.submissions).toBe(3)
    const lines = await outputLines(job)
    const { faults, paidRows } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
    expect(paidRows).toBe(27)
    expect(lines[3]?.error).toEqual({ code: 'batch_cancelled', message: 'This request was withdrawn.' })
  })

  test('in flight are discarded when they come, charged, and counted', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ latency: { medianSeconds: 3000 } })
    const redeye = await on.open()
    const input = messages(20)
    const job = await redeye.submit(input)
    await job.untilBought()
    expect(await job.cancel({ ids: ids(1, 2, 99) })).toMatchObject({
      withdrawn: 2,
      inFlight: 2,
      unknown: 1,
      unknownIds: ['q-99'],
    })
    expect(await job.cancel({ ids: ids(2, 3) })).toMatchObject({ withdrawn: 1, already: 1 })
    await job.wait()
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 17, cancelled: 3, discarded: 3 })
    const lines = await outputLines(job)
    const { faults, paidRows } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
    expect(paidRows).toBe(20)
    expect(lines[1]?.result).toEqual({ type: 'canceled' })
    // Those that have an outcome keep it, and a job that is home flies no more for it.
    expect(await job.cancel({ ids: ids(1, 5) })).toMatchObject({ withdrawn: 0, already: 1, ended: 1 })
    await expect(job.retry()).rejects.toMatchObject({ code: 'nothing_to_retry' })
  })

  test('are not tried again when they fail', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ latency: { medianSeconds: 3000 }, scenario: 'openai/rows-429:share=1' })
    const redeye = await on.open()
    const input = chats(20)
    const job = await redeye.submit(input, { retries: 1 })
    await job.untilBought()
    await job.cancel({ ids: input.slice(1).map(idOf) })
    await job.wait()
    const { requests } = await job.receipt()
    expect(requests).toMatchObject({ succeeded: 1, cancelled: 19, discarded: 0 })
    expect((await on.emulator.log()).purchases.map(({ lines }) => lines)).toEqual([20, 1])
  })

  test('end a submission that has no others', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ latency: { medianSeconds: 60_000 } })
    const redeye = await on.open()
    const input = chats(20)
    const job = await redeye.submit(input, { shardRequests: 10 })
    await job.untilBought()
    await job.cancel({ ids: input.slice(0, 10).map(idOf) })
    await job.wait()
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 10, cancelled: 10 })
    expect((await eventTypes(job)).filter((type) => type === 'cancelling')).toHaveLength(1)
    const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
    expect(faults).toEqual([])
  })

  test('of a job with a deadline leave the shards that wait', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const input = chats(400)
    const job = await redeye.submit(input, { ladder: ['batch'], by: new Date(redeye.now() + 6 * HOUR) })
    expect(await job.cancel({ ids: input.slice(0, 100).map(idOf) })).toMatchObject({ withdrawn: 100, inFlight: 0 })
    await job.wait()
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 300, cancelled: 100, discarded: 0 })
    const { faults, paidRows } = await judge(on.emulator, [
      { ids: input.map(idOf), receipt, lines: await outputLines(job) },
    ])
    expect(faults).toEqual([])
    expect(paidRows).toBe(300)
  })

  test('of a run that is under way are passed over', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 60 })
    const redeye = await on.open()
    const input = contents(600)
    const job = await redeye.submit(input, { ladder: ['standard'], requestsPerMinute: 60 })
    const landed = job.wait()
    await until(async () => (await job.status()).atVendor.done > 20)
    const { withdrawn, ended } = await job.cancel({ ids: input.slice(100).map(idOf) })
    expect({ withdrawn, ended }).toEqual({ withdrawn: 500, ended: 0 })
    await landed
    const receipt = await job.receipt()
    const { cancelled, discarded } = receipt.requests
    expect(receipt.requests).toMatchObject({ total: 600, succeeded: 100, cancelled: 500 })
    expect(discarded).toBeLessThan(cancelled)
    const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
    expect(faults).toEqual([])
  })

  test('of a table are named by their numbers', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const rows = Array.from({ length: 12 }, (_, index) => ({ text: `Word ${index}` }))
    const job = await redeye.submit(rows, { prompt: 'Label: {{text}}', model: 'gpt-5.4-mini', withCost: true })
    expect(await job.cancel({ ids: ['0', '11', '12', 'x', '-1'] })).toMatchObject({ withdrawn: 2, unknown: 3 })
    await job.wait()
    expect((await job.receipt()).requests).toMatchObject({ succeeded: 10, cancelled: 2 })
    const [first] = (await outputText(job)).split('\n')
    expect(JSON.parse(first as string)).toMatchObject({ text: 'Word 0', _outcome: 'cancelled', answer: null })
  })

  test('all at once leave a job that lands with nothing bought', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const input = chats(1200)
    const job = await redeye.submit(input)
    const named = async function* () {
      for (const line of input) yield idOf(line)
    }
    expect(await job.cancel({ ids: named() })).toMatchObject({ withdrawn: 1200, inFlight: 0 })
    await job.wait()
    const { requests, submissions, usd } = await job.receipt()
    expect(requests).toMatchObject({ cancelled: 1200, succeeded: 0 })
    expect({ submissions, charged: usd.charged }).toEqual({ submissions: 0, charged: '0' })
    expect(await eventTypes(job)).toContain('withdrawn')
  })
})

test('nobody withdraws requests of a job that is not there', async () => {
  await using on = await field()
  await expect((await on.open()).job('job_nope').cancel({ ids: ['a'] })).rejects.toMatchObject({ code: 'unknown_job' })
})
