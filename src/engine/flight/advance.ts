import type { Claim } from '../../dispatch/contract.ts'
import { NoCredentials, OtherAccount, VendorUnavailable } from '../../domain/errors.ts'
import { SECOND } from '../../kit/clock.ts'
import { CredentialsRefused, PrepareRefused } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { cleanUp } from '../harvest/clean-up.ts'
import { collect } from '../harvest/collect.ts'
import { settle, settleCancelled, settleLost } from '../harvest/settle.ts'
import { buysNothing, type JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { overBudget } from '../purchase/budget.ts'
import { buy } from '../purchase/buy.ts'
import { doubt, lookUp } from '../purchase/look-up.ts'
import { prepare } from '../purchase/prepare.ts'
import { prove } from '../purchase/prove.ts'
import { backOff, hold, refused } from '../purchase/refusal.ts'
import { isLive } from '../purchase/restore.ts'
import { watch } from '../purchase/watch.ts'
import type { Watcher } from '../purchase/watcher.ts'
import { type RoutedManifest, routedFor, sentManifest } from '../rows/routing.ts'
import { commit, eventOf, type Flight, LeaseLost, type ShardFlight, slowLook, type Then } from '../shards/flight.ts'
import { keepShard, moveShard, moveSubmission } from '../shards/move.ts'
import type { Runs } from '../shards/runs.ts'
import { leaveOutWithdrawn, withdrawnIn } from '../shards/withdrawn.ts'
import { stepSync } from './sync-flight.ts'

/** Steps in a row that a claim may take before it gives the others a turn. */
const STEPS_MAX = 64

/** What the steps of one process share. */
export interface Crew {
  readonly watcher: Watcher
  readonly runs: Runs
}

/**
 * Drives one shard as far as it goes now.
 * @returns when to look again, and whether all of it was one look that changed nothing
 */
export async function advance(
  ports: Ports,
  crew: Crew,
  claim: Claim,
): Promise<{ readonly wakeAt: number | null; readonly quiet: boolean }> {
  const loud = (wakeAt: number | null) => ({ wakeAt, quiet: false })
  for (let taken = 0; taken < STEPS_MAX; taken++) {
    if (claim.signal.aborted) return loud(ports.clock.now())
    const flight = await open(ports, claim)
    if (flight === undefined) return loud(null)
    try {
      const then = await step(flight, crew).catch((error: unknown) => trouble(flight, error))
      if (then === 'again') continue
      if (typeof then === 'number' || then === null) return loud(then)
      return { wakeAt: then.quietUntil, quiet: taken === 0 }
    } catch (error) {
      // A lost lease or an end asked for breaks a step off wherever it stands; that is no trouble of anybody's.
      if (error instanceof LeaseLost || claim.signal.aborted) return loud(ports.clock.now())
      throw error
    }
  }
  return loud(ports.clock.now())
}

async function open(ports: Ports, claim: Claim): Promise<ShardFlight | undefined> {
  const shard = await ports.store.shard(claim.shardId)
  const job = await ports.store.job(claim.jobId)
  if (shard === undefined || job === undefined || shard.state === 'settled') return undefined
  let call: Flight['call']
  try {
    call = ports.vendors.call(shard.accountId, claim.signal)
  } catch (error) {
    // Without a key nothing can be asked of the vendor; what needs none still runs (see `step`).
    if (!isWithoutKey(error)) throw error
    call = missingCall(error)
  }
  const input = routedFor(job.input as RoutedManifest, shard)
  return {
    ports,
    claim,
    job,
    shard,
    call,
    input,
    manifest: sentManifest(input, shard.group),
    options: job.options as JobOptions,
  }
}

const isWithoutKey = (error: unknown): error is NoCredentials | OtherAccount =>
  error instanceof NoCredentials || error instanceof OtherAccount

/** A call that fails as soon as anything of it is read. */
const missingCall = (error: unknown): Flight['call'] =>
  new Proxy({} as Flight['call'], {
    get: () => {
      throw error
    },
  })

async function step(shardFlight: ShardFlight, { watcher, runs }: Crew): Promise<Then> {
  const { ports, job, shard } = shardFlight
  const sync = ports.vendors.sync(shard.lane)
  if (sync !== undefined) return stepSync({ ...shardFlight, lane: sync }, runs)
  const flight: Flight = { ...shardFlight, lane: ports.vendors.batch(shard.lane) }
  const submissions = await ports.store.submissions({ shardId: shard.id })
  const current = submissions.filter((submission) => isLive(submission) && !submission.duplicate).at(-1)
  if (current === undefined) {
    const lost = submissions.find(({ state, purchase }) => state === 'lost' && purchase === shard.purchase)
    if (lost !== undefined) return settleLost(flight, lost)
    if (job.cancelWanted || buysNothing(flight.options)) return settleCancelled(flight)
    const left = await leaveOutWithdrawn(flight)
    if (left !== undefined) return left
    return (await overBudget(flight)) ?? prepare(flight)
  }
  switch (current.state) {
    case 'prepared':
      return (await isStale(flight)) ? drop(flight, current) : buy(flight, current)
    case 'buying':
      // Only a lease that was taken over, or a process that died, leaves this row to be found.
      return doubt(flight, current)
    case 'unsure':
      return lookUp(flight, current)
    case 'candidate':
      return prove(flight, current)
    case 'open':
    case 'cancelling':
      return watch(flight, current, watcher)
    case 'ended':
      return collect(flight, current)
    case 'collected':
      return settle(flight, current)
    default:
      ports.log.warn({ shard: shard.id, state: current.state }, 'nothing can be done in this state yet')
      return ports.clock.now() + 60 * SECOND
  }
}

/** What was prepared is not wanted any more, or not all of it. */
const isStale = async ({ ports, job, options, shard }: Flight): Promise<boolean> =>
  job.cancelWanted || (await withdrawnIn(ports, options, shard)).size > 0

/** Cancelled before it was bought: nothing was spent. */
async function drop(flight: Flight, submission: SubmissionRow): Promise<Then> {
  await commit(flight, {
    submissions: [moveSubmission(submission, 'drop')],
    events: [eventOf(flight, 'dropped', {}, submission)],
  })
  await cleanUp(flight, submission)
  return 'again'
}

/** Unreadable vendors, refused keys and broken networks never fail a shard: it waits, and says so when it waits long. */
async function trouble(flight: ShardFlight, error: unknown): Promise<Then> {
  const { ports, shard, claim } = flight
  if (error instanceof LeaseLost || claim?.signal.aborted === true) throw error
  if (error instanceof PrepareRefused)
    return refused({ ...flight, lane: ports.vendors.batch(shard.lane) }, undefined, error.refusal)
  if (isWithoutKey(error) || error instanceof CredentialsRefused) {
    return hold(flight, undefined, { kind: 'credentials', code: error.code, message: error.message }, 'credentials')
  }
  if (!(error instanceof VendorUnavailable)) throw error
  ports.log.warn({ shard: shard.id, error: error.message }, 'the vendor is not available')
  const refusals = shard.refusals + 1
  const tired = refusals >= PATIENCE && shard.held !== 'vendor'
  await commit(flight, {
    shards: [
      tired
        ? shard.state === 'held'
          ? keepShard(shard, { refusals, held: 'vendor' })
          : moveShard(shard, 'hold', { refusals, held: 'vendor' })
        : keepShard(shard, { refusals }),
    ],
    events: [eventOf(flight, tired ? 'held' : 'trouble', { reason: 'vendor', message: error.message.slice(0, 500) })],
  })
  if (tired) return slowLook(ports, backOff(refusals) / 10)
  return ports.clock.now() + Math.max(backOff(refusals) / 10, 100 * ports.clock.speed)
}

const PATIENCE = 8
