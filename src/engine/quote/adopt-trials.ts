import { type Collected, emptyResult, RESULT_BYTES, readResult } from '../../delivery/result-index.ts'
import { emptyTally, outcomes } from '../../domain/outcome.ts'
import { derivedId } from '../../kit/ids.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { readWhole } from '../rows/read-whole.ts'
import { type Course, courseOf } from '../shards/course.ts'
import { ordinalsIn, putOrdinals } from '../shards/plan.ts'
import type { ShardTally } from '../shards/tally.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')
/** Jobs that are looked through for a trial of the same input. */
const TRIALS_MAX = 500

/** Trials of an input, by the digest of all that decides its answers. */
export async function trialsOf({ store }: Ports, digest: string): Promise<JobRow[]> {
  const jobs = await store.jobs({ states: ['flying', 'held', 'landing', 'landed'], limit: TRIALS_MAX })
  return jobs.filter((job) => (job.options as JobOptions).trial === true && job.digest === digest)
}

/** Where the requests of a trial stand in the whole input. */
export const ordinalIn = (trial: JobRow): ((ordinal: number) => number) => {
  const { sample } = trial.options as JobOptions
  return sample === undefined ? (ordinal) => ordinal : (ordinal) => sample[ordinal] as number
}

export interface Adopted {
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
  /** Rows that need not be bought any more. */
  readonly ordinals: readonly number[]
}

/**
 * What trials of the same input have bought counts as bought by the job: their answers are its own, and are charged once,
 * where they were bought. What failed in a trial is bought by the job.
 */
export async function adoptTrials(ports: Ports, jobId: string, digest: string): Promise<Adopted> {
  const shards: ShardRow[] = []
  const submissions: SubmissionRow[] = []
  const ordinals = new Set<number>()
  for (const trial of await trialsOf(ports, digest)) {
    if (trial.state !== 'landed') continue
    const bought = await ports.store.submissions({ jobId: trial.id })
    for (const shard of await ports.store.shards(trial.id)) {
      const submission = bought.find(({ shardId, state }) => shardId === shard.id && state === 'settled')
      if (submission === undefined) continue
      const rows = (await ordinalsIn(ports, [shard])).map(ordinalIn(trial))
      const answered = await answeredIn(ports, submission)
      const useful = rows.filter((row, at) => answered[at] === true && !ordinals.has(row))
      if (useful.length === 0) continue
      for (const row of useful) ordinals.add(row)
      const id = derivedId('shd', jobId, shard.id)
      shards.push({ ...shard, ...(await placed(ports, { id, jobId, shard, rows, answered: useful.length, trial })) })
      submissions.push({ ...submission, id: derivedId('sub', id, 0), jobId, shardId: id, openedAt: null })
    }
  }
  return { shards, submissions, ordinals: [...ordinals] }
}

/** By row, whether it has an answer. */
async function answeredIn(ports: Ports, submission: SubmissionRow): Promise<boolean[]> {
  const index = await readWhole(ports, (submission.collected as Collected).index)
  const result = emptyResult()
  return Array.from({ length: index.length / RESULT_BYTES }, (_, row) => {
    readResult(new DataView(index.buffer), row * RESULT_BYTES, result)
    return result.outcome === SUCCEEDED
  })
}

interface Placed {
  readonly id: string
  readonly jobId: string
  readonly shard: ShardRow
  /** Where its rows stand in the job. */
  readonly rows: readonly number[]
  readonly answered: number
  readonly trial: JobRow
}

/** The shard of a trial as one of the job. */
async function placed(ports: Ports, { id, jobId, shard, rows, answered, trial }: Placed): Promise<Partial<ShardRow>> {
  let { ordinals } = shard
  if ((trial.options as JobOptions).sample !== undefined) {
    ordinals = `jobs/${jobId}/${id}-ordinals`
    await putOrdinals(ports, ordinals, Uint32Array.from(rows))
  }
  const { own } = shard.tally as ShardTally
  // Rows that failed there are in shards of the job by now, and count where they end.
  const again = emptyTally()
  for (const outcome of outcomes) again[outcome] = own[outcome] - (outcome === 'succeeded' ? answered : 0)
  const tally: ShardTally = { own, again, handedOn: true }
  const course: Course = { ...courseOf(shard), reusedFrom: trial.id }
  const firstOrdinal = rows[0] as number
  return { id, jobId, round: 0, firstOrdinal, ordinals, course, tally, wakeAt: null, owner: null, leaseUntil: 0 }
}
