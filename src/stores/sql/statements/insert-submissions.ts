import type { Insertable } from 'kysely'
import type { SubmissionRow } from '../../contract.ts'
import { submissionRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: nothing that is there already. Submissions whose id exists are left as they are and not counted. */
export const insertSubmissions = (db: Database, rows: readonly SubmissionRow[]) =>
  db
    .insertInto('submission')
    .values(rows.map((row) => submissionRows.encode<Insertable<Schema['submission']>>(row)))
    .onConflict((conflict) => conflict.doNothing())
    .compile()
