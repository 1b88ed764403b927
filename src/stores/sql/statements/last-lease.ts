import type { Database } from '../schema.ts'

/** Locks: nothing. When the last lease of anybody, attendants included, runs out; real time, null when there is none. */
export const lastLease = (db: Database) =>
  db
    .selectFrom(
      db
        .selectFrom('shard')
        .select('leaseUntil as until')
        .unionAll(db.selectFrom('job').select('leaseUntil as until'))
        .unionAll(db.selectFrom('attendant').select('until'))
        .as('lease'),
    )
    .select((eb) => eb.fn.max('until').as('until'))
    .compile()
