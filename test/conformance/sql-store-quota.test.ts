import { beforeEach, describe, expect, test } from 'vitest'
import type { Commit, QuotaClaim } from '../../src/stores/contract.ts'
import { inChild } from './child-process.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'
import { jobRow, shardRow, submissionRow } from './sql-store-rows.ts'

/** A claim that nothing limits but what a test names. */
const quotaClaim = (change: Partial<QuotaClaim> = {}): QuotaClaim => ({
  accountId: 'acc_a',
  lane: 'vendor/batch',
  model: 'gpt-x',
  tokens: 1_000,
  tokensMax: null,
  inputs: 50,
  inputsMax: null,
  openMax: null,
  createsSince: 0,
  createsMax: null,
  endedHoldSince: 10_000,
  doubtSince: null,
  ...change,
})

describe.each(sqlStores)('quota: $name', (implementation) => {
  const here = freshStore(implementation)

  const buy: Commit = { submissions: [{ id: 'sub_a', from: 'prepared', set: { state: 'buying', sentAt: 5_000 } }] }

  beforeEach(async () => {
    await here.seed()
    await here.store.commit({
      insertSubmissions: [
        submissionRow({ id: 'buying', state: 'buying', sentAt: 2_000, createdAt: 2_000 }),
        submissionRow({ id: 'unsure', state: 'unsure', sentAt: 3_000, createdAt: 3_000 }),
        submissionRow({ id: 'held', state: 'settled', endedAt: 10_000, sentAt: 1, createdAt: 1 }),
        submissionRow({ id: 'free', state: 'settled', endedAt: 9_999, sentAt: 1, createdAt: 1 }),
        submissionRow({ id: 'prepared' }),
        submissionRow({ id: 'model', state: 'open', model: 'gpt-y', sentAt: 1, createdAt: 1 }),
        submissionRow({ id: 'account', state: 'open', accountId: 'acc_b', sentAt: 4_000, createdAt: 4_000 }),
      ],
    })
  })

  test.each<[string, Partial<QuotaClaim>, Partial<QuotaClaim>]>([
    ['tokens of the model, a late release included', { tokensMax: 4_000 }, { tokensMax: 3_999 }],
    ['inputs of the model', { inputsMax: 200 }, { inputsMax: 199 }],
    ['open submissions of the account', { openMax: 4 }, { openMax: 3 }],
    ['creations since a time', { createsSince: 2_500, createsMax: 2 }, { createsSince: 2_000, createsMax: 2 }],
  ])('counts %s', async (_what, fits, full) => {
    const before = await here.store.submission('sub_a')
    expect(await here.store.claim(quotaClaim(full), buy)).toBe('full')
    expect(await here.store.submission('sub_a')).toEqual(before)
    expect(await here.store.claim(quotaClaim(fits), buy)).toBe('claimed')
    expect((await here.store.submission('sub_a'))?.state).toBe('buying')
  })

  test('what is in use is told: submissions of the lane, and the tokens of those of the model', async () => {
    const of = { accountId: 'acc_a', lane: 'vendor/batch', model: 'gpt-x' } as const
    expect(await here.store.inUse(of)).toEqual({ open: 3, tokens: 2_000 })
    expect(await here.store.inUse({ ...of, model: 'gpt-z' })).toEqual({ open: 3, tokens: 0 })
    expect(await here.store.inUse({ ...of, accountId: 'acc_c' })).toEqual({ open: 0, tokens: 0 })
  })

  test('is not claimed when the commit loses', async () => {
    expect(await here.store.claim(quotaClaim(), buy)).toBe('claimed')
    expect(await here.store.claim(quotaClaim(), buy)).toBe('lost')
  })

  test('waits while another purchase of the account is in doubt, where only one may be', async () => {
    await here.store.commit({ submissions: [{ id: 'unsure', from: 'unsure', set: { sendBy: 9_000 } }] })
    expect(await here.store.claim(quotaClaim({ doubtSince: 9_000 }), buy)).toBe('busy')
    expect((await here.store.submission('sub_a'))?.state).toBe('prepared')
    expect(await here.store.claim(quotaClaim({ doubtSince: 9_001 }), buy)).toBe('claimed') // long past
  })

  test('creations are counted from a time on', async () => {
    expect(await here.store.createdSince('acc_a', 2_000)).toBe(2)
    expect(await here.store.createdSince('acc_a', 2_001)).toBe(1)
    expect(await here.store.createdSince('acc_x', 0)).toBe(0)
  })

  test('processes that buy at once never exceed the limit together', async () => {
    const fresh = await implementation.newHome()
    const shared = await implementation.open(fresh.at)
    await shared.createJob(jobRow(), [shardRow()], [])
    const prepared = Array.from({ length: 40 }, (_, at) => submissionRow({ id: `sub_${at}`, tokens: 400 }))
    await shared.commit({ insertSubmissions: prepared })
    const said = await Promise.all(
      [1, 2, 3].map(() =>
        inChild<Record<string, number>>('sql-store-child.ts', implementation.name, fresh.at, 'claimQuota'),
      ),
    )
    expect(said.reduce((sum, { claimed = 0 }) => sum + claimed, 0)).toBe(12) // 12 × 400 of 5,000
    expect((await shared.submissions({ states: ['buying'] })).length).toBe(12)
    await shared.close()
    await fresh.remove()
  })
})
