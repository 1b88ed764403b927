import type { Insertable } from 'kysely'
import type { JobRow } from '../../contract.ts'
import { jobRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: nothing that is there already. Jobs whose id exists are left as they are and not counted. */
export const insertJobs = (db: Database, rows: readonly JobRow[]) =>
  db
    .insertInto('job')
    .values(rows.map((row) => jobRows.encode<Insertable<Schema['job']>>(row)))
    .onConflict((conflict) => conflict.doNothing())
    .compile()
