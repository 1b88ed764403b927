import type { Insertable } from 'kysely'
import type { QuotaRow } from '../../contract.ts'
import { quotaRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the quotas. */
export const saveQuotas = (db: Database, rows: readonly QuotaRow[]) =>
  db
    .insertInto('quota')
    .values(rows.map((row) => quotaRows.encode<Insertable<Schema['quota']>>(row)))
    .onConflict((conflict) =>
      conflict.columns(['accountId', 'model', 'unit']).doUpdateSet((eb) => ({
        limitMax: eb.ref('excluded.limitMax'),
        learnedAt: eb.ref('excluded.learnedAt'),
      })),
    )
    .compile()
