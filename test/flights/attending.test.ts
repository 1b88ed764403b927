import { describe, test } from 'vitest'
import { chats, eventTypes, field, outputLines, until } from './field.ts'
import { judge } from './judge.ts'

const requests = chats(60)
const ids = requests.map(({ custom_id }) => custom_id)
const shards = { shardRequests: 10 }

describe.concurrent('who attends', () => {
  test('two processes share one job: each shard is bought once, whoever buys it', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 300, sigma: 0.3 } })
    const [one, two] = [await on.open(), await on.open()]
    const job = await one.submit(requests, shards)
    const [first, second] = await Promise.all([job.wait(), two.job(job.id).wait()])
    expect(first).toEqual(second)
    const verdict = await judge(on.emulator, [{ ids, receipt: first, lines: await outputLines(job) }])
    expect(verdict).toMatchObject({ faults: [], purchases: 6, ranTwice: 0 })
  })

  test('the first may leave in the middle: the second brings it home', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 900, sigma: 0 } })
    const [one, two] = [await on.open(), await on.open()]
    const job = await one.submit(requests, shards)
    const detach = new AbortController()
    const left = job.wait({ signal: detach.signal }).catch((error: unknown) => error)
    await until(async () => (await on.emulator.log()).purchases.length >= 2)
    detach.abort(new Error('the user went home'))
    expect(await left).toMatchObject({ message: 'the user went home' })
    expect((await job.status()).attendants).toEqual([])
    const receipt = await two.job(job.id).wait()
    const verdict = await judge(on.emulator, [{ ids, receipt, lines: await outputLines(job) }])
    expect(verdict).toMatchObject({ faults: [], purchases: 6, ranTwice: 0 })
  })

  test('a worker flies what others submit, also later', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const [one, two] = [await on.open(), await on.open()]
    const early = await one.submit(requests, shards)
    const worker = await two.attendAll()
    const late = await one.submit(chats(20, {}, 100))
    await until(async () => (await early.status()).receipt.state === 'landed')
    await until(async () => (await late.status()).receipt.state === 'landed')
    await worker.stop()
    expect((await late.receipt()).requests.succeeded).toBe(20)
  })

  test('looking at events or results and turning away leaves the job as it is', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 900, sigma: 0 } })
    const redeye = await on.open()
    const job = await redeye.submit(requests, shards)
    for await (const { type } of job.events()) if (type === 'bought') break
    expect((await job.status()).attendants).toEqual([])
    const seen: string[] = []
    for await (const { id } of job.results()) {
      seen.push(id)
      if (seen.length === 3) break
    }
    expect(seen).toEqual(ids.slice(0, 3))
    const { succeeded } = (await job.receipt()).requests
    expect(succeeded).toBe(60)
    const types = await eventTypes(job)
    // Whoever turns away while a purchase is under way does not hear its answer: it is found, not made again.
    expect(types.filter((type) => type === 'bought' || type === 'found')).toHaveLength(6)
    expect((await on.emulator.log()).purchases).toHaveLength(6)
    expect(types.at(-1)).toBe('landed')
  })

  test('a purchase that shows up long after it was ruled out is cancelled, harvested and charged as a duplicate', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({
      scenario: 'openai/create-response-lost+openai/listed-late:seconds=2700',
      latency: { medianSeconds: 7200, sigma: 0 },
    })
    const redeye = await on.open()
    const job = await redeye.submit(requests)
    await job.wait()
    // Nobody knew of it when the job landed; whoever attends next finds it.
    const worker = await redeye.attendAll()
    await until(async () => {
      const { usd } = await job.receipt()
      return usd.duplicate !== '0' && (await redeye.ledger()).some(({ part }) => part === 'duplicate')
    })
    await worker.stop()
    const receipt = await job.receipt()
    const types = await eventTypes(job)
    expect(types).toEqual(expect.arrayContaining(['unsure', 'fenced', 'absent', 'arrived-late']))
    const lines = await outputLines(job)
    const { faults, purchases, nanoUsd } = await judge(on.emulator, [{ ids, receipt, lines }])
    expect(faults.filter((fault) => !fault.includes('was paid for'))).toEqual([]) // the books close
    expect(purchases).toBe(2)
    expect(nanoUsd.bill).toBe(nanoUsd.proven + nanoUsd.duplicate)
  })
})
