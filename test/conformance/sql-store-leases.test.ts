import { describe, expect, test } from 'vitest'
import { inChild } from './child-process.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'
import { jobRow, shardRow, submissionRow } from './sql-store-rows.ts'

describe.each(sqlStores)('leases: $name', (implementation) => {
  const here = freshStore(implementation)

  const lease = (owner: string, from: { now: number; real: number; leaseUntil: number }) =>
    here.store.claimShard({ owner, jobs: 'all', ...from })

  const claimShards = (owner: string) =>
    inChild<{ claims: number; collisions: number }>(
      'sql-store-child.ts',
      implementation.name,
      here.home.at,
      'claimShards',
      owner,
      here.home.at,
    )

  test('what is due is given out earliest first, and once', async () => {
    const shards = [
      shardRow({ id: 'late', wakeAt: 30 }),
      shardRow({ id: 'early', wakeAt: 10 }),
      shardRow({ id: 'mid', wakeAt: 20 }),
      shardRow({ id: 'asleep', wakeAt: null }),
      shardRow({ id: 'done', wakeAt: 0, state: 'settled' }),
    ]
    await here.store.createJob(jobRow(), shards, [])
    const at = { now: 25, real: 1_000, leaseUntil: 2_000 }
    expect(await lease('a', at)).toEqual({ ...shards[1], owner: 'a', epoch: 1, leaseUntil: 2_000 })
    expect((await lease('b', at))?.id).toBe('mid')
    expect(await lease('c', at)).toBeUndefined()
  })

  test('only shards of the jobs asked for are given out', async () => {
    await here.store.createJob(jobRow(), [shardRow()], [])
    await here.store.createJob(jobRow({ id: 'job_b' }), [shardRow({ id: 'shd_b', jobId: 'job_b', wakeAt: 5 })], [])
    const claim = { owner: 'a', now: 10, real: 0, leaseUntil: 100 }
    expect(await here.store.claimShard({ ...claim, jobs: [] })).toBeUndefined()
    expect((await here.store.claimShard({ ...claim, jobs: ['job_x', 'job_b'] }))?.id).toBe('shd_b')
  })

  test('a lease that ran out goes to the next, under a new epoch', async () => {
    await here.store.createJob(jobRow(), [shardRow()], [])
    await lease('a', { now: 0, real: 0, leaseUntil: 100 })
    expect(await lease('b', { now: 0, real: 99, leaseUntil: 200 })).toBeUndefined()
    expect(await lease('b', { now: 0, real: 100, leaseUntil: 200 })).toMatchObject({ owner: 'b', epoch: 2 })
    await here.store.releaseShard('shd_a', 'a', 1, 555)
    expect(await here.store.shard('shd_a')).toMatchObject({ owner: 'b', epoch: 2, leaseUntil: 200, wakeAt: 0 })
  })

  test('what was looked at with others is put to sleep, but for what somebody holds or wants awake', async () => {
    const flying = { state: 'flying' as const, wakeAt: 10 }
    const shards = ['quiet', 'later', 'leased', 'held', 'refused', 'leaving', 'ended', 'planned'].map((id) =>
      shardRow({
        id,
        ...flying,
        ...(id === 'later' ? { wakeAt: 50 } : {}),
        ...(id === 'leased' ? { leaseUntil: 2_000 } : {}),
        ...(id === 'held' ? { held: 'vendor' as const } : {}),
        ...(id === 'refused' ? { refusals: 1 } : {}),
        ...(id === 'planned' ? { state: 'planned' as const } : {}),
      }),
    )
    const open = shards.map(({ id }) => submissionRow({ id: `sub_${id}`, shardId: id, state: 'open' }))
    const insertSubmissions = open.map((row) => ({
      ...row,
      ...(row.shardId === 'leaving' ? { cancelWanted: true } : {}),
      ...(row.shardId === 'ended' ? { state: 'ended' as const } : {}),
    }))
    await here.store.createJob(jobRow(), shards, [])
    expect(await here.store.commit({ insertSubmissions })).toBe(true)
    const ids = shards.map(({ id }) => id)
    await here.store.sleepShards({ shardIds: ids, before: 50, until: 900, real: 1_000 })
    const asleep = async () => (await here.store.shards('job_a')).filter(({ wakeAt }) => wakeAt === 900)
    expect((await asleep()).map(({ id }) => id)).toEqual(['quiet'])
    expect((await here.store.shard('later'))?.wakeAt).toBe(50)
  })

  test('nothing of a job that is being cancelled is put to sleep', async () => {
    await here.store.createJob(jobRow({ cancelWanted: true }), [shardRow({ state: 'flying', wakeAt: 10 })], [])
    await here.store.sleepShards({ shardIds: ['shd_a'], before: 50, until: 900, real: 1_000 })
    expect((await here.store.shard('shd_a'))?.wakeAt).toBe(10)
  })

  test('a lease holds for its owner and epoch until its time', async () => {
    await here.store.createJob(jobRow(), [shardRow()], [])
    await lease('a', { now: 0, real: 0, leaseUntil: 100 })
    expect(await here.store.holdsLease('shd_a', 'a', 1, 99)).toBe(true)
    expect(await here.store.holdsLease('shd_a', 'a', 1, 100)).toBe(false)
    expect(await here.store.holdsLease('shd_a', 'a', 2, 0)).toBe(false)
    expect(await here.store.holdsLease('shd_a', 'b', 1, 0)).toBe(false)
  })

  test('renewing keeps what is held and cannot bring back what ran out', async () => {
    await here.store.createJob(jobRow(), [shardRow({ id: 's1' }), shardRow({ id: 's2' }), shardRow({ id: 's3' })], [])
    await lease('a', { now: 0, real: 0, leaseUntil: 50 })
    await lease('a', { now: 0, real: 0, leaseUntil: 100 })
    await lease('b', { now: 0, real: 0, leaseUntil: 100 })
    expect(await here.store.renewLeases('a', 300, 60)).toEqual(['s2'])
    const ends = (await here.store.shards('job_a')).map(({ leaseUntil }) => leaseUntil)
    expect(ends).toEqual([50, 300, 100])
  })

  test('a released shard is looked at again when it asked to be', async () => {
    await here.store.createJob(jobRow(), [shardRow()], [])
    const at = { now: 100, real: 0, leaseUntil: 100 }
    await lease('a', at)
    await here.store.releaseShard('shd_a', 'a', 1, 500)
    expect(await here.store.shard('shd_a')).toMatchObject({ owner: null, leaseUntil: 0, wakeAt: 500, epoch: 1 })
    expect(await lease('a', at)).toBeUndefined()
    await lease('a', { ...at, now: 500 })
    await here.store.releaseShard('shd_a', 'a', 2, null)
    expect((await here.store.shard('shd_a'))?.wakeAt).toBeNull()
  })

  test.each([
    ['later than the step asked for', 900, 500, 500],
    ['earlier than the step asked for', 200, 500, 200],
    ['though the step asked for none', 200, null, 200],
  ])('a wake-up that comes while a step runs is kept: %s', async (_when, came, asked, kept) => {
    await here.store.createJob(jobRow(), [shardRow()], [])
    await lease('a', { now: 100, real: 0, leaseUntil: 100 })
    await here.store.commit({ shards: [{ id: 'shd_a', from: 'planned', set: { wakeAt: came } }] })
    await here.store.releaseShard('shd_a', 'a', 1, asked)
    expect((await here.store.shard('shd_a'))?.wakeAt).toBe(kept)
  })

  test('dropped leases can be taken at once', async () => {
    await here.store.createJob(jobRow(), [shardRow(), shardRow({ id: 'shd_b' })], [])
    const at = { now: 0, real: 0, leaseUntil: 100 }
    await lease('a', at)
    await lease('b', at)
    await here.store.dropLeases('a')
    expect((await lease('c', at))?.id).toBe('shd_a')
    expect(await lease('c', at)).toBeUndefined()
  })

  test('the next wake-up is the earliest that nobody holds', async () => {
    expect(await here.store.nextWake('all', 0)).toBeNull()
    const shards = [
      shardRow({ id: 's1', wakeAt: 10 }),
      shardRow({ id: 's2', wakeAt: 20 }),
      shardRow({ id: 's3', wakeAt: null }),
      shardRow({ id: 's4', wakeAt: 1, state: 'settled' }),
    ]
    await here.store.createJob(jobRow(), shards, [])
    expect(await here.store.nextWake('all', 0)).toBe(10)
    await lease('a', { now: 10, real: 0, leaseUntil: 100 })
    expect(await here.store.nextWake('all', 0)).toBe(20)
    expect(await here.store.nextWake(['job_a'], 100)).toBe(10)
    expect(await here.store.nextWake(['job_b'], 0)).toBeNull()
    expect(await here.store.nextWake([], 0)).toBeNull()
  })

  test('one at a time lands a job', async () => {
    await here.store.createJob(jobRow(), [], [])
    expect(await here.store.claimJob('job_a', 'a', 100, 0)).toBe(true)
    expect(await here.store.claimJob('job_a', 'b', 100, 50)).toBe(false)
    expect(await here.store.claimJob('job_a', 'a', 100, 50)).toBe(false)
    await here.store.renewLeases('a', 200, 50)
    expect(await here.store.claimJob('job_a', 'b', 300, 150)).toBe(false)
    await here.store.releaseJob('job_a', 'b')
    expect(await here.store.claimJob('job_a', 'b', 300, 150)).toBe(false)
    await here.store.releaseJob('job_a', 'a')
    expect(await here.store.claimJob('job_a', 'b', 300, 150)).toBe(true)
    await here.store.dropLeases('b')
    expect(await here.store.claimJob('job_a', 'c', 400, 150)).toBe(true)
    expect(await here.store.claimJob('job_x', 'c', 400, 150)).toBe(false)
  })

  test('two processes never hold a shard at once', async () => {
    const shards = Array.from({ length: 4 }, (_, at) => shardRow({ id: `shd_${at}` }))
    await here.store.createJob(jobRow(), shards, [])
    const [a, b] = await Promise.all([claimShards('a'), claimShards('b')])
    expect([a.collisions, b.collisions]).toEqual([0, 0])
    expect(a.claims + b.claims).toBe(4 * 10) // every claim counts one epoch up, to ten
    expect(Math.min(a.claims, b.claims)).toBeGreaterThan(0)
  })

  test('the version changes when another connection writes, and only then', async () => {
    const other = await implementation.open(here.home.at, () => here.real)
    await other.createJob(jobRow(), [], [])
    const before = here.store.dataVersion()
    await here.store.jobs()
    await other.jobs()
    await here.store.commit({ events: [{ jobId: 'job_a', at: 1, type: 'own' }] })
    expect(here.store.dataVersion()).toBe(before)
    await other.commit({ job: { id: 'job_a', from: 'planned', set: { cancelWanted: true } } })
    expect(here.store.dataVersion()).not.toBe(before)
    await other.close()
  })

  test('attendants are known until their time runs out or they leave', async () => {
    const base = { pid: 7, host: 'h', command: 'run', jobs: ['job_a'], since: 1, until: 100 } as const
    await here.store.attend({ ...base, owner: 'a' })
    await here.store.attend({ ...base, owner: 'b', jobs: 'all', since: 2 })
    await here.store.attend({ ...base, owner: 'a', until: 200 })
    expect(await here.store.attendants(50)).toEqual([
      { ...base, owner: 'a', until: 200 },
      { ...base, owner: 'b', jobs: 'all', since: 2 },
    ])
    expect((await here.store.attendants(100)).map(({ owner }) => owner)).toEqual(['a'])
    await here.store.leave('a')
    expect(await here.store.attendants(100)).toEqual([])
  })
})
