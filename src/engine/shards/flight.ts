import type { Claim } from '../../dispatch/contract.ts'
import type { Manifest } from '../../intake/manifest.ts'
import type { BatchLane, Call, SyncLane } from '../../providers/contract.ts'
import type { Commit, JobRow, NewEvent, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { RoutedManifest } from '../rows/routing.ts'

/** One step's view of a shard under its lease: what was read, and the one door through which it writes. */
export interface ShardFlight {
  readonly ports: Ports
  /** Null for what needs no lease: strays, guarded by their own state alone. */
  readonly claim: Claim | null
  readonly job: JobRow
  /** What was taken in. */
  readonly input: RoutedManifest
  /** The same as the vendor of this shard gets it. */
  readonly manifest: Manifest
  readonly options: JobOptions
  readonly shard: ShardRow
  readonly call: Call
}

/** What of it decides how its rows end. */
export type Settling = Pick<ShardFlight, 'ports' | 'job' | 'shard' | 'input' | 'options'>

/** On a lane of submissions. */
export interface Flight extends ShardFlight {
  readonly lane: BatchLane
}

/** On a lane that takes requests one by one. */
export interface SyncFlight extends ShardFlight {
  readonly lane: SyncLane
}

/**
 * What a step leaves: look again at once, or at a time (our clock), or never by itself. `quietUntil`: at that time, and
 * nothing was written, so that nobody need hear of it.
 */
export type Then = 'again' | number | null | { readonly quietUntil: number }

/** The lease went to another process, or a row moved under us: whatever we were about to write is not ours to write. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/**
 * When to look again at what waits for a person or the vendor: slow in real time too, however fast the clock, so that
 * whoever waits for the job sees that it is held before it is tried again.
 */
export const slowLook = ({ clock }: Pick<Ports, 'clock'>, ms: number): number =>
  clock.now() + Math.max(ms, HELD_REAL_MS * clock.speed)
const HELD_REAL_MS = 2000

/** Writes under the lease, or throws LeaseLost and writes nothing. */
export async function commit(flight: ShardFlight, change: Omit<Commit, 'lease'>): Promise<void> {
  if (!(await flight.ports.store.commit(leased(flight, change)))) throw new LeaseLost(flight.shard.id)
}

export function leased(flight: ShardFlight, change: Omit<Commit, 'lease'>): Commit {
  const { claim, ports } = flight
  if (claim === null) return change
  return {
    ...change,
    lease: { shardId: claim.shardId, owner: claim.owner, epoch: claim.epoch, now: ports.clock.real() },
  }
}

export function eventOf(
  flight: ShardFlight,
  type: string,
  data: object = {},
  submission?: Pick<SubmissionRow, 'id'>,
): NewEvent {
  const { job, shard, ports } = flight
  const base = { jobId: job.id, shardId: shard.id, at: ports.clock.now(), type, data }
  return submission === undefined ? base : { ...base, submissionId: submission.id }
}
