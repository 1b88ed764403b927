import type { Insertable } from 'kysely'
import type { AccountRow } from '../../contract.ts'
import { accountRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the accounts. A known one keeps its creation time and its cold. */
export const saveAccounts = (db: Database, rows: readonly AccountRow[], coldSince: number | null) =>
  db
    .insertInto('account')
    .values(rows.map((row) => ({ ...accountRows.encode<Insertable<Schema['account']>>(row), coldSince })))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        vendor: eb.ref('excluded.vendor'),
        baseUrl: eb.ref('excluded.baseUrl'),
        scope: eb.ref('excluded.scope'),
      })),
    )
    .compile()
