import type { BudgetRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: the budget. */
export const deleteBudget = (db: Database, { tag, value, per }: Omit<BudgetRow, 'nanoUsd'>) =>
  db.deleteFrom('budget').where('tag', '=', tag).where('value', '=', value).where('per', '=', per).compile()
