import type { Database } from '../schema.ts'

/** Locks: the attendant. */
export const deleteAttendant = (db: Database, owner: string) =>
  db.deleteFrom('attendant').where('owner', '=', owner).compile()
