import { sql } from 'kysely'
import type { Database } from '../schema.ts'

/** Locks: nothing. In the order of their key; those that cover the job, where one is named. */
export const listBudgets = (db: Database, jobId: string | undefined) =>
  db
    .selectFrom('budget')
    .select(['tag', 'value', 'per'])
    .select((eb) => sql<string>`cast(${eb.ref('nanoUsd')} as text)`.as('nanoUsd'))
    .$if(jobId !== undefined, (budgets) =>
      budgets.where((eb) =>
        eb.or([
          eb.and([eb('tag', '=', ''), eb('value', '=', '')]),
          eb.exists(
            eb
              .selectFrom('jobTag')
              .select('jobId')
              .where('jobId', '=', jobId ?? '')
              .whereRef('jobTag.tag', '=', 'budget.tag')
              .whereRef('jobTag.value', '=', 'budget.value'),
          ),
        ]),
      ),
    )
    .orderBy('tag')
    .orderBy('value')
    .orderBy('per')
    .compile()
