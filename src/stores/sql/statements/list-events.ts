import { eventRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Oldest first. */
export const listEvents = (db: Database, jobId: string, after: number, limit: number | undefined) =>
  db
    .selectFrom('event')
    .select(eventRows.columns)
    .where('jobId', '=', jobId)
    .where('seq', '>', after)
    .orderBy('seq')
    .$if(limit !== undefined, (events) => events.limit(limit ?? 0))
    .compile()
