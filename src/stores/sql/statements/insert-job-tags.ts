import type { JobRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Of a new job that has tags. */
export const insertJobTags = (db: Database, { id, tags }: Pick<JobRow, 'id' | 'tags'>) =>
  db
    .insertInto('jobTag')
    .values(Object.entries(tags).map(([tag, value]) => ({ jobId: id, tag, value })))
    .compile()
