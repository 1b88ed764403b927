import type { Database } from '../schema.ts'

/** Locks: the shards the owner holds. A lease that ran out stays lost: somebody may have acted on that. */
export const renewShardLeases = (db: Database, owner: string, leaseUntil: number, real: number) =>
  db
    .updateTable('shard')
    .set({ leaseUntil })
    .where('owner', '=', owner)
    .where('leaseUntil', '>', real)
    .returning('id')
    .compile()
