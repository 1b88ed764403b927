import { describe, expect, test } from 'vitest'
import type { ControlStore } from '../../src/stores/contract.ts'
import { inChild } from './child-process.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'
import { jobRow, ledgerRow, shardRow, submissionRow } from './sql-store-rows.ts'

const HOUR = 3_600_000

describe.each(sqlStores)('control store: $name', (implementation) => {
  const here = freshStore(implementation)

  test('keeps its id and its birth for ever', async () => {
    const { homeId, madeAt } = here.store
    expect(homeId).not.toBe('')
    expect(madeAt).toBe(here.real)
    here.real += HOUR
    await here.reopen()
    expect({ homeId: here.store.homeId, madeAt: here.store.madeAt }).toEqual({ homeId, madeAt })
  })

  test('twenty processes that make the same home at once agree on its id', async () => {
    const fresh = await implementation.newHome()
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => inChild<string>('sql-store-child.ts', implementation.name, fresh.at, 'open')),
    )
    expect(new Set(ids).size).toBe(1)
    await fresh.remove()
  })

  test('come back as they were written', async () => {
    const job = jobRow()
    const shard = shardRow({ ordinals: 'jobs/job_a/ordinals', tally: { succeeded: 3 } })
    const submission = submissionRow()
    await here.store.createJob(job, [shard], [])
    await here.store.commit({ insertSubmissions: [submission] })
    await here.reopen()
    expect(await here.store.job(job.id)).toEqual(job)
    expect(await here.store.shard(shard.id)).toEqual(shard)
    expect(await here.store.submission(submission.id)).toEqual(submission)
    expect([await here.store.job('no'), await here.store.shard('no'), await here.store.submission('no')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('money is exact beyond what a double can hold', async () => {
    await here.seed()
    const money = {
      unitPrice: 9_007_199_254_740_993n,
      nanoUsd: 9_007_199_254_740_993n,
      standardNanoUsd: -9_223_372_036_854_775_807n,
    }
    const entry = ledgerRow(money)
    const unpriced = ledgerRow({ kind: 'output', unitPrice: null, nanoUsd: null, standardNanoUsd: null, reason: 'x' })
    await here.store.commit({ ledger: [entry, unpriced] })
    expect(await here.store.ledger()).toEqual([entry, unpriced])
    expect(await here.store.ledger({ jobId: 'job_b' })).toEqual([])
  })

  test('accounts and quotas are written again over themselves', async () => {
    const account = { id: 'acc_a', vendor: 'v', baseUrl: 'http://a', scope: '', createdAt: 5 }
    const quota = { accountId: 'acc_a', model: 'm', unit: 'tokens' as const, limitMax: 100, learnedAt: 1 }
    await here.store.commit({ accounts: [account], quotas: [quota] })
    await here.store.commit({
      accounts: [{ ...account, scope: 'org', createdAt: 9 }],
      quotas: [
        { ...quota, limitMax: 50, learnedAt: 2 },
        { ...quota, unit: 'requests' },
      ],
    })
    expect(await here.store.accounts()).toEqual([{ ...account, scope: 'org' }])
    expect(await here.store.quotas('acc_a')).toEqual([
      { ...quota, unit: 'requests' },
      { ...quota, limitMax: 50, learnedAt: 2 },
    ])
    expect(await here.store.quotas('acc_b')).toEqual([])
  })

  test('jobs are listed newest first, by state and up to a limit', async () => {
    await here.store.createJob(jobRow({ id: 'job_old', createdAt: 1 }), [], [])
    await here.store.createJob(jobRow({ id: 'job_new', createdAt: 3, state: 'landed' }), [], [])
    await here.store.createJob(jobRow({ id: 'job_mid', createdAt: 2 }), [], [])
    const ids = async (...args: Parameters<ControlStore['jobs']>) =>
      (await here.store.jobs(...args)).map(({ id }) => id)
    expect(await ids()).toEqual(['job_new', 'job_mid', 'job_old'])
    expect(await ids({ states: ['planned'] })).toEqual(['job_mid', 'job_old'])
    expect(await ids({ states: [] })).toEqual([])
    expect(await ids({ limit: 1 })).toEqual(['job_new'])
  })

  test('shards are listed by round, then first ordinal', async () => {
    const shards = [
      shardRow({ id: 's1', round: 1, firstOrdinal: 0 }),
      shardRow({ id: 's2', round: 0, firstOrdinal: 100 }),
      shardRow({ id: 's3', round: 0, firstOrdinal: 20 }),
    ]
    await here.store.createJob(jobRow(), shards, [])
    expect((await here.store.shards('job_a')).map(({ id }) => id)).toEqual(['s3', 's2', 's1'])
    expect(await here.store.shards('job_b')).toEqual([])
  })

  test('submissions are found by job, shard, account and state', async () => {
    await here.store.createJob(jobRow(), [shardRow(), shardRow({ id: 'shd_b' })], [])
    await here.store.commit({
      insertSubmissions: [
        submissionRow({ id: 'u1', state: 'open' }),
        submissionRow({ id: 'u2', shardId: 'shd_b', createdAt: 2_000 }),
        submissionRow({ id: 'u3', accountId: 'acc_b', createdAt: 3_000 }),
      ],
    })
    const ids = async (filter: Parameters<ControlStore['submissions']>[0]) =>
      (await here.store.submissions(filter)).map(({ id }) => id)
    expect(await ids({})).toEqual(['u1', 'u2', 'u3'])
    expect(await ids({ jobId: 'job_a', shardId: 'shd_a' })).toEqual(['u1', 'u3'])
    expect(await ids({ accountId: 'acc_a', states: ['open', 'ended'] })).toEqual(['u1'])
    expect(await ids({ jobId: 'job_b' })).toEqual([])
  })

  test('events are numbered in the order they were written, and read on from a number', async () => {
    await here.store.createJob(jobRow(), [shardRow()], [{ jobId: 'job_a', at: 1, type: 'created' }])
    await here.store.commit({
      events: [
        { jobId: 'job_a', shardId: 'shd_a', submissionId: 'sub_a', at: 2, type: 'bought', data: { rows: 50 } },
        { jobId: 'job_b', at: 3, type: 'created' },
      ],
    })
    const events = await here.store.events('job_a')
    expect(events).toEqual([
      {
        seq: expect.any(Number),
        jobId: 'job_a',
        shardId: null,
        submissionId: null,
        at: 1,
        type: 'created',
        data: null,
      },
      {
        seq: expect.any(Number),
        jobId: 'job_a',
        shardId: 'shd_a',
        submissionId: 'sub_a',
        at: 2,
        type: 'bought',
        data: { rows: 50 },
      },
    ])
    expect(events[1]?.seq).toBeGreaterThan(events[0]?.seq ?? Infinity)
    expect(await here.store.events('job_a', events[0]?.seq)).toEqual([events[1]])
    expect(await here.store.events('job_a', 0, 1)).toEqual([events[0]])
  })

  test('a job of thousands of shards is made whole', async () => {
    const shards = Array.from({ length: 3_000 }, (_, at) => shardRow({ id: `shd_${at}`, firstOrdinal: at }))
    expect(await here.store.createJob(jobRow(), shards, [])).toBe(true)
    expect((await here.store.shards('job_a')).length).toBe(3_000)
  })

  test('making a job whose id exists changes nothing', async () => {
    await here.seed()
    const again = [shardRow({ id: 'shd_new' })]
    expect(
      await here.store.createJob(jobRow({ digest: 'other' }), again, [{ jobId: 'job_a', at: 1, type: 'again' }]),
    ).toBe(false)
    expect((await here.store.job('job_a'))?.digest).toBe('d0')
    expect(await here.store.shard('shd_new')).toBeUndefined()
    expect(await here.store.events('job_a')).toEqual([])
  })
})
