import { sql } from 'kysely'
import { inAirStates } from '../../../domain/states.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Of one job, of the jobs with a tag, or of all; what is lost counts until it is written down. */
export const sumInAir = (db: Database, of: { jobId: string } | { tag: string; value: string } | 'all') => {
  let inAir = db
    .selectFrom('submission')
    .select((eb) => sql<string | null>`cast(sum(${eb.ref('worstNanoUsd')}) as text)`.as('nanoUsd'))
    .where('state', 'in', inAirStates)
    .where((eb) => eb.or([eb('state', '<>', 'lost'), eb('settledAt', 'is', null)]))
  if (of === 'all') return inAir.compile()
  if ('jobId' in of) inAir = inAir.where('jobId', '=', of.jobId)
  else
    inAir = inAir.where((eb) =>
      eb.exists(
        eb
          .selectFrom('jobTag')
          .select('jobTag.jobId')
          .whereRef('jobTag.jobId', '=', 'submission.jobId')
          .where('tag', '=', of.tag)
          .where('value', '=', of.value),
      ),
    )
  return inAir.compile()
}
