import { submissionRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const findSubmission = (db: Database, id: string) =>
  db.selectFrom('submission').select(submissionRows.columns).where('id', '=', id).compile()
