import type { Database } from '../schema.ts'

/** Part of a statement: the unsettled shards of the jobs that nobody holds and somebody is to look at, earliest first. */
export function dueShards(db: Database, jobs: readonly string[] | 'all', real: number) {
  const due = db
    .selectFrom('shard')
    .where('wakeAt', 'is not', null)
    .where('state', '<>', 'settled')
    .where('leaseUntil', '<=', real)
    .orderBy('wakeAt')
    .orderBy('id')
  return jobs === 'all' ? due : due.where('jobId', 'in', jobs)
}
