import type { BudgetRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: the budget, until the transaction ends: of two purchases under it, the second sums what the first has added. */
export const touchBudget = (db: Database, { tag, value, per }: Omit<BudgetRow, 'nanoUsd'>) =>
  db
    .updateTable('budget')
    .set((eb) => ({ rev: eb('rev', '+', 1) }))
    .where('tag', '=', tag)
    .where('value', '=', value)
    .where('per', '=', per)
    .compile()
