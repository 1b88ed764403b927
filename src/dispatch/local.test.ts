import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { type Clock, clockAt, HOUR, MINUTE } from '../kit/clock.ts'
import type { Claim, Leases } from './contract.ts'
import { localDispatcher } from './local.ts'

/** One shard, in memory, and a list of what was asked of it. */
function leasesOfOneShard() {
  const log: string[] = []
  let wakeAt: number | null = 0
  let owner: string | null = null
  let epoch = 0
  let leaseUntil = 0
  let version = 0
  const isFree = (real: number) => owner === null || leaseUntil <= real
  const leases: Leases = {
    async claimShard(claim) {
      if (wakeAt === null || wakeAt > claim.now || !isFree(claim.real)) return undefined
      owner = claim.owner
      leaseUntil = claim.leaseUntil
      log.push(`claim ${++epoch}`)
      return { id: 'shd_a', jobId: 'job_a', epoch }
    },
    async renewLeases(by, until, real) {
      if (owner !== by || leaseUntil <= real) return []
      leaseUntil = until
      return ['shd_a']
    },
    async releaseShard(_shardId, by, at, next) {
      if (owner !== by || epoch !== at) return
      log.push(`release ${at}`)
      owner = null
      wakeAt = next
    },
    async dropLeases(by) {
      log.push('drop')
      if (owner === by) owner = null
    },
    nextWake: async (_jobs, real) => (isFree(real) ? wakeAt : null),
    dataVersion: () => version,
    async beat() {
      log.push('beat')
    },
  }
  /** As another process would. */
  const wake = (at: number | null) => {
    wakeAt = at
    version += 1
  }
  return { leases, log, wake }
}

/** A clock whose real time a test can push on, as a machine that slept does. */
function sleepyClock(): { clock: Clock; sleepFor(ms: number): void } {
  let slept = 0
  const machine = clockAt()
  const now = () => machine.now() + slept
  return {
    clock: { ...machine, now, real: now },
    sleepFor(ms) {
      slept += ms
    },
  }
}

const quick = { pollMs: 5, sweepMs: 50, renewMs: 50 }
/** Nothing is found by chance: only what was planned or heard. */
const attentive = { pollMs: 5, sweepMs: HOUR, renewMs: HOUR, leaseMs: 2 * HOUR }
const throwIt = (error: unknown) => {
  throw error
}

describe('local dispatcher', () => {
  test('gives a sign of life before it claims', async () => {
    const { leases, log } = leasesOfOneShard()
    const dispatcher = localDispatcher({ leases, clock: clockAt(), onError: throwIt, ...quick })
    const attendance = dispatcher.attend('all', async () => null)
    await vi.waitFor(() => expect(log).toContain('release 1'))
    await attendance.stop()
    expect(log).toEqual(['beat', 'claim 1', 'release 1', 'drop'])
  })

  test('sleeps until the wake-up in the time of the clock', async () => {
    const { leases, log } = leasesOfOneShard()
    const clock = clockAt(100_000, Date.now())
    const dispatcher = localDispatcher({ leases, clock, onError: throwIt, ...attentive })
    const looks: number[] = []
    const attendance = dispatcher.attend('all', async () => {
      looks.push(clock.now())
      return looks.length === 1 ? clock.now() + HOUR : null
    })
    await vi.waitFor(() => expect(log).toContain('release 2'))
    await attendance.stop()
    expect((looks[1] ?? 0) - (looks[0] ?? 0)).toBeGreaterThanOrEqual(HOUR)
  })

  test('hears what another process wrote', async () => {
    const { leases, log, wake } = leasesOfOneShard()
    const dispatcher = localDispatcher({ leases, clock: clockAt(), onError: throwIt, ...attentive })
    const attendance = dispatcher.attend('all', async () => null)
    await vi.waitFor(() => expect(log).toContain('release 1'))
    await sleep(20) // long enough to be at rest again
    wake(0)
    await vi.waitFor(() => expect(log).toContain('release 2'))
    await attendance.stop()
  })

  test.each([
    ['the machine slept', 2 * MINUTE],
    ['the clock was set back', -2 * MINUTE],
  ])('when %s, all leases are dropped and the shard is read again', async (_what, ms) => {
    const { leases, log } = leasesOfOneShard()
    const { clock, sleepFor } = sleepyClock()
    const dispatcher = localDispatcher({ leases, clock, onError: throwIt, ...quick })
    const claims: Claim[] = []
    const attendance = dispatcher.attend('all', async (claim) => {
      claims.push(claim)
      if (claims.length > 1) return null
      await once(claim.signal, 'abort')
      throw claim.signal.reason
    })
    await vi.waitFor(() => expect(claims.length).toBe(1))
    sleepFor(ms)
    await vi.waitFor(() => expect(log).toContain('release 2'))
    await attendance.stop()
    expect(log).toEqual(['beat', 'claim 1', 'drop', 'beat', 'claim 2', 'release 2', 'drop'])
  })

  test('a shard that came back waits for its old step to end', async () => {
    const { leases, log } = leasesOfOneShard()
    const { clock, sleepFor } = sleepyClock()
    const dispatcher = localDispatcher({ leases, clock, onError: throwIt, ...quick })
    let running = 0
    let most = 0
    const attendance = dispatcher.attend('all', async ({ epoch, signal }) => {
      most = Math.max(most, ++running)
      if (epoch === 1) {
        await once(signal, 'abort')
        await vi.waitFor(() => expect(log).toContain('claim 2'))
        await sleep(20)
      }
      running -= 1
      return null
    })
    await vi.waitFor(() => expect(log).toContain('claim 1'))
    sleepFor(2 * MINUTE)
    await vi.waitFor(() => expect(log).toContain('release 2'))
    await attendance.stop()
    expect(most).toBe(1)
  })

  test('goes on when the store fails for a while, and says so', async () => {
    const { leases, log } = leasesOfOneShard()
    const errors: unknown[] = []
    let failures = 2
    const failing: Leases = {
      ...leases,
      async nextWake(...asked) {
        if (failures-- > 0) throw new Error('the disk is full')
        return await leases.nextWake(...asked)
      },
    }
    const onError = (error: unknown) => void errors.push(error)
    const dispatcher = localDispatcher({ leases: failing, clock: clockAt(), onError, ...quick })
    const attendance = dispatcher.attend('all', async () => null)
    await vi.waitFor(() => expect(log).toContain('release 1'), { timeout: 5_000 })
    await attendance.stop()
    expect(errors).toEqual([new Error('the disk is full'), new Error('the disk is full')])
  })

  test('a step that is always due does not keep the process from anything else', async () => {
    const { leases } = leasesOfOneShard()
    const dispatcher = localDispatcher({ leases, clock: clockAt(), onError: throwIt, ...quick })
    let looks = 0
    const attendance = dispatcher.attend('all', async () => {
      looks += 1
      return 0
    })
    await vi.waitFor(() => expect(looks).toBeGreaterThan(10))
    await attendance.stop()
    const stopped = looks
    await sleep(20)
    expect(looks).toBe(stopped)
  })

  test('a lease that cannot be renewed in time is given up', async () => {
    const { leases } = leasesOfOneShard()
    const errors: unknown[] = []
    let renewals = 0
    const failing: Leases = {
      ...leases,
      async renewLeases(...asked) {
        if (renewals++ > 0) throw new Error('the disk is gone') // the first comes before anything is held
        return await leases.renewLeases(...asked)
      },
    }
    const onError = (error: unknown) => void errors.push(error)
    const dispatcher = localDispatcher({ leases: failing, clock: clockAt(), onError, ...quick, leaseMs: 100 })
    const lost: unknown[] = []
    const attendance = dispatcher.attend('all', async ({ signal }) => {
      await once(signal, 'abort')
      lost.push(signal.reason)
      return null
    })
    await vi.waitFor(() => expect(lost.length).toBeGreaterThan(0), { timeout: 5_000 })
    expect(lost[0]).toMatchObject({ name: 'LeaseLost' })
    expect(errors[0]).toEqual(new Error('the disk is gone'))
    await attendance.stop()
  })
})
