import { shardRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const findShard = (db: Database, id: string) =>
  db.selectFrom('shard').select(shardRows.columns).where('id', '=', id).compile()
