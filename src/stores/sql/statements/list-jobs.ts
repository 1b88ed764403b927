import type { JobState } from '../../../domain/states.ts'
import { jobRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Newest first. */
export const listJobs = (db: Database, states: readonly JobState[] | undefined, limit: number | undefined) =>
  db
    .selectFrom('job')
    .select(jobRows.columns)
    .$if(states !== undefined, (jobs) => jobs.where('state', 'in', states ?? []))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .$if(limit !== undefined, (jobs) => jobs.limit(limit ?? 0))
    .compile()
