import type { Flown } from '../../delivery/flown.ts'
import type { Collected } from '../../delivery/result-index.ts'
import type { ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { courseOf } from '../shards/course.ts'
import { againOf, type ShardTally } from '../shards/tally.ts'

/**
 * Everything that says how rows of a job ended, in settle order.
 * @param coming  also what says that they have not ended yet
 */
export async function flownOf(ports: Ports, jobId: string, { coming = false } = {}): Promise<Flown[]> {
  const shards = await ports.store.shards(jobId)
  const submissions = await ports.store.submissions({ jobId })
  const shardOf = new Map(shards.map((shard) => [shard.id, shard]))
  const flown: { at: number; flown: Flown }[] = []
  for (const submission of submissions) {
    const shard = shardOf.get(submission.shardId)
    if (shard === undefined) continue
    const one = ofSubmission(shard, submission)
    if (one !== undefined) flown.push({ at: submission.settledAt ?? submission.endedAt ?? 0, flown: one })
  }
  for (const shard of shards) {
    if (coming && shard.state !== 'settled')
      flown.push({ at: Infinity, flown: { ...rowsOf(shard), index: null, uniform: { outcome: null, reason: 'none' } } })
    const tally = shard.tally as ShardTally | null
    if (
      tally !== null &&
      tally.own.cancelled === shard.count &&
      !submissions.some(({ shardId, state }) => shardId === shard.id && state === 'settled')
    ) {
      flown.push({
        at: 0,
        flown: { ...rowsOf(shard), index: null, uniform: { outcome: 'cancelled', reason: 'batch_cancelled' } },
      })
    }
  }
  const { withdrawn } = ((await ports.store.job(jobId))?.options ?? {}) as JobOptions
  if (withdrawn !== undefined) flown.push({ at: Infinity, flown: withdrawnRows(withdrawn) })
  // Duplicates come last: they were found, not asked for.
  return flown
    .sort((a, b) => (a.at === b.at ? 0 : a.at - b.at) || a.flown.firstOrdinal - b.flown.firstOrdinal)
    .map((entry) => entry.flown)
}

function ofSubmission(shard: ShardRow, submission: SubmissionRow): Flown | undefined {
  const own = { ...rowsOf(shard), submissionId: submission.id, lane: submission.lane, model: submission.model }
  if (submission.state === 'lost') return { ...own, index: null, uniform: { outcome: 'missing', reason: 'lost' } }
  const collected = submission.collected as Collected | null
  if (collected === null || (submission.state !== 'settled' && submission.state !== 'refused')) return undefined
  return { ...own, index: collected.index, files: collected.files }
}

/** Of no lane, whatever has come of them there. */
const withdrawnRows = (ordinals: string): Flown => ({
  again: false,
  submissionId: '',
  lane: '',
  model: '',
  firstOrdinal: 0,
  count: 0, // the blob knows
  ordinals,
  index: null,
  files: [],
  uniform: { outcome: 'cancelled', reason: 'withdrawn' },
})

const rowsOf = (shard: ShardRow): Omit<Flown, 'index'> => ({
  again: againOf(shard) > 0,
  reused: courseOf(shard).reusedFrom !== undefined,
  submissionId: '',
  lane: shard.lane,
  model: shard.model,
  firstOrdinal: shard.firstOrdinal,
  count: shard.count,
  ordinals: shard.ordinals,
  files: [],
})
