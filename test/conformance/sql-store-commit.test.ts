import { describe, expect, test } from 'vitest'
import type { Commit } from '../../src/stores/contract.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'
import { ledgerRow, shardRow, submissionRow } from './sql-store-rows.ts'

/** Something of every kind, all of which must be gone when one compare fails. */
const everything = (change: Commit = {}): Commit => ({
  job: { id: 'job_a', from: ['planned', 'held'], set: { state: 'flying', round: 7 } },
  shards: [{ id: 'shd_a', from: 'planned', set: { state: 'flying', wakeAt: 77 } }],
  submissions: [{ id: 'sub_a', from: 'prepared', set: { state: 'buying', sentAt: 5 } }],
  insertShards: [shardRow({ id: 'shd_new', round: 1 })],
  insertSubmissions: [submissionRow({ id: 'sub_new', shardId: 'shd_new' })],
  events: [{ jobId: 'job_a', at: 1, type: 'moved' }],
  ledger: [ledgerRow()],
  accounts: [{ id: 'acc_new', vendor: 'v', baseUrl: '', scope: '', createdAt: 1 }],
  quotas: [{ accountId: 'acc_a', model: 'm', unit: 'tokens', limitMax: 1, learnedAt: 1 }],
  ...change,
})

describe.each(sqlStores)('commit: $name', (implementation) => {
  const here = freshStore(implementation)

  const all = async () => ({
    jobs: await here.store.jobs(),
    shards: await here.store.shards('job_a'),
    submissions: await here.store.submissions({}),
    events: await here.store.events('job_a'),
    ledger: await here.store.ledger(),
    accounts: await here.store.accounts(),
    quotas: await here.store.quotas('acc_a'),
  })

  test('writes all of it', async () => {
    await here.seed()
    expect(await here.store.commit(everything())).toBe(true)
    const now = await all()
    expect(now.jobs[0]).toMatchObject({ state: 'flying', round: 7, rev: 2 })
    expect(now.shards.map(({ id, state, wakeAt }) => ({ id, state, wakeAt }))).toEqual([
      { id: 'shd_a', state: 'flying', wakeAt: 77 },
      { id: 'shd_new', state: 'planned', wakeAt: 0 },
    ])
    expect(now.submissions.map(({ id, state, sentAt }) => ({ id, state, sentAt }))).toEqual([
      { id: 'sub_a', state: 'buying', sentAt: 5 },
      { id: 'sub_new', state: 'prepared', sentAt: null },
    ])
    expect([now.events.length, now.ledger.length, now.accounts.length, now.quotas.length]).toEqual([1, 1, 1, 1])
  })

  const losers: [string, Commit][] = [
    ['the job is in another state', { job: { id: 'job_a', from: 'landed', set: { error: 'x' } } }],
    ['the job was changed meanwhile', { job: { id: 'job_a', from: 'planned', rev: 9, set: { error: 'x' } } }],
    ['the shard is in another state', { shards: [{ id: 'shd_a', from: ['held'], set: { wakeAt: 1 } }] }],
    ['there is no such shard', { shards: [{ id: 'shd_x', from: 'planned', set: { wakeAt: 1 } }] }],
    ['the submission is in another state', { submissions: [{ id: 'sub_a', from: 'open', set: {} }] }],
    ['a new shard exists already', { insertShards: [shardRow({ id: 'shd_new' }), shardRow({ model: 'other' })] }],
    ['a new submission exists already', { insertSubmissions: [submissionRow()] }],
    ['the lease is of another owner', { lease: { shardId: 'shd_a', owner: 'b', epoch: 1, now: 10 } }],
    ['the lease is of another epoch', { lease: { shardId: 'shd_a', owner: 'a', epoch: 2, now: 10 } }],
    ['the lease ran out', { lease: { shardId: 'shd_a', owner: 'a', epoch: 1, now: 20 } }],
  ]
  test.each(losers)('writes nothing at all when %s', async (_why, change) => {
    await here.seed()
    await here.store.claimShard({ owner: 'a', jobs: 'all', now: 0, real: 0, leaseUntil: 20 })
    const before = await all()
    expect(await here.store.commit(everything(change))).toBe(false)
    expect(await all()).toEqual(before)
    expect(await here.store.commit(everything({ lease: { shardId: 'shd_a', owner: 'a', epoch: 1, now: 19 } }))).toBe(
      true,
    )
  })

  test('of two that saw the same state one wins', async () => {
    await here.seed()
    const other = await implementation.open(here.home.at, () => here.real)
    const move: Commit = { submissions: [{ id: 'sub_a', from: 'prepared', set: { state: 'buying' } }] }
    const won = await Promise.all([here.store.commit(move), other.commit(move)])
    expect(won.sort()).toEqual([false, true])
    await other.close()
  })

  test('a move that sets nothing is still a compare', async () => {
    await here.seed()
    expect(await here.store.commit({ shards: [{ id: 'shd_a', from: 'planned', set: {} }] })).toBe(true)
    expect(await here.store.commit({ shards: [{ id: 'shd_a', from: 'held', set: {} }] })).toBe(false)
    expect(await here.store.commit({ job: { id: 'job_a', from: 'planned', set: {} } })).toBe(true)
    expect((await here.store.job('job_a'))?.rev).toBe(2)
  })

  test.each([
    ['priced', 75_000n],
    ['unpriced', null],
  ])('settling twice changes nothing (%s)', async (_kind, unitPrice) => {
    await here.seed()
    const entry = ledgerRow({ unitPrice })
    await here.store.commit({ ledger: [entry] })
    expect(await here.store.commit({ ledger: [{ ...entry, nanoUsd: 1n }, ledgerRow({ unitPrice, entry: 1 })] })).toBe(
      true,
    )
    expect(await here.store.ledger({ jobId: 'job_a' })).toEqual([entry, ledgerRow({ unitPrice, entry: 1 })])
  })
})
