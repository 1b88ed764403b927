import type { Database } from '../schema.ts'

interface Spent {
  readonly tag: string
  readonly value: string
  readonly month: string
  readonly nanoUsd: bigint
}

/** Locks: the sums. Each of another tag or month. */
export const addSpent = (db: Database, rows: readonly Spent[]) =>
  db
    .insertInto('spent')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['tag', 'value', 'month'])
        .doUpdateSet((eb) => ({ nanoUsd: eb('spent.nanoUsd', '+', eb.ref('excluded.nanoUsd')) })),
    )
    .compile()
