import type { BudgetRow, BudgetState, Commit, Committed, LedgerRow } from '../contract.ts'
import { firstOf, rowsOf } from './query.ts'
import type { Database } from './schema.ts'
import { addSpent } from './statements/add-spent.ts'
import { insertLedger } from './statements/insert-ledger.ts'
import { listBudgets } from './statements/list-budgets.ts'
import { sumInAir } from './statements/sum-in-air.ts'
import { sumLedger } from './statements/sum-ledger.ts'
import { sumSpent } from './statements/sum-spent.ts'
import { touchBudget } from './statements/touch-budget.ts'

const nano = (sum: { nanoUsd: string | null } | undefined): bigint => BigInt(sum?.nanoUsd ?? 0)

/** In this order: what settles in between is counted twice rather than not at all. */
export async function committedBy(db: Database, jobId: string): Promise<Committed> {
  const inAir = nano(await firstOf(db, sumInAir(db, { jobId })))
  return { inAir, spent: nano(await firstOf(db, sumLedger(db, jobId))) }
}

export async function budgetStates(db: Database, of: { month: string; jobId?: string }): Promise<BudgetState[]> {
  const states: BudgetState[] = []
  for (const budget of await budgetsOf(db, of.jobId)) states.push(await stateOf(db, budget, of.month))
  return states
}

/** Whether what the transaction has written so far leaves the job within all budgets that cover it. */
export async function keepsBudgets(db: Database, { jobId, month }: NonNullable<Commit['spends']>): Promise<boolean> {
  // One by one in the order of their key, so that no two purchases wait for each other.
  for (const budget of await budgetsOf(db, jobId)) await db.executeQuery(touchBudget(db, budget))
  const states = await budgetStates(db, { jobId, month })
  return states.every(({ nanoUsd, spent, inAir }) => spent + inAir <= nanoUsd)
}

async function budgetsOf(db: Database, jobId: string | undefined): Promise<BudgetRow[]> {
  const rows = await rowsOf(db, listBudgets(db, jobId))
  return rows.map((row) => ({ ...row, nanoUsd: BigInt(row.nanoUsd) }))
}

async function stateOf(db: Database, budget: BudgetRow, month: string): Promise<BudgetState> {
  const { tag, value, per } = budget
  const all = tag === '' && value === ''
  const inAir = nano(await firstOf(db, sumInAir(db, all ? 'all' : { tag, value })))
  return {
    ...budget,
    inAir,
    spent: nano(await firstOf(db, sumSpent(db, tag, value, per === 'month' ? month : undefined))),
  }
}

/** Writes entries, and adds up those that were not there yet. */
export async function enterLedger(db: Database, rows: readonly LedgerRow[]): Promise<void> {
  const sums = new Map<string, { tag: string; value: string; month: string; nanoUsd: bigint }>()
  for (const { at, tags, nanoUsd } of await rowsOf(db, insertLedger(db, rows))) {
    if (nanoUsd === null) continue
    const month = new Date(at).toISOString().slice(0, 7)
    for (const [tag, value] of [['', ''], ...Object.entries<string>(JSON.parse(tags ?? '{}'))] as [string, string][]) {
      const key = JSON.stringify([tag, value, month])
      const sum = sums.get(key) ?? { tag, value, month, nanoUsd: 0n }
      sum.nanoUsd += BigInt(nanoUsd)
      sums.set(key, sum)
    }
  }
  if (sums.size > 0) await db.executeQuery(addSpent(db, [...sums.values()]))
}
