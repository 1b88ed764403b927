import type { Database } from '../schema.ts'

/** Locks: the shards the owner holds. Their wake-ups stand, so that the next attendant looks at once. */
export const dropShardLeases = (db: Database, owner: string) =>
  db.updateTable('shard').set({ owner: null, leaseUntil: 0, seenWake: null }).where('owner', '=', owner).compile()
