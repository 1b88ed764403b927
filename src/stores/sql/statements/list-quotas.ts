import { quotaRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const listQuotas = (db: Database, accountId: string) =>
  db
    .selectFrom('quota')
    .select(quotaRows.columns)
    .where('accountId', '=', accountId)
    .orderBy('model')
    .orderBy('unit')
    .compile()
