import type { Database } from '../schema.ts'

/** Locks: the account. */
export const markWarm = (db: Database, accountId: string) =>
  db.updateTable('account').set({ coldSince: null }).where('id', '=', accountId).compile()
