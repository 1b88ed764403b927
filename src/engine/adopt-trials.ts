import { derivedId } from '../kit/ids.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../stores/contract.ts'
import { type Course, courseOf } from './course.ts'
import type { JobOptions } from './options.ts'
import { ordinalsIn } from './plan.ts'
import type { Ports } from './ports.ts'
import type { ShardTally } from './settle.ts'

/** Jobs that are looked through for a trial of the same input. */
const TRIALS_MAX = 500

/** Trials of an input, by the digest of all that decides its answers. */
export async function trialsOf({ store }: Ports, digest: string): Promise<JobRow[]> {
  const jobs = await store.jobs({ states: ['flying', 'held', 'landing', 'landed'], limit: TRIALS_MAX })
  return jobs.filter((job) => (job.options as JobOptions).trial === true && job.digest === digest)
}

export interface Adopted {
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
  /** Rows that need not be bought any more. */
  readonly ordinals: readonly number[]
}

/**
 * What trials of the same input have bought counts as bought by the job: their answers are its own, and are charged once,
 * where they were bought. Trials of which something failed are passed over.
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
      const tally = shard.tally as ShardTally | null
      if (submission === undefined || tally?.own.succeeded !== shard.count) continue
      const rows = await ordinalsIn(ports, [shard])
      if (rows.some((row) => ordinals.has(row))) continue
      for (const row of rows) ordinals.add(row)
      const id = derivedId('shd', jobId, shard.id)
      const course: Course = { ...courseOf(shard), reusedFrom: trial.id }
      shards.push({ ...shard, id, jobId, round: 0, course, wakeAt: null, owner: null, leaseUntil: 0 })
      submissions.push({ ...submission, id: derivedId('sub', id, 0), jobId, shardId: id, openedAt: null })
    }
  }
  return { shards, submissions, ordinals: [...ordinals] }
}
