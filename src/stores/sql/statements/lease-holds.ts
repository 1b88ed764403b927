import type { Database } from '../schema.ts'

/** Locks: nothing; inside a writing transaction nobody can take the lease in between. */
export const leaseHolds = (db: Database, shardId: string, owner: string, epoch: number, until: number) =>
  db
    .selectFrom('shard')
    .select('id')
    .where('id', '=', shardId)
    .where('owner', '=', owner)
    .where('epoch', '=', epoch)
    .where('leaseUntil', '>', until)
    .compile()
