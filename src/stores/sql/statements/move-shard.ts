import type { Updateable } from 'kysely'
import type { ShardState } from '../../../domain/states.ts'
import type { Move, ShardRow } from '../../contract.ts'
import { shardRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the shard. Changes it only from one of the states. */
export const moveShard = (db: Database, { id, from, set }: Move<ShardRow, ShardState>) =>
  db
    .updateTable('shard')
    .set({ ...shardRows.encode<Updateable<Schema['shard']>>(set), id }) // id: an empty `set` is still a compare
    .where('id', '=', id)
    .where('state', 'in', [from].flat())
    .compile()
