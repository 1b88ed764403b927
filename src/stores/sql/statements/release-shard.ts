import { sql } from 'kysely'
import type { Database } from '../schema.ts'

/**
 * Locks: the shard, if the lease is still (owner, epoch). A wake-up that came while the step ran is not what the step
 * answered: the earlier of the two stands, else a cancel would sleep until the next poll.
 */
export function releaseShard(db: Database, shardId: string, owner: string, epoch: number, wakeAt: number | null) {
  const asked = sql<number | null>`cast(${wakeAt} as bigint)`
  const kept = sql.ref('wakeAt')
  return db
    .updateTable('shard')
    .set({
      owner: null,
      leaseUntil: 0,
      seenWake: null,
      wakeAt: sql<number | null>`case
        when ${kept} is not distinct from ${sql.ref('seenWake')} then ${asked}
        when ${asked} is null or ${kept} < ${asked} then ${kept}
        else ${asked} end`,
    })
    .where('id', '=', shardId)
    .where('owner', '=', owner)
    .where('epoch', '=', epoch)
    .compile()
}
