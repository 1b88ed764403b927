import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Advance, Attendance, Claim } from '../../src/dispatch/contract.ts'
import { type Clock, clockAt } from '../../src/kit/clock.ts'
import type { ControlStore, ShardRow } from '../../src/stores/contract.ts'
import { beside } from './child-process.ts'
import { dispatchers, type Home } from './implementations.ts'
import { jobRow, shardRow } from './sql-store-rows.ts'

const HOUR = 3_600_000

const shards = (count: number, change: Partial<ShardRow> = {}) =>
  Array.from({ length: count }, (_, at) => shardRow({ id: `shd_${at}`, ...change }))
const wake = (over: ControlStore, id: string, wakeAt: number) =>
  over.commit({ shards: [{ id, from: ['planned', 'flying'], set: { wakeAt } }] })

describe.each(dispatchers)('dispatcher: $name', (implementation) => {
  let home: Home
  let store: ControlStore
  let attendances: Attendance[]
  let errors: { error: unknown; shardId: string | undefined }[]

  beforeEach(async () => {
    home = await implementation.store.newHome()
    store = await implementation.store.open(home.at)
    attendances = []
    errors = []
  })
  afterEach(async () => {
    await Promise.all(attendances.map((attendance) => attendance.stop()))
    await store.close()
    await home.remove()
  })

  interface Watch {
    over?: ControlStore
    clock?: Clock
    jobs?: readonly string[] | 'all'
    concurrency?: number
  }
  const onError = (error: unknown, shardId?: string) => void errors.push({ error, shardId })
  const attend = (advance: Advance, { over = store, clock = clockAt(), jobs = 'all', concurrency }: Watch = {}) => {
    const attendance = implementation.dispatcher(over, clock, onError, concurrency).attend(jobs, advance)
    attendances.push(attendance)
    return attendance
  }
  test('looks at every shard that is due, as many at a time as it may', async () => {
    await store.createJob(jobRow(), shards(10), [])
    const seen: string[] = []
    let running = 0
    let most = 0
    attend(
      async ({ shardId }) => {
        most = Math.max(most, ++running)
        await sleep(5)
        running -= 1
        seen.push(shardId)
        return null
      },
      { concurrency: 3 },
    )
    await vi.waitFor(() => expect(seen.length).toBe(10))
    expect(new Set(seen).size).toBe(10)
    expect(most).toBe(3)
    expect(errors).toEqual([])
  })

  test('looks again when the step asked for it, in the time of the clock', async () => {
    await store.createJob(jobRow(), shards(1), [])
    const clock = clockAt(100_000, store.madeAt)
    const at: number[] = []
    attend(
      async () => {
        at.push(clock.now())
        return at.length < 3 ? clock.now() + HOUR : null
      },
      { clock },
    )
    await vi.waitFor(() => expect(at.length).toBe(3))
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(HOUR)
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(HOUR)
  })

  test('leaves alone what is not due, settled, or of another job', async () => {
    const later = Date.now() + HOUR
    await store.createJob(
      jobRow(),
      [
        shardRow({ id: 'due' }),
        shardRow({ id: 'later', wakeAt: later }),
        shardRow({ id: 'asleep', wakeAt: null }),
        shardRow({ id: 'settled', state: 'settled' }),
      ],
      [],
    )
    await store.createJob(jobRow({ id: 'job_b' }), [shardRow({ id: 'other', jobId: 'job_b' })], [])
    const seen: string[] = []
    let looks = 0
    attend(
      async ({ shardId }) => {
        seen.push(shardId)
        return ++looks < 5 ? 0 : null
      },
      { jobs: ['job_a'] },
    )
    await vi.waitFor(() => expect(looks).toBe(5))
    expect(new Set(seen)).toEqual(new Set(['due']))
  })

  test('hears a wake-up that another process wrote', async () => {
    await store.createJob(jobRow(), shards(1, { wakeAt: null }), [])
    const seen: string[] = []
    attend(async ({ shardId }) => {
      seen.push(shardId)
      return null
    })
    const other = await implementation.store.open(home.at)
    await wake(other, 'shd_0', 0)
    await vi.waitFor(() => expect(seen).toEqual(['shd_0']))
    await other.close()
  })

  test('a wake-up that comes while the step runs is not lost', async () => {
    await store.createJob(jobRow(), shards(1), [])
    let looks = 0
    attend(async () => {
      looks += 1
      if (looks === 1) await wake(store, 'shd_0', 1)
      return null
    })
    await vi.waitFor(() => expect(looks).toBe(2))
  })

  test('a nudge makes it look', async () => {
    await store.createJob(jobRow(), shards(1, { wakeAt: null }), [])
    const seen: string[] = []
    const attendance = attend(async ({ shardId }) => {
      seen.push(shardId)
      return null
    })
    await wake(store, 'shd_0', 0)
    attendance.nudge()
    await vi.waitFor(() => expect(seen).toEqual(['shd_0']))
  })

  test('reports what a step throws, and looks again after a pause', async () => {
    await store.createJob(jobRow(), shards(1), [])
    const clock = clockAt(1_000, store.madeAt)
    let looks = 0
    attend(
      async () => {
        if (++looks < 4) throw new Error(`look ${looks}`)
        return null
      },
      { clock },
    )
    await vi.waitFor(() => expect(looks).toBe(4))
    expect(errors.map(({ error, shardId }) => [(error as Error).message, shardId])).toEqual([
      ['look 1', 'shd_0'],
      ['look 2', 'shd_0'],
      ['look 3', 'shd_0'],
    ])
  })

  test('keeps the lease of a step that takes longer than a lease', async () => {
    await store.createJob(jobRow(), shards(1), [])
    const other = await implementation.store.open(home.at)
    const seen: string[] = []
    const landing = Promise.withResolvers<null>()
    let held: Claim | undefined
    attend(async (claim) => {
      seen.push('first')
      held = claim
      return await landing.promise
    })
    await vi.waitFor(() => expect(seen).toEqual(['first']))
    const begun = held?.leaseUntil() ?? 0
    attend(
      async () => {
        seen.push('second')
        return null
      },
      { over: other },
    )
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(begun + 300))
    expect(seen).toEqual(['first'])
    expect(held?.leaseUntil()).toBeGreaterThan(begun)
    expect(held?.signal.aborted).toBe(false)
    landing.resolve(null)
    await Promise.all(attendances.map((attendance) => attendance.stop()))
    await other.close()
  })

  test('tells a step whose lease is lost', async () => {
    await store.createJob(jobRow(), shards(1), [])
    const reasons: unknown[] = []
    const epochs: number[] = []
    const attendance = attend(async ({ epoch, signal }) => {
      epochs.push(epoch)
      if (epoch > 1) return null
      await once(signal, 'abort')
      reasons.push(signal.reason)
      throw signal.reason
    })
    await vi.waitFor(() => expect(epochs).toEqual([1]))
    await store.dropLeases(attendance.owner)
    await vi.waitFor(() => expect(epochs).toEqual([1, 2]))
    expect(reasons).toEqual([expect.objectContaining({ name: 'LeaseLost' })])
    expect(errors).toEqual([])
  })

  test('stopping lets the running step end, and leaves nothing held', async () => {
    await store.createJob(jobRow(), shards(2), [])
    const said: string[] = []
    const attendance = attend(
      async ({ signal }) => {
        said.push('begun')
        await once(signal, 'abort')
        await sleep(50)
        said.push('ended')
        return 0
      },
      { concurrency: 1 },
    )
    await vi.waitFor(() => expect(said).toEqual(['begun']))
    await Promise.all([attendance.stop(), attendance.stop()])
    expect(said).toEqual(['begun', 'ended'])
    const rows = await store.shards('job_a')
    expect(rows.map(({ owner, leaseUntil, wakeAt }) => ({ owner, leaseUntil, wakeAt }))).toEqual([
      { owner: null, leaseUntil: 0, wakeAt: 0 },
      { owner: null, leaseUntil: 0, wakeAt: 0 },
    ])
  })

  test('several attend the same jobs without treading on each other', async () => {
    await store.createJob(jobRow(), shards(6), [])
    const others = await Promise.all([1, 2].map(() => implementation.store.open(home.at)))
    const running = new Set<string>()
    const looks = new Map<string, number>()
    let collisions = 0
    const advance: Advance = async ({ shardId }) => {
      if (running.has(shardId)) collisions += 1
      running.add(shardId)
      await sleep(3)
      running.delete(shardId)
      const count = (looks.get(shardId) ?? 0) + 1
      looks.set(shardId, count)
      return count < 8 ? 0 : null
    }
    for (const over of [store, ...others]) attend(advance, { over })
    await vi.waitFor(() => expect([...looks.values()]).toEqual(Array(6).fill(8)), { timeout: 20_000 })
    expect(collisions).toBe(0)
    await Promise.all(attendances.map((attendance) => attendance.stop()))
    for (const over of others) await over.close()
  })

  test('takes over from a process that was killed', async () => {
    await store.createJob(jobRow(), shards(1), [])
    const child = spawn(process.execPath, [beside('dispatcher-child.ts'), implementation.name, home.at])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const epochs: number[] = []
    attend(async ({ epoch }) => {
      epochs.push(epoch)
      return null
    })
    await vi.waitFor(() => expect(epochs).toEqual([2]), { timeout: 10_000 })
  })
})
