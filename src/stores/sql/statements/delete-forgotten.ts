import type { Database } from '../schema.ts'

/** Locks: what it deletes. Vendors keep results for a month; what is older is no use to anybody. */
export const deleteForgotten = (db: Database, accountId: string, before: number) =>
  db.deleteFrom('forgotten').where('accountId', '=', accountId).where('createdAt', '<', before).compile()
