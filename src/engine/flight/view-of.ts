import { parseUsd } from '../../domain/money.ts'
import { SECOND } from '../../kit/clock.ts'
import type { FlightView, LandedView, Offer, ShardView, View } from '../../policy/view.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { leftOf, wallsOf } from '../purchase/budget.ts'
import { isLive } from '../purchase/restore.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { everyRow } from '../rows/rows.ts'
import { courseOf, offerName } from '../shards/course.ts'
import type { RunProgress } from './sync-flight.ts'

/** A job's rows as one look found them. */
export interface Sight {
  readonly job: JobRow
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
  /** By shard, the purchase that may still bring something. */
  readonly live: ReadonlyMap<string, SubmissionRow>
}

/** Reads them in an order that shows no shard without the submission that it flies in. */
export async function sightOf({ store }: Ports, job: JobRow): Promise<Sight> {
  const shards = await store.shards(job.id)
  const submissions = await store.submissions({ jobId: job.id })
  const live = submissions.filter((one) => isLive(one) && !one.duplicate && !one.abandoned)
  return { job, shards, submissions, live: new Map(live.map((one) => [one.shardId, one])) } // of several the last
}

export const liveOf = ({ live }: Sight, { id }: ShardRow): SubmissionRow | undefined => live.get(id)

/** What the policy may know of one group of a job's requests. */
export function viewOf(
  ports: Ports,
  sight: Sight,
  group: number,
  offers: readonly Offer[],
  budgetLeft: number | null,
): View {
  const { job, shards } = sight
  const now = ports.clock.now()
  const own = shards.filter(
    (shard) => shard.group === group && shard.state !== 'settled' && !isPaused(sight, shard, now),
  )
  return {
    deadline: job.deadline,
    startedAt: job.createdAt,
    shards: own.map((shard) => shardView(ports, sight, shard)),
    landed: landedIn(sight, group),
    offers,
    budgetLeft,
  }
}

function shardView({ vendors, clock }: Ports, sight: Sight, shard: ShardRow): ShardView {
  const live = liveOf(sight, shard)
  const { tried } = courseOf(shard)
  const sync = vendors.sync(shard.lane) !== undefined
  const counts = (live?.counts ?? null) as { completed: number; failed: number } | null
  const done = counts === null ? 0 : counts.completed + counts.failed
  return {
    id: shard.id,
    requests: sync ? Math.max(1, shard.count - done) : shard.count,
    flight: isAssigned(shard, live) ? flightView(shard, live, { vendors, now: clock.now(), done }) : null,
    tried,
  }
}

/** Nothing has been said yet of where it flies. */
export const isWaiting = (sight: Sight, shard: ShardRow): boolean =>
  shard.state === 'planned' && !isAssigned(shard, liveOf(sight, shard))

/** It waits for the time at which its requests may be tried again. */
export const isPaused = (sight: Sight, shard: ShardRow, now: number): boolean =>
  (courseOf(shard).notBefore ?? 0) > now && isWaiting(sight, shard)

/**
 * It is bought, or will be as soon as a process gets to it. What waits for a quota or a person is free to go elsewhere;
 * what waits for a larger budget would meet the same wall there.
 */
function isAssigned({ wakeAt, held }: ShardRow, live: SubmissionRow | undefined): boolean {
  if (live !== undefined && live.state !== 'prepared') return true
  return (held === null || held === 'budget') && wakeAt !== null
}

function flightView(
  shard: ShardRow,
  live: SubmissionRow | undefined,
  { vendors, now, done }: Pick<Ports, 'vendors'> & { now: number; done: number },
): FlightView {
  const course = courseOf(shard)
  // What is not bought yet waits for its turn here, and nobody there is slow.
  const bought = live !== undefined && live.state !== 'prepared'
  const since = bought ? (live.openedAt ?? course.assignedAt ?? now) : now
  const offer = offerName(shard)
  if (vendors.sync(shard.lane) !== undefined) {
    const { movedAt = null } = (live?.progress ?? {}) as Partial<RunProgress>
    return { offer, since, done: null, movedAt, cancelledAt: course.cancelledAt }
  }
  const counted = vendors.batch(shard.lane).limits.countsWhileOpen && live?.counts != null
  return { offer, since, done: counted ? done : null, movedAt: course.movedAt, cancelledAt: course.cancelledAt }
}

function landedIn({ shards, submissions }: Sight, group: number): LandedView[] {
  const own = new Set(shards.filter((shard) => shard.group === group).map(({ id }) => id))
  return submissions.flatMap((one) => {
    const { shardId, openedAt, endedAt, cancelWanted, state } = one
    if (!own.has(shardId) || openedAt === null || endedAt === null || cancelWanted || state === 'refused') return []
    return [{ offer: offerName(one), seconds: (endedAt - openedAt) / SECOND }]
  })
}

/** What may still be committed, in prices of one row at standard; null: there is no budget, or nothing to tell it by. */
export async function budgetLeft(ports: Ports, { job }: Sight): Promise<number | null> {
  const lefts = (await wallsOf(ports, job)).map((wall) => Number(leftOf(wall)))
  const quote = job.quote as Quote | null
  const standard = quote?.lanes.find(({ usd }) => usd.standard !== null)?.usd.standard
  if (lefts.length === 0 || standard == null) return null
  const each = Number(parseUsd(standard)) / everyRow(job.input as RoutedManifest).count
  return each === 0 ? null : (Math.min(...lefts) / each) * ROUNDED
}
/** What just fits is not lost to the rounding of a quotient; the purchase itself is held to the nano-dollar. */
const ROUNDED = 1 + 1e-9
