import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const findForgotten = (db: Database, accountId: string, key: string) =>
  db.selectFrom('forgotten').select('remoteId').where('accountId', '=', accountId).where('key', '=', key).compile()
