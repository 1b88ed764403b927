import { accountRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Oldest first. */
export const listAccounts = (db: Database) =>
  db.selectFrom('account').select(accountRows.columns).orderBy('createdAt').orderBy('id').compile()
