import type { Call, CostBook } from '../providers/contract.ts'
import { type Account, first } from './account.ts'

/** A vendor's own account of what it charged, and the calls that read it: none without a key that may. */
export interface CostDesk {
  readonly book: CostBook
  readonly calls: readonly Call[]
}

/** One desk for each report that there is. Accounts that one key reports on are read at once, whatever their projects. */
export function costDesks(accounts: readonly Account[]): CostDesk[] {
  const desks = new Map<CostBook, Map<string, Call>>()
  for (const { provider, env, call } of accounts) {
    const { costs: book } = provider
    if (book === undefined) continue
    const calls = desks.get(book) ?? new Map<string, Call>()
    desks.set(book, calls)
    const apiKey = first(env, book.adminKey)
    if (apiKey === undefined) continue
    const key = `${call.baseUrl} ${apiKey}`
    calls.set(key, { ...call, apiKey, ...(calls.has(key) ? { headers: {} } : {}) })
  }
  return [...desks].map(([book, calls]) => ({ book, calls: [...calls.values()] }))
}
