import type { ShardClaim } from '../../contract.ts'
import { shardRows } from '../rows.ts'
import type { Database } from '../schema.ts'
import { dueShards } from './due-shards.ts'

/** Locks: the shard it claims. One statement, so that no two processes can pick the same shard. */
export const claimShard = (db: Database, { owner, jobs, now, real, leaseUntil }: ShardClaim) =>
  db
    .updateTable('shard')
    .set((eb) => ({ owner, leaseUntil, epoch: eb('epoch', '+', 1), seenWake: eb.ref('wakeAt') }))
    .where('id', '=', () => dueShards(db, jobs, real).select('id').where('wakeAt', '<=', now).limit(1))
    .returning(shardRows.columns)
    .compile()
