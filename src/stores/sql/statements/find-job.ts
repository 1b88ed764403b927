import { jobRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const findJob = (db: Database, id: string) =>
  db.selectFrom('job').select(jobRows.columns).where('id', '=', id).compile()
