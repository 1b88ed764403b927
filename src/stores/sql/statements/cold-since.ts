import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const coldSince = (db: Database, accountId: string) =>
  db.selectFrom('account').select('coldSince').where('id', '=', accountId).compile()
