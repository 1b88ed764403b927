import { setImmediate as macrotask } from 'node:timers/promises'
import { type Clock, MINUTE, SECOND } from '../kit/clock.ts'
import { randomId } from '../kit/ids.ts'
import type { Advance, Attendance, Claim, Dispatcher, Leases } from './contract.ts'

export interface LocalOptions {
  readonly leases: Leases
  readonly clock: Clock
  /** Errors of a step (with its shard) and of the loop itself; both are tried again. */
  readonly onError: (error: unknown, shardId?: string) => void
  /** Steps at a time. A step waits for the network most of the time, so this is not about cores. */
  readonly concurrency?: number
  /** Real ms. Longer: a crashed process's shards rest longer. Shorter: a busy process may lose what it works on. */
  readonly leaseMs?: number
  /** Real ms between renewals; a few must fit into a lease. */
  readonly renewMs?: number
  /** Real ms between looks at whether another process wrote. */
  readonly pollMs?: number
  /** Real ms after which all due shards are looked for, whatever was or was not heard. */
  readonly sweepMs?: number
  /** Real ms between signs of life in the store. */
  readonly beatMs?: number
}

const defaults = {
  concurrency: 4,
  leaseMs: 20 * SECOND,
  renewMs: 5 * SECOND,
  pollMs: 250,
  sweepMs: 5 * SECOND,
  beatMs: MINUTE,
} satisfies Partial<LocalOptions>

/** A pass of the loop this much too late (or too early) means that the machine slept or its clock was set. */
const JUMP = MINUTE
/** Pauses after errors double from the first to the last; our clock for steps, real for the loop. */
const PAUSE_FIRST = SECOND
const PAUSE_LAST = MINUTE

/** A dispatcher of one process over leases in a store that many processes share. */
export function localDispatcher(options: LocalOptions): Dispatcher {
  return { attend: (jobs, advance) => new LocalAttendance({ ...defaults, ...options }, jobs, advance) }
}

class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
  constructor(shardId: string) {
    super(`The lease on ${shardId} ran out or went to another process.`)
  }
}

/** One step under way. `lost` is not `stopped`: a step that is asked to stop still holds its lease until it ends. */
interface Flight {
  readonly shardId: string
  readonly epoch: number
  readonly abort: AbortController
  leaseUntil: number
  lost: boolean
  /** It takes none of the places for steps. */
  lingers: boolean
  ended: Promise<void>
}

class LocalAttendance implements Attendance {
  readonly owner = randomId('att')
  readonly #options: LocalOptions & typeof defaults
  readonly #jobs: readonly string[] | 'all'
  readonly #advance: Advance
  readonly #flights = new Set<Flight>()
  /** Errors in a row, by shard. */
  readonly #failures = new Map<string, number>()
  readonly #driven: Promise<void>
  #stopping = false
  #nudged = false
  #wake = () => {}
  /** Real times. */
  #seenAt: number
  #renewAt = 0
  #beatAt = 0

  constructor(options: LocalOptions & typeof defaults, jobs: readonly string[] | 'all', advance: Advance) {
    this.#options = options
    this.#jobs = jobs
    this.#advance = advance
    this.#seenAt = options.clock.real()
    this.#driven = this.#drive()
  }

  nudge(): void {
    this.#nudged = true
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const flight of this.#flights) flight.abort.abort(new Error('The attendance was stopped.'))
    this.nudge()
    await this.#driven
  }

  async #drive(): Promise<void> {
    const { leases, onError, sweepMs, renewMs } = this.#options
    let errors = 0
    while (!this.#stopping || this.#flights.size > 0) {
      this.#nudged = false
      try {
        await this.#keepLeases()
        const version = leases.dataVersion() // before the look, so that no write falls between the two
        const calm = this.#stopping ? sweepMs : await this.#claimDue()
        await this.#rest(calm, version)
        errors = 0
      } catch (error) {
        onError(error)
        await this.#pause(Math.min(pauseAfter(errors++), renewMs)) // running steps need their leases renewed
      }
    }
    await leases.dropLeases(this.owner).catch(onError)
  }

  /** What holds before anything may be claimed: the clock did not jump, our leases are ours, the store knows we live. */
  async #keepLeases(): Promise<void> {
    const { leases, clock, renewMs, beatMs } = this.#options
    if (this.#jumped()) await this.#loseAll()
    const real = clock.real()
    if (real >= this.#renewAt) {
      await this.#renew(real)
      this.#renewAt = real + renewMs
    }
    if (real >= this.#beatAt) {
      await leases.beat(clock.now()) // after a long sleep it may find that purchases must wait
      this.#beatAt = real + beatMs
    }
  }

  async #renew(real: number): Promise<void> {
    const { leases, clock, leaseMs } = this.#options
    const until = real + leaseMs
    try {
      const held = new Set(await leases.renewLeases(this.owner, until, real))
      for (const flight of this.#flights) {
        if (!held.has(flight.shardId)) lose(flight)
        else if (!flight.lost) flight.leaseUntil = until
      }
    } finally {
      for (const flight of this.#flights) if (flight.leaseUntil <= clock.real()) lose(flight)
    }
  }

  #jumped(): boolean {
    const real = this.#options.clock.real()
    const jumped = Math.abs(real - this.#seenAt) > JUMP + this.#options.sweepMs
    this.#seenAt = real
    return jumped
  }

  /** Whatever the steps believed about the world is old now: they end, and their shards are read again. */
  async #loseAll(): Promise<void> {
    for (const flight of this.#flights) lose(flight)
    this.#renewAt = 0
    this.#beatAt = 0
    await this.#options.leases.dropLeases(this.owner)
  }

  /** Starts what is due, as far as there is room. Returns for how long there is nothing else to start; real ms. */
  async #claimDue(): Promise<number> {
    const { leases, clock, concurrency, leaseMs, pollMs, sweepMs } = this.#options
    let busy = 0
    for (const { lingers } of this.#flights) if (!lingers) busy++
    for (let room = concurrency - busy; room > 0; room--) {
      const wakeAt = await leases.nextWake(this.#jobs, clock.real()) // a read: claiming what is not due would lock
      if (wakeAt === null) return sweepMs
      const early = (wakeAt - clock.now()) / clock.speed
      if (early > 0) return Math.min(early, sweepMs)
      const real = clock.real()
      const leaseUntil = real + leaseMs
      const shard = await leases.claimShard({ owner: this.owner, jobs: this.#jobs, now: clock.now(), real, leaseUntil })
      if (shard === undefined) return pollMs // another process was faster
      this.#start(shard, leaseUntil)
    }
    return sweepMs
  }

  #start(shard: { readonly id: string; readonly jobId: string; readonly epoch: number }, leaseUntil: number): void {
    // A step whose lease was lost may still be on its way to an end; two on one shard would tread on each other.
    const before = [...this.#flights].filter(({ shardId }) => shardId === shard.id).map(({ ended }) => ended)
    const flight: Flight = {
      shardId: shard.id,
      epoch: shard.epoch,
      abort: new AbortController(),
      leaseUntil,
      lost: false,
      lingers: false,
      ended: Promise.resolve(),
    }
    const claim: Claim = {
      shardId: shard.id,
      jobId: shard.jobId,
      owner: this.owner,
      epoch: shard.epoch,
      signal: flight.abort.signal,
      linger: () => {
        flight.lingers = true
        this.nudge()
      },
      leaseUntil: () => flight.leaseUntil,
    }
    this.#flights.add(flight)
    flight.ended = Promise.all(before)
      .then(() => this.#step(flight, claim))
      .finally(() => {
        this.#flights.delete(flight)
        this.nudge()
      })
  }

  /** Never rejects. */
  async #step(flight: Flight, claim: Claim): Promise<void> {
    const { leases, clock, onError } = this.#options
    const { shardId, epoch } = flight
    let wakeAt: number | null
    try {
      wakeAt = claim.signal.aborted ? clock.now() : await this.#advance(claim)
      this.#failures.delete(shardId)
    } catch (error) {
      wakeAt = clock.now()
      if (!isAbort(error, claim.signal)) {
        onError(error, shardId)
        const errors = this.#failures.get(shardId) ?? 0
        this.#failures.set(shardId, errors + 1)
        wakeAt += pauseAfter(errors)
      }
    }
    if (flight.lost) return
    await leases.releaseShard(shardId, this.owner, epoch, wakeAt).catch((error: unknown) => onError(error, shardId))
  }

  /** Until the time is over, somebody nudges, another process wrote, the clock jumped, or a renewal is due. */
  async #rest(ms: number, version: number): Promise<void> {
    const { leases, clock, pollMs } = this.#options
    const until = Math.min(clock.real() + ms, this.#renewAt)
    do {
      await this.#pause(Math.min(pollMs, until - clock.real()))
    } while (
      !this.#nudged &&
      clock.real() < until &&
      Math.abs(clock.real() - this.#seenAt) <= JUMP &&
      leases.dataVersion() === version
    )
  }

  /** A pause that a nudge ends. At least one turn of the event loop, so that quick steps cannot keep others out. */
  async #pause(ms: number): Promise<void> {
    await macrotask()
    if (this.#nudged) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function lose(flight: Flight): void {
  flight.lost = true
  flight.abort.abort(new LeaseLost(flight.shardId))
}

const pauseAfter = (errors: number): number => Math.min(PAUSE_FIRST * 2 ** errors, PAUSE_LAST)

const isAbort = (error: unknown, signal: AbortSignal): boolean =>
  signal.aborted && (error === signal.reason || (error as Error | undefined)?.name === 'AbortError')
