import { shardRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. By round, then first ordinal. */
export const listShards = (db: Database, jobId: string) =>
  db
    .selectFrom('shard')
    .select(shardRows.columns)
    .where('jobId', '=', jobId)
    .orderBy('round')
    .orderBy('firstOrdinal')
    .orderBy('id')
    .compile()
