import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Job, JobSettings } from '../../src/index.ts'
import { chats, field, type RequestLine, until } from './field.ts'
import { nano } from './judge.ts'

/** Requests that each state a limit of their own. */
const asks = (limits: readonly number[], first: number): RequestLine[] =>
  limits.flatMap((limit, at) => chats(1, { max_completion_tokens: limit }, first + at))

const aJob = fc.record({
  /** Short of what would be said, mostly: then what is billed comes near to the worst. */
  limits: fc.array(fc.constantFrom(16, 40, 40, 400), { minLength: 6, maxLength: 30 }),
  shardRequests: fc.integer({ min: 3, max: 12 }),
  tier: fc.constantFrom('batch', 'batch', 'flex', 'standard'),
  team: fc.constantFrom('search', 'ads'),
  /** Until its deadline; null: it has none. */
  hours: fc.constantFrom(null, null, 12, 20, 36),
  /** Of its own high end, in percent; null: it has no budget. */
  budget: fc.constantFrom(null, null, null, 60, 100, 130),
  cancelled: fc.constantFrom(false, false, false, false, true),
})

const aNight = fc.record({
  seed: fc.nat(1000),
  jobs: fc.array(aJob, { minLength: 3, maxLength: 5 }),
  /** Of what all may cost at most, in percent. */
  home: fc.integer({ min: 10, max: 70 }),
  search: fc.integer({ min: 5, max: 40 }),
  trouble: fc.constantFrom(
    [],
    ['openai/expire-partial:0.5'],
    ['openai/sync-lost:times=6'],
    ['openai/create-response-lost'],
    ['openai/storm-500:times=4'],
  ),
})

/**
 * Whatever is bought for whom in whatever order, by two processes: neither the bill nor our own books pass a budget at
 * any moment, and every job is home, or held by one.
 */
test('the vendor never bills more than the budgets allow', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(aNight, async ({ seed, jobs, home, search, trouble }) => {
      await using on = await field({ seed, speed: 3600, scenario: trouble, latency: { medianSeconds: 3000 } })
      const [one, two] = [await on.open(), await on.open()]
      const highs: number[] = []
      for (const [at, { limits }] of jobs.entries()) {
        const { lanes } = await one.quote(asks(limits, 100 * at))
        highs.push(Number(lanes.find(({ lane }) => lane === 'openai/standard')?.usd.most))
      }
      const all = highs.reduce((sum, high) => sum + high, 0)
      const walls = [
        { usd: ((all * home) / 100).toFixed(9) },
        { usd: ((all * search) / 100).toFixed(9), tag: 'team=search', per: 'month' },
      ] as const
      for (const { usd, ...of } of walls) await one.setBudget(usd, of)

      const attending = [await one.attendAll(), await two.attendAll()]
      const made: Job[] = []
      let over: string | undefined
      const look = async (): Promise<void> => {
        const { nanoUsd } = await on.emulator.bill()
        if (BigInt(nanoUsd) > nano(walls[0].usd)) over = `${nanoUsd} billed, ${walls[0].usd} USD allowed`
        for (const { name, left, inAir, spent } of await one.budgets())
          if (nano(left) < 0n) over = `${name}: ${spent} spent, ${inAir} in the air, ${left} left`
      }
      for (const [at, { limits, shardRequests, tier, team, hours, budget, cancelled }] of jobs.entries()) {
        const settings: JobSettings = {
          shardRequests,
          tags: { team },
          retries: 1,
          ...(hours === null ? { ladder: [tier] } : { by: new Date(one.now() + hours * 3_600_000), bestEffort: true }),
          ...(budget === null ? {} : { budget: (((highs[at] as number) * budget) / 100).toFixed(9) }),
        }
        const job = await [one, two][at % 2]?.submit(asks(limits, 100 * at), settings)
        if (job === undefined) continue
        made.push(job)
        await look()
        if (cancelled) await job.cancel({ wait: false })
      }
      await until(async () => {
        await look()
        if (over !== undefined) return true
        const states = await Promise.all(made.map((job) => job.status()))
        return states.every(({ receipt, held }) => ['landed', 'cancelled'].includes(receipt.state) || held === 'budget')
      })
      for (const each of attending) await each.stop()
      expect(over).toBeUndefined()
      const spent = { home: 0n, search: 0n }
      for (const job of made) {
        const { receipt, tags } = await job.status()
        const sum = nano(receipt.usd.charged ?? '') + nano(receipt.usd.unproven) + nano(receipt.usd.duplicate)
        spent.home += sum
        if (tags['team'] === 'search') spent.search += sum
      }
      const told = await one.budgets()
      expect(told.map((one) => nano(one.spent))).toEqual([spent.home, spent.search])
      expect(spent.home).toBeLessThanOrEqual(nano(walls[0].usd))
      expect(spent.search).toBeLessThanOrEqual(nano(walls[1].usd))
    }),
    { numRuns: 3, endOnFailure: true },
  )
})
