import { sql } from 'kysely'
import type { Database } from '../schema.ts'

/** Locks: nothing. All parts of one job; entries without a price add nothing. */
export const sumLedger = (db: Database, jobId: string) =>
  db
    .selectFrom('ledger')
    .select((eb) => sql<string | null>`cast(sum(${eb.ref('nanoUsd')}) as text)`.as('nanoUsd'))
    .where('jobId', '=', jobId)
    .compile()
