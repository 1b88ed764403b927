import { attendantRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Longest awake first. */
export const listAttendants = (db: Database, real: number) =>
  db
    .selectFrom('attendant')
    .select(attendantRows.columns)
    .where('until', '>', real)
    .orderBy('since')
    .orderBy('owner')
    .compile()
