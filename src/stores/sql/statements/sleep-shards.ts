import type { SleepRequest } from '../../contract.ts'
import type { Database } from '../schema.ts'

/**
 * Locks: the shards it puts to sleep. Whoever wants one of them awake has said so in its submission or its job before,
 * or along with the wake-up, so that none is lost here.
 */
export const sleepShards = (db: Database, { shardIds, before, until, real }: SleepRequest) =>
  db
    .updateTable('shard')
    .set({ wakeAt: until })
    .where('id', 'in', shardIds)
    .where('wakeAt', '<', before)
    .where('state', '=', 'flying')
    .where('held', 'is', null)
    .where('refusals', '=', 0)
    .where('leaseUntil', '<=', real)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('job')
            .select('job.id')
            .whereRef('job.id', '=', 'shard.jobId')
            .where('job.cancelWanted', '=', 1),
        ),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('submission')
            .select('submission.id')
            .whereRef('submission.shardId', '=', 'shard.id')
            .where('submission.state', '<>', 'settled')
            .where((or) => or.or([or('submission.cancelWanted', '=', 1), or('submission.state', '<>', 'open')])),
        ),
      ),
    )
    .compile()
