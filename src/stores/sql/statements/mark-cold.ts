import type { Database } from '../schema.ts'

/** Locks: the accounts. One that is cold already keeps its earlier time. */
export const markCold = (db: Database, since: number) =>
  db
    .updateTable('account')
    .set({ coldSince: since })
    .where((eb) => eb.or([eb('coldSince', 'is', null), eb('coldSince', '>', since)]))
    .compile()
