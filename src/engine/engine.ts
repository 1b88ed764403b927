import { EventEmitter, once } from 'node:events'
import { hostname } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  JobHeld,
  NoCredentials,
  OtherAccount,
  PreflightRejected,
  type RedeyeError,
  UnknownJob,
} from '../domain/errors.ts'
import { terminalJobStates } from '../domain/states.ts'
import { type Clock, SECOND } from '../kit/clock.ts'
import { CredentialsRefused } from '../providers/contract.ts'
import type { EventRow, JobRow } from '../stores/contract.ts'
import { advance } from './flight/advance.ts'
import { freeLeasesOfTheDead } from './flight/free-leases.ts'
import { collectGarbage } from './flight/garbage.ts'
import { SWEEP_EVERY_MS, sweep } from './flight/sweep.ts'
import { refreshJob } from './job/land.ts'
import { waitsForPreflight } from './job/preflight.ts'
import type { Ports } from './ports.ts'
import { type WallFacts, wallText } from './purchase/budget.ts'
import { isLive } from './purchase/restore.ts'
import { Watcher } from './purchase/watcher.ts'
import { isSteered } from './shards/course.ts'
import { LeaseLost } from './shards/flight.ts'
import { moveShard } from './shards/move.ts'
import { Runs } from './shards/runs.ts'

const ATTENDANT_MS = 20 * SECOND
const BEAT_MS = 5 * SECOND
/** Beats at which all jobs are refreshed, of so many. */
const FULL_BEATS = 6
const LOOK_MS = 250
/** Runs go on and submissions get on without a word, so a steered job is looked at now and then: one part of the time. */
const STEER_SHARE = 50

/**
 * Holds that only a person or the vendor can lift. Waiting for room in a quota is part of flying, and so is waiting for
 * what proves whose a candidate is.
 */
const STOPPING_HOLDS = ['credentials', 'billing', 'vendor', 'budget']

/** With a deadline an outage is waited for, on every lane at once: there may be time left when it is over. */
const stops = (job: JobRow): boolean =>
  STOPPING_HOLDS.includes(job.held ?? '') && !(job.held === 'vendor' && isSteered(job))

/** Being awake for jobs: their shards are driven, strays swept, landings made, until `stop`. */
export interface Attending {
  readonly owner: string
  /** Resolves when the job is home; rejects when it is held by what waiting cannot mend, or the store fails. */
  untilDone(jobId: string, signal?: AbortSignal): Promise<JobRow>
  /** Resolves when no shard of the first round waits to be bought: bought, held or settled. */
  untilBought(jobId: string, signal?: AbortSignal): Promise<JobRow>
  /** Why nothing goes on any more, where that is so: the store fails, or we do. */
  failure(): unknown
  stop(): Promise<void>
}

/** Drives jobs in this process. `run`, `watch`, `wait`, `worker` and `serve` attend; nothing else does. */
export async function attend(ports: Ports, jobs: readonly string[] | 'all', command: string): Promise<Attending> {
  const changes = new EventEmitter().setMaxListeners(0)
  const watcher = new Watcher(ports, jobs, (ids) => ids.forEach((id) => changes.emit('moved', id)))
  const crew = { watcher, runs: new Runs(ports.clock) }
  let fatal: unknown
  const fail = (error: unknown): void => {
    fatal ??= error
    changes.emit('change')
  }
  const jobList = async (): Promise<readonly string[]> =>
    jobs === 'all'
      ? (await ports.store.jobs({ states: ['planned', 'held', 'flying', 'landing'] })).map(({ id }) => id)
      : jobs
  await freeLeasesOfTheDead(ports)
  collectGarbage(ports).catch(fail)
  for (const id of await jobList()) await liftHolds(ports, id)

  const attendance = ports.dispatcher.attend(jobs, async (claim) => {
    let quiet = false
    try {
      const then = await advance(ports, crew, claim)
      quiet = then.quiet
      return then.wakeAt
    } catch (error) {
      fail(error)
      throw error
    } finally {
      if (!quiet) changes.emit('moved', claim.jobId)
    }
  })
  const { owner } = attendance
  const since = ports.clock.real()
  const row = () => ({
    owner,
    pid: process.pid,
    host: hostname(),
    command,
    jobs,
    since,
    until: ports.clock.real() + ATTENDANT_MS,
  })
  await ports.store.attend(row())

  const refreshes = new Serial(fail)
  const alarms = new Alarms(ports.clock, (id) => refreshes.run(id, () => refresh(id)))
  const took = new Map<string, number>()
  const wake = (id: string, at: number | null): void => {
    const { clock } = ports
    const ms = Math.max(LOOK_MS, STEER_SHARE * took.values().reduce((sum, one) => sum + one, 0))
    alarms.set(id, at === null ? null : Math.min(at, clock.now() + ms * clock.speed))
  }
  const attendant = { owner, ...crew, wake }
  const refresh = async (id: string): Promise<void> => {
    const began = performance.now()
    await refreshJob(ports, id, attendant)
    took.set(id, performance.now() - began)
    attendance.nudge()
    changes.emit('change')
  }
  changes.on('moved', (id: string) => refreshes.run(id, () => refresh(id)))
  for (const id of await jobList()) refreshes.run(id, () => refresh(id))
  watcher.start()
  const elsewhere = changesElsewhere(ports)
  const known = new Set<string>()
  let beats = 0
  const beat = setInterval(() => {
    ports.store.attend(row()).catch(fail)
    // What this process does refreshes the job by itself. Now and then all are, whatever was or was not heard.
    const all = elsewhere() || beats++ % FULL_BEATS === 0
    const refreshSome = (ids: readonly string[]): void => {
      for (const id of ids) {
        if (all || !known.has(id)) refreshes.run(id, () => refresh(id))
        known.add(id)
      }
    }
    void jobList().then(refreshSome, fail)
  }, BEAT_MS)
  const sweeping = setInterval(
    () => refreshes.run('sweep', () => sweepAll(ports)),
    Math.max(SECOND, SWEEP_EVERY_MS / ports.clock.speed),
  )

  const until = async (
    jobId: string,
    done: (job: JobRow) => Promise<boolean> | boolean,
    signal?: AbortSignal,
  ): Promise<JobRow> => {
    const elsewhere = changesElsewhere(ports)
    for (;;) {
      signal?.throwIfAborted()
      if (fatal !== undefined) throw fatal
      const job = await ports.store.job(jobId)
      if (job === undefined) throw new UnknownJob(jobId, ports.store.home)
      if (job.state === 'held' && stops(job)) throw await heldError(ports, job)
      if (job.error !== null && terminalJobStates.includes(job.state)) throw new PreflightRejected(job.id, job.error)
      if (await done(job)) return job
      const told = await changed(changes, signal)
      // Whatever this process does refreshes the job by itself; the look is for what another did.
      if (!told && jobs !== 'all' && elsewhere()) refreshes.run(jobId, () => refreshJob(ports, jobId, attendant))
    }
  }
  const isBought = async (job: JobRow): Promise<boolean> => {
    if (terminalJobStates.includes(job.state) || job.round > 0) return true
    const shards = await ports.store.shards(job.id)
    const submissions = await ports.store.submissions({ jobId: job.id })
    return shards.every(
      ({ id, state, held, wakeAt }) =>
        state === 'settled' ||
        held !== null ||
        (wakeAt === null && isSteered(job) && !waitsForPreflight(shards)) || // the policy keeps it back
        submissions.some(
          (submission) =>
            submission.shardId === id &&
            isLive(submission) &&
            submission.state !== 'prepared' &&
            submission.state !== 'buying',
        ),
    )
  }
  return {
    owner,
    untilDone: (jobId, signal) => until(jobId, ({ state }) => terminalJobStates.includes(state), signal),
    untilBought: async (jobId, signal) => {
      await refreshJob(ports, jobId, attendant) // where a policy steers, it says first what is bought at all
      for (;;) {
        await until(jobId, isBought, signal)
        await refreshJob(ports, jobId, attendant)
        const job = await until(jobId, () => true, signal) // throws where all of it is held
        if (await isBought(job)) return job // what was held may be about to be bought by now
      }
    },
    failure: () => fatal,
    stop: async () => {
      clearInterval(beat)
      alarms.clear()
      clearInterval(sweeping)
      await watcher.stop()
      await attendance.stop()
      await refreshes.idle()
      await ports.store.leave(owner)
    },
  }
}

/** Tells whether another process has written since it was last asked. */
function changesElsewhere({ store }: Ports): () => boolean {
  let seen = store.dataVersion()
  return () => {
    const before = seen
    seen = store.dataVersion()
    return seen !== before
  }
}

/** One time for each job at which it is refreshed, whatever happens or not until then. */
class Alarms {
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #clock: Clock
  readonly #ring: (id: string) => void

  constructor(clock: Clock, ring: (id: string) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  set(id: string, at: number | null): void {
    clearTimeout(this.#timers.get(id))
    if (at === null) return
    // Timers stand still while the machine sleeps, so none is long.
    const ms = Math.max(0, at - this.#clock.now()) / this.#clock.speed
    const then = ms > BEAT_MS ? () => this.set(id, at) : () => this.#ring(id)
    this.#timers.set(id, setTimeout(then, Math.min(BEAT_MS, ms)))
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }
}

/** True after a change in this process, false after a moment in which another may have made one. */
async function changed(changes: EventEmitter, signal?: AbortSignal): Promise<boolean> {
  const timer = AbortSignal.timeout(LOOK_MS)
  const either = signal === undefined ? timer : AbortSignal.any([timer, signal])
  return once(changes, 'change', { signal: either }).then(
    () => true,
    () => false,
  )
}

/** One run per name at a time; a request that comes meanwhile makes for one more after it. */
class Serial {
  readonly #running = new Map<string, Promise<void>>()
  readonly #again = new Set<string>()
  readonly #fail: (error: unknown) => void
  constructor(fail: (error: unknown) => void) {
    this.#fail = fail
  }
  run(name: string, work: () => Promise<unknown>): void {
    if (this.#running.has(name)) {
      this.#again.add(name)
      return
    }
    // A store that answers at once makes no pause of its own; without one, runs in a row would starve timers and sockets.
    const running = nextTurn()
      .then(work)
      .then(() => {}, this.#fail)
      .finally(() => {
        this.#running.delete(name)
        if (this.#again.delete(name)) this.run(name, work)
      })
    this.#running.set(name, running)
  }
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }
}

async function sweepAll(ports: Ports): Promise<void> {
  for (const { id } of await ports.store.accounts()) {
    await sweep(ports, id).catch((error: unknown) => {
      if (!mayPass(error)) throw error
      ports.log.warn({ account: id, error: String(error) }, 'the sweep could not be made')
    })
  }
}

/** A vendor that cannot be asked now will be at the next sweep; and two processes that sweep at once may meet. */
const mayPass = (error: unknown): boolean =>
  (error as RedeyeError | undefined)?.retryable === true ||
  [LeaseLost, NoCredentials, OtherAccount, CredentialsRefused].some((kind) => error instanceof kind)

/** Whoever attends anew has perhaps mended the cause: what was held is tried again at once. */
async function liftHolds(ports: Ports, jobId: string): Promise<void> {
  const now = ports.clock.now()
  for (const shard of await ports.store.shards(jobId)) {
    if (shard.state !== 'held' || !STOPPING_HOLDS.includes(shard.held ?? '')) continue
    const live = (await ports.store.submissions({ shardId: shard.id })).some(isLive)
    await ports.store.commit({
      // What a policy keeps back stays with it: it says when, and where.
      shards: [
        moveShard(shard, live ? 'fly' : 'release', {
          held: null,
          refusals: 0,
          wakeAt: shard.wakeAt === null ? null : now,
        }),
      ],
    })
  }
  const job = await ports.store.job(jobId)
  if (job?.state === 'held') {
    await ports.store.commit({ job: { id: job.id, from: 'held', rev: job.rev, set: { state: 'flying', held: null } } })
  }
}

async function heldError(ports: Ports, job: JobRow): Promise<JobHeld> {
  const events = await ports.store.events(job.id)
  const last = events.findLast((event: EventRow) => event.type === 'held' && event.shardId !== null)
  const data = (last?.data ?? {}) as { message?: string }
  const reason = job.held ?? 'unknown'
  const resume = `redeye watch ${job.id}`
  if (reason === 'budget') {
    const facts = data as WallFacts
    const hint = `Nothing beyond the budget is bought. Go on with more: ${facts.raise}`
    return new JobHeld(
      job.id,
      reason,
      `${wallText(facts)}.`,
      facts.of === undefined ? hint : `${hint}; then: ${resume}`,
    )
  }
  const hints: Record<string, string> = {
    credentials: `Mend the API key, then: ${resume}`,
    billing: `The vendor says the account cannot pay. Mend that there, then: ${resume}`,
    vendor: `The job is kept; nothing is bought twice. When the vendor answers again: ${resume}`,
  }
  return new JobHeld(job.id, reason, data.message ?? 'see the events of the job', hints[reason] ?? resume)
}
