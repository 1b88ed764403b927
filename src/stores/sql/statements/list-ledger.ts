import { type Expression, sql } from 'kysely'
import { ledgerRows } from '../rows.ts'
import type { Database } from '../schema.ts'

type Money = 'unitPrice' | 'nanoUsd' | 'standardNanoUsd'
type Column = (typeof ledgerRows.columns)[number]
const money: readonly Column[] = ['unitPrice', 'nanoUsd', 'standardNanoUsd'] satisfies Money[]
const others = ledgerRows.columns.filter((name): name is Exclude<Column, Money> => !money.includes(name))

/** int64 as text: a driver that reads numbers as doubles would round money. */
const asText = <T>(column: Expression<T>) => sql<string>`cast(${column} as text)`

/** Locks: nothing. In the order of settling. */
export const listLedger = (db: Database, jobId: string | undefined) =>
  db
    .selectFrom('ledger')
    .select(others)
    .select((eb) => [
      asText(eb.ref('unitPrice')).as('unitPrice'),
      asText(eb.ref('nanoUsd')).as('nanoUsd'),
      asText(eb.ref('standardNanoUsd')).as('standardNanoUsd'),
    ])
    .$if(jobId !== undefined, (ledger) => ledger.where('jobId', '=', jobId ?? ''))
    .orderBy('at')
    .orderBy('submissionId')
    .orderBy('entry')
    .orderBy('model')
    .orderBy('tier')
    .orderBy('kind')
    .compile()
