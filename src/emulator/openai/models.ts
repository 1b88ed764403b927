import { type CatalogModel, models as catalog } from '../prices.ts'
import type { AccountFaults } from './faults.ts'

export interface Model {
  readonly entry: CatalogModel
  /** What a response calls the model: the dated snapshot where one is known. */
  readonly snapshot: string
  readonly batchable: boolean
  readonly reasons: boolean
  readonly embeds: boolean
}

const dated = /-\d{4}-\d{2}-\d{2}$/

const byName = new Map<string, Model>()
for (const entry of catalog.filter((candidate) => candidate.provider === 'openai')) {
  const newest = entry.aliases.find((alias) => alias.startsWith(entry.id) && dated.test(alias))
  for (const name of [entry.id, ...entry.aliases]) {
    byName.set(name, {
      entry,
      snapshot: dated.test(name) ? name : (newest ?? entry.id),
      batchable: entry.prices.batch !== null,
      // gpt-4.1 and gpt-4o do not think before they answer; the o-series and everything from gpt-5 on do.
      reasons: entry.modality === 'text' && !entry.id.startsWith('gpt-4'),
      embeds: entry.modality === 'embedding',
    })
  }
}

export function modelNamed(name: string): Model | undefined {
  return byName.get(name)
}

export function modelNames(): string[] {
  return [...byName.keys()]
}

/** Models from gpt-5.6 on count exact cache boundaries and charge for a cache write; earlier ones count in 128s. */
export function chargesCacheWrites(model: Model): boolean {
  return typeof model.entry.prices.standard['cacheWriteDefault'] === 'number'
}

/** Whether a scenario takes the model away: from batches, or for good after its shutdown date. */
export function isRefused(model: Model, account: AccountFaults, now: number): boolean {
  if (model.entry.id === account.unbatchable) return true
  const shutdown = model.entry.shutdown
  return (
    account.refusesRetired === true && shutdown !== null && new Date(now).toISOString().slice(0, 10) >= shutdown.date
  )
}
