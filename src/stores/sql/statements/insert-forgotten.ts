import type { ForgottenRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing that is there already. */
export const insertForgotten = (db: Database, accountId: string, rows: readonly ForgottenRow[]) =>
  db
    .insertInto('forgotten')
    .values(rows.map((row) => ({ ...row, accountId })))
    .onConflict((conflict) => conflict.doNothing())
    .compile()
