import type { Insertable } from 'kysely'
import type { AttendantRow } from '../../contract.ts'
import { attendantRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the attendant. */
export function saveAttendant(db: Database, attendant: AttendantRow) {
  const columns = attendantRows.encode<Insertable<Schema['attendant']>>(attendant)
  return db
    .insertInto('attendant')
    .values(columns)
    .onConflict((conflict) => conflict.column('owner').doUpdateSet(columns))
    .compile()
}
