import type { Database } from '../schema.ts'

/** Locks: nothing. The highest event number; null when nothing ever happened. */
export const lastEvent = (db: Database) =>
  db
    .selectFrom('event')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .compile()
