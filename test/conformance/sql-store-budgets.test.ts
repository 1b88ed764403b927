import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { BudgetRow, ControlStore, LedgerRow } from '../../src/stores/contract.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'
import { jobRow, ledgerRow, shardRow, submissionRow } from './sql-store-rows.ts'

const NOVEMBER = Date.UTC(2026, 10, 24)
const month = '2026-11'
const allJobs = { tag: '', value: '' } as const
const search = { tag: 'team', value: 'search' } as const

describe.each(sqlStores)('budgets: $name', (implementation) => {
  const here = freshStore(implementation)

  beforeEach(async () => {
    for (const [id, tags] of [
      ['search', { team: 'search', stage: 'test' }],
      ['ads', { team: 'ads' }],
      ['plain', {}],
    ] as const) {
      const shard = shardRow({ id: `shd_${id}`, jobId: `job_${id}` })
      await here.store.createJob(jobRow({ id: `job_${id}`, key: null, tags }), [shard], [])
    }
  })

  /** A purchase of a job, as it is about to be made. */
  const bought = (of: string, id: string, worstNanoUsd: bigint | null) =>
    submissionRow({ id, jobId: `job_${of}`, shardId: `shd_${of}`, state: 'buying', worstNanoUsd })
  const buy = (of: string, id: string, worst: bigint | null, store: ControlStore = here.store): Promise<boolean> =>
    store.commit({ insertSubmissions: [bought(of, id, worst)], spends: { jobId: `job_${of}`, month } })
  const entry = (of: string, id: string, change: Partial<LedgerRow>, tags: LedgerRow['tags']): LedgerRow =>
    ledgerRow({ submissionId: id, jobId: `job_${of}`, at: NOVEMBER, tags, ...change })
  const settle = (of: string, id: string, change: Partial<LedgerRow>, tags: LedgerRow['tags'] = {}) =>
    here.store.commit({
      submissions: [{ id, from: ['buying', 'lost'], set: { state: 'settled', settledAt: 1 } }],
      ledger: [entry(of, id, change, tags)],
    })
  const save = (of: Omit<BudgetRow, 'nanoUsd' | 'per'>, nanoUsd: bigint, per: BudgetRow['per'] = 'ever') =>
    here.store.saveBudget({ ...of, per, nanoUsd })

  test('a purchase that could pass one is not made, and nothing of its commit is written', async () => {
    await save(allJobs, 100n)
    expect(await buy('plain', 'sub_1', 60n)).toBe(true)
    expect(await buy('ads', 'sub_2', 41n)).toBe(false)
    expect(await here.store.submission('sub_2')).toBeUndefined()
    expect(await buy('ads', 'sub_2', 40n)).toBe(true)
  })

  test('of a tag covers the jobs with that tag, one of all jobs every job, and none the commits that buy nothing', async () => {
    await save(search, 10n)
    expect(await buy('search', 'sub_1', 11n)).toBe(false)
    expect(await buy('ads', 'sub_2', 1_000n)).toBe(true)
    await save(allJobs, 1_005n)
    expect(await buy('search', 'sub_1', 6n)).toBe(false)
    expect(await buy('search', 'sub_1', 5n)).toBe(true)
    expect(await here.store.commit({ insertSubmissions: [bought('plain', 'sub_3', 9_999n)] })).toBe(true)
  })

  test('those that cover a job are told with what counts against them', async () => {
    await save(allJobs, 1_000n)
    await save(search, 500n, 'month')
    await save({ tag: 'team', value: 'ads' }, 1n)
    await buy('search', 'sub_1', 60n)
    await buy('plain', 'sub_2', 7n)
    expect(await here.store.budgets({ month, jobId: 'job_search' })).toEqual([
      { ...allJobs, per: 'ever', nanoUsd: 1_000n, spent: 0n, inAir: 67n },
      { ...search, per: 'month', nanoUsd: 500n, spent: 0n, inAir: 60n },
    ])
    expect(await here.store.committed('job_plain')).toEqual({ spent: 0n, inAir: 7n })
  })

  test.each(['proven', 'unproven', 'duplicate'] as const)('what is %s is spent', async (part) => {
    await save(search, 100n)
    await buy('search', 'sub_1', 90n)
    await settle('search', 'sub_1', { part, nanoUsd: 25n }, { team: 'search' })
    expect(await here.store.budgets({ month })).toMatchObject([{ spent: 25n, inAir: 0n }])
    expect(await here.store.committed('job_search')).toEqual({ spent: 25n, inAir: 0n })
    expect(await buy('search', 'sub_2', 76n)).toBe(false)
    expect(await buy('search', 'sub_2', 75n)).toBe(true)
  })

  test('an entry that is written twice is spent once; one without a price adds nothing', async () => {
    await save(allJobs, 100n)
    await buy('plain', 'sub_1', 10n)
    await settle('plain', 'sub_1', { nanoUsd: 10n })
    await here.store.commit({ ledger: [entry('plain', 'sub_1', { nanoUsd: 10n }, {})] })
    await here.store.commit({ ledger: [entry('plain', 'sub_1', { kind: 'output', nanoUsd: null }, {})] })
    await here.store.commit({ ledger: [entry('plain', 'sub_1', { entry: 1, nanoUsd: 2n }, {})] })
    expect(await here.store.budgets({ month })).toMatchObject([{ spent: 12n }])
  })

  test('of a month counts that month alone, by UTC, and begins anew with the next', async () => {
    await save(allJobs, 100n, 'month')
    await save(search, 1_000n)
    await buy('search', 'sub_1', 90n)
    await settle('search', 'sub_1', { nanoUsd: 90n, at: Date.UTC(2026, 10, 30, 23, 59, 59) }, { team: 'search' })
    await here.store.commit({
      ledger: [entry('search', 'sub_1', { entry: 1, nanoUsd: 3n, at: Date.UTC(2026, 11, 1) }, { team: 'search' })],
    })
    const spentIn = async (when: string) => (await here.store.budgets({ month: when })).map(({ spent }) => spent)
    expect(await spentIn('2026-11')).toEqual([90n, 93n])
    expect(await spentIn('2026-12')).toEqual([3n, 93n])
  })

  test('what is in the air counts from the intent to buy until it is settled, and what is lost until it is written down', async () => {
    await save(allJobs, 1_000n)
    const inAir = async () => (await here.store.budgets({ month }))[0]?.inAir
    await here.store.commit({ insertSubmissions: [{ ...bought('plain', 'sub_1', 5n), state: 'prepared' }] })
    expect(await inAir()).toBe(0n)
    for (const state of [
      'buying',
      'unsure',
      'candidate',
      'open',
      'cancelling',
      'ended',
      'collected',
      'lost',
    ] as const) {
      await here.store.commit({ submissions: [{ id: 'sub_1', from: 'prepared', set: { state } }] })
      expect([state, await inAir()]).toEqual([state, 5n])
      await here.store.commit({ submissions: [{ id: 'sub_1', from: state, set: { state: 'prepared' } }] })
    }
    await here.store.commit({ submissions: [{ id: 'sub_1', from: 'prepared', set: { state: 'lost', settledAt: 1 } }] })
    expect(await inAir()).toBe(0n)
  })

  test('can be raised, lowered and taken away', async () => {
    await save(allJobs, 10n)
    await buy('plain', 'sub_1', 10n)
    await save(allJobs, 20n)
    expect(await buy('plain', 'sub_2', 5n)).toBe(true)
    await save(allJobs, 1n)
    expect(await buy('plain', 'sub_3', 0n)).toBe(false)
    expect(await here.store.deleteBudget({ ...allJobs, per: 'month' })).toBe(false)
    expect(await here.store.deleteBudget({ ...allJobs, per: 'ever' })).toBe(true)
    expect(await buy('plain', 'sub_3', 1_000n)).toBe(true)
  })

  test('two processes that buy at the same moment do not pass one together', async () => {
    const other = await implementation.open(here.home.at, () => here.real)
    try {
      await save(allJobs, 55n)
      const buyers = Array.from({ length: 20 }, (_, n) =>
        buy(['search', 'ads', 'plain'][n % 3] as string, `sub_${n}`, 10n, n % 2 === 0 ? here.store : other),
      )
      expect((await Promise.all(buyers)).filter(Boolean)).toHaveLength(5)
    } finally {
      await other.close()
    }
  })

  test('whatever is bought, withheld, settled and lost in whatever order, none is ever passed by a purchase', async () => {
    const tagsOf = { search: { team: 'search', stage: 'test' }, ads: { team: 'ads' }, plain: {} } as const
    const step = fc.record({
      job: fc.constantFrom('search', 'ads', 'plain' as const),
      worst: fc.bigInt({ min: 0n, max: 60n }),
      /** Of what may be billed at most, in percent; null: it was withheld, or refused. */
      billed: fc.option(fc.integer({ min: 0, max: 100 })),
      part: fc.constantFrom('proven', 'unproven', 'duplicate' as const),
      /** Steps later that it settles. */
      later: fc.integer({ min: 0, max: 6 }),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.bigInt({ min: 0n, max: 300n }), async (steps, limit) => {
        run++
        // A month of its own for each run, so that the sums begin at nothing.
        const at = Date.UTC(2027, run, 2)
        const now = new Date(at).toISOString().slice(0, 7)
        await save(allJobs, limit, 'month')
        await save(search, limit / 2n, 'month')
        const open = new Map<string, { steps: (typeof steps)[number]; due: number }>()
        const end = async (id: string, { job, worst, billed, part }: (typeof steps)[number]) => {
          const nanoUsd = (worst * BigInt(billed ?? 0)) / 100n
          await here.store.commit({
            submissions: [{ id, from: 'buying', set: { state: billed === null ? 'refused' : 'settled' } }],
            ledger: billed === null ? [] : [entry(job, id, { nanoUsd, part, at }, tagsOf[job])],
          })
          open.delete(id)
        }
        for (const [number, one] of steps.entries()) {
          for (const [id, { steps: due, due: when }] of open) if (when <= number) await end(id, due)
          const id = `sub_${run}_${number}`
          const jobId = `job_${one.job}`
          const commit = { insertSubmissions: [bought(one.job, id, one.worst)], spends: { jobId, month: now } }
          if (await here.store.commit(commit)) open.set(id, { steps: one, due: number + one.later })
          for (const { nanoUsd, spent, inAir } of await here.store.budgets({ month: now }))
            expect(spent + inAir).toBeLessThanOrEqual(nanoUsd)
        }
        for (const [id, { steps: rest }] of open) await end(id, rest)
        const told = await here.store.budgets({ month: now })
        const entries = (await here.store.ledger()).filter((row) => row.at === at)
        const sum = (rows: readonly LedgerRow[]) => rows.reduce((total, { nanoUsd }) => total + (nanoUsd ?? 0n), 0n)
        expect(told.map(({ spent, inAir }) => ({ spent, inAir }))).toEqual([
          { spent: sum(entries), inAir: 0n },
          { spent: sum(entries.filter(({ tags }) => tags['team'] === 'search')), inAir: 0n },
        ])
      }),
      { numRuns: 40 },
    )
  })
})
