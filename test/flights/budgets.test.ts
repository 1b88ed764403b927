import { describe, expect, test } from 'vitest'
import { type Job, JobHeld, type JobSettings, type Redeye } from '../../src/index.ts'
import { chats, type Field, field, fly, messages, until } from './field.ts'
import { DAY_FAST } from './fly-through.ts'
import { nano } from './judge.ts'

/** What may be asked is bounded, so that the worst of each is known. */
const asks = (count: number, first = 0) => chats(count, { max_completion_tokens: 2000 }, first)

/** The high end of what a job of so many costs, on the lane that it flies on. */
async function worstOf(redeye: Redeye, count: number, settings: JobSettings = {}): Promise<number> {
  const { lanes, recommended } = await redeye.quote(asks(count), settings)
  return Number(lanes.find(({ lane, flyable }) => flyable && (recommended ?? lane) === lane)?.usd.most)
}

const heldOf = async (job: Job): Promise<JobHeld> => {
  const held = await job.wait().catch((error: unknown) => error)
  expect(held).toBeInstanceOf(JobHeld)
  return held as JobHeld
}

const billOf = async ({ emulator }: Field): Promise<bigint> => BigInt((await emulator.bill()).nanoUsd)

describe('a budget of the home', () => {
  test('holds the job that could pass it, says so everywhere, and lets it go on when it is raised', async () => {
    await using on = await field()
    const redeye = await on.open()
    const high = await worstOf(redeye, 30)
    await redeye.setBudget((high * 0.9).toFixed(6))
    const quote = await redeye.quote(asks(30))
    expect(quote.budgets).toMatchObject([{ name: 'all jobs', raise: 'redeye budget USD' }])
    const job = await redeye.submit(asks(30))
    const held = await heldOf(job)
    expect(held).toMatchObject({ code: 'held_budget', exitCode: 3 })
    expect(held.message).toContain(`the budget of all jobs is ${Number((high * 0.9).toFixed(6))} USD; 0 is spent`)
    expect(held.hint).toContain(`redeye budget USD; then: redeye watch ${job.id}`)
    expect(await on.emulator.log()).toMatchObject({ purchases: [] })
    const { heldBy, held: why } = await job.status()
    expect({ why, heldBy }).toMatchObject({ why: 'budget', heldBy: { of: 'all jobs', spent: '0', inAir: '0' } })
    expect((await job.why()).reasons.join(' ')).toContain('More is bought after `redeye budget USD`')

    // Nobody touches the job: the worker that runs already takes it up.
    const worker = await (await on.open()).attendAll()
    await until(async () => (await job.status()).held === 'budget')
    await redeye.setBudget(high * 1.1)
    await until(async () => (await job.receipt()).state === 'landed')
    await worker.stop()
    const [status] = await redeye.budgets()
    expect(status).toMatchObject({ inAir: '0', spent: (await job.receipt()).usd.charged })
    expect(nano(status?.spent ?? '')).toBe(await billOf(on))
  })

  test('of a tag holds the jobs with that tag, and no others; what a trial costs counts too', async () => {
    await using on = await field()
    const redeye = await on.open()
    await redeye.setBudget(0, { tag: 'team=search' })
    const poor = await redeye.submit(asks(5), { tags: { team: 'search' } })
    expect((await heldOf(poor)).message).toContain('the budget of team=search is 0 USD')
    await fly(redeye, asks(5, 10), { tags: { team: 'ads' } })
    await expect(redeye.try(asks(2, 20), { tags: { team: 'search' } })).rejects.toThrow(JobHeld)
    await redeye.setBudget(null, { tag: 'team=search' })
    await redeye.try(asks(2, 20), { tags: { team: 'search' } })
    await redeye.setBudget('0.000001', { tag: 'team=search' })
    const [status] = await redeye.budgets()
    expect(nano(status?.spent ?? '')).toBeGreaterThan(0n)
    await expect(redeye.setBudget(1, { tag: 'search' })).rejects.toThrow('not name=value')
    await expect(redeye.setBudget('much')).rejects.toThrow('no amount')
    await expect(redeye.setBudget(null)).rejects.toThrow('no budget of all jobs')
  })

  test.for(['batch', 'flex', 'standard'] as const)(
    'is not passed by two processes that buy for different jobs at once on %s',
    { timeout: 60_000 },
    async (tier) => {
      await using on = await field({
        speed: 600,
        latency: { medianSeconds: 50_000, sigma: 0 },
        scenario: 'openai/sync-slow:seconds=3000',
      })
      const [one, two] = [await on.open(), await on.open()]
      const settings: JobSettings = { ladder: [tier], shardRequests: 5 }
      const high = await worstOf(one, 30, settings)
      await one.setBudget(((high / 6) * 2.5).toFixed(9))
      const jobs = [await one.submit(asks(30), settings), await two.submit(asks(30, 30), settings)]
      const attending = [await one.attendAll(), await two.attendAll()]
      const held = async () => (await Promise.all(jobs.map((job) => job.status()))).map(({ shards }) => shards.held)
      const bought = async () => (await Promise.all(jobs.map((job) => job.submissions()))).flat()
      await until(async () => (await held()).reduce((a, b) => a + b) === 10)
      await until(async () => (await bought()).filter(({ state }) => state === 'open').length === 2)
      for (const each of attending) await each.stop()
      const [status] = await one.budgets()
      expect(Number(status?.left)).toBeGreaterThanOrEqual(0)
    },
  )

  test('of a month is new with the next one, in a running worker too', { timeout: 60_000 }, async () => {
    await using on = await field()
    using machine = turnableClock()
    const redeye = await on.open()
    const turnTo = (at: number): void => machine.turn((at - redeye.now()) / on.speed)
    const [year, month] = [new Date().getUTCFullYear(), new Date().getUTCMonth()]
    turnTo(Date.UTC(year, month + 1, 2)) // wherever in a month this runs
    await redeye.setBudget((await worstOf(redeye, 20)) * 1.05, { per: 'month' })
    const worker = await redeye.attendAll()
    const first = await redeye.submit(asks(20))
    await until(async () => (await first.receipt()).state === 'landed')
    const second = await redeye.submit(asks(20, 20))
    await until(async () => (await second.status()).held === 'budget')
    turnTo(Date.UTC(year, month + 2, 2))
    await until(async () => (await second.receipt()).state === 'landed')
    await worker.stop()
    expect(await redeye.budgets()).toMatchObject([
      { month: monthOf(Date.UTC(year, month + 2, 2)), spent: (await second.receipt()).usd.charged },
    ])
  })
})

describe('the worst that can come', () => {
  test('of a shard is what its own requests may say, not its share of the file', { timeout: 60_000 }, async () => {
    await using on = await field()
    const redeye = await on.open()
    const short = chats(10, { max_completion_tokens: 10 })
    const input = [...short, ...chats(10, { max_completion_tokens: 4000 }, 10)]
    const { lanes } = await redeye.quote(input)
    const high = Number(lanes.find(({ flyable }) => flyable)?.usd.most)
    const job = await redeye.submit(input, { shardRequests: 10, budget: (high * 0.8).toFixed(9) })
    await heldOf(job)
    expect(await job.submissions()).toMatchObject([{ rows: 10, state: 'settled' }])
    expect((await job.receipt()).requests).toMatchObject({ succeeded: 10 })
    await job.setBudget((high * 1.1).toFixed(9))
    expect((await job.wait()).requests).toMatchObject({ succeeded: 20 })
  })

  test('counts calls whose answers were lost before they are made once more', { timeout: 60_000 }, async () => {
    await using on = await field({ speed: 60, scenario: 'openai/sync-lost:times=8' })
    const redeye = await on.open()
    const settings: JobSettings = { ladder: ['standard'] }
    const high = await worstOf(redeye, 20, settings)
    const budget = (high * 1.02).toFixed(9)
    await redeye.setBudget(budget)
    const job = await redeye.submit(asks(20), settings)
    const held = await heldOf(job)
    expect(held.message).toContain(`the budget of all jobs is`)
    const calls = (await on.emulator.log()).acts.flatMap((act) => (act.act === 'call' ? [act.bodySha256] : []))
    expect(calls.length).toBeGreaterThanOrEqual(1)
    expect(new Set(calls).size).toBe(calls.length) // none is called again
    expect(await billOf(on)).toBeLessThanOrEqual(nano(budget))
    await redeye.setBudget(high * 3)
    const receipt = await job.wait()
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
    const [proven, unproven] = [nano(receipt.usd.charged ?? ''), nano(receipt.usd.unproven)]
    expect(unproven).toBeGreaterThan(0n)
    expect(proven + unproven).toBeGreaterThanOrEqual(await billOf(on))
    expect(await redeye.budgets()).toMatchObject([{ inAir: '0' }])
  })

  test('of what is lost at the vendor stays spent', { timeout: 60_000 }, async () => {
    await using on = await field({
      scenario: 'anthropic/vanish',
      speed: DAY_FAST,
      latency: { medianSeconds: 4000, sigma: 0 },
    })
    const redeye = await on.open()
    const { lanes } = await redeye.quote(messages(10))
    const high = Number(lanes.find(({ flyable }) => flyable)?.usd.most)
    await redeye.setBudget(high * 1.5)
    const lost = await fly(redeye, messages(10), { retries: 0 })
    const { requests, usd } = await lost.receipt()
    expect(requests).toMatchObject({ missing: 10 })
    expect(await redeye.budgets()).toMatchObject([{ inAir: '0', spent: usd.unproven }])
    on.emulator.setScenario([])
    await heldOf(await redeye.submit(messages(10, {}, 10)))
  })

  test('of a price that nobody knows could pass any budget', { timeout: 60_000 }, async () => {
    await using on = await field()
    const redeye = await on.open()
    await redeye.setBudget(1000)
    const job = await redeye.submit(chats(3, { model: 'gpt-of-tomorrow' }), { allowUnpriced: true })
    expect((await heldOf(job)).message).toContain('the price of the next step is not known')
    expect((await on.emulator.log()).purchases).toEqual([])
  })
})

test('a job with a deadline that has no room left is held, not only silent, and goes on with more', {
  timeout: 60_000,
}, async () => {
  await using on = await field({ speed: 600, latency: { medianSeconds: 600, sigma: 0 } })
  const redeye = await on.open()
  const high = await worstOf(redeye, 40)
  await redeye.setBudget((high / 4) * 0.9)
  const by = new Date(redeye.now() + 20 * 3_600_000)
  const job = await redeye.submit(asks(40), { shardRequests: 10, by })
  const held = await heldOf(job)
  expect(held).toMatchObject({ code: 'held_budget', exitCode: 3 })
  expect(held.message).toContain('the budget of all jobs is')
  expect((await job.status()).shards).toMatchObject({ held: 4 })
  expect((await on.emulator.log()).purchases).toEqual([])
  await redeye.setBudget(high * 3)
  expect((await job.wait()).requests).toMatchObject({ succeeded: 40 })
})

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7)

/** The machine's clock, to be set forward by a test. */
function turnableClock(): Disposable & { turn(ms: number): void } {
  const now = Date.now
  let ahead = 0
  Date.now = () => now() + ahead
  return {
    turn: (ms) => {
      ahead += ms
    },
    [Symbol.dispose]: () => {
      Date.now = now
    },
  }
}
