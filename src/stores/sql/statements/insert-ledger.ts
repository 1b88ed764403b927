import { type Insertable, sql } from 'kysely'
import type { LedgerRow } from '../../contract.ts'
import { ledgerRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: nothing that is there already. An entry is written once: settling again changes nothing, and returns nothing. */
export const insertLedger = (db: Database, rows: readonly LedgerRow[]) =>
  db
    .insertInto('ledger')
    .values(rows.map((row) => ledgerRows.encode<Insertable<Schema['ledger']>>(row)))
    .onConflict((conflict) => conflict.doNothing())
    .returning((eb) => ['at', 'tags', sql<string | null>`cast(${eb.ref('nanoUsd')} as text)`.as('nanoUsd')])
    .compile()
