import type { BudgetRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: the budget. */
export const saveBudget = (db: Database, { tag, value, per, nanoUsd }: BudgetRow) =>
  db
    .insertInto('budget')
    .values({ tag, value, per, nanoUsd, rev: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['tag', 'value', 'per'])
        .doUpdateSet((eb) => ({ nanoUsd: eb.ref('excluded.nanoUsd'), rev: eb('budget.rev', '+', 1) })),
    )
    .compile()
