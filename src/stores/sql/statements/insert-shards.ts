import type { Insertable } from 'kysely'
import type { ShardRow } from '../../contract.ts'
import { shardRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: nothing that is there already. Shards whose id exists are left as they are and not counted. */
export const insertShards = (db: Database, rows: readonly ShardRow[]) =>
  db
    .insertInto('shard')
    .values(rows.map((row) => shardRows.encode<Insertable<Schema['shard']>>(row)))
    .onConflict((conflict) => conflict.doNothing())
    .compile()
