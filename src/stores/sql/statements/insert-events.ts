import type { Insertable } from 'kysely'
import type { NewEvent } from '../../contract.ts'
import { eventRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: nothing. */
export const insertEvents = (db: Database, events: readonly NewEvent[]) =>
  db
    .insertInto('event')
    .values(events.map((event) => eventRows.encode<Insertable<Schema['event']>>(event)))
    .returning('seq')
    .compile()
