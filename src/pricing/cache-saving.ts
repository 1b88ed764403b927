import type { PicoUsd } from '../domain/money.ts'
import type { ChargedKind } from '../domain/usage.ts'
import { type PriceQuery, priceFor } from './price.ts'

const cacheKinds: ReadonlySet<string> = new Set<ChargedKind>([
  'cachedInput',
  'cacheWriteDefault',
  'cacheWrite5m',
  'cacheWrite1h',
  'cacheWrite12h',
])

/**
 * What caching saved on each token of a ledger entry, against plain input in the same tier: below zero for writes that
 * cost more than that. Entries of other kinds save nothing.
 * @returns undefined where the entry's price is not the catalogue's, so that plain input beside it is not known
 */
export function cacheSaving(
  query: Omit<PriceQuery, 'long' | 'promptTokens' | 'resident' | 'reading'>,
  kind: string,
  unitPrice: PicoUsd,
): PicoUsd | undefined {
  if (!cacheKinds.has(kind) || query.tier === 'idle') return 0n // an engine of one's own gives no discount
  // An entry does not say whether its prompts were long, or where they ran; its price does.
  for (const long of [false, true]) {
    for (const resident of [false, true]) {
      const perToken = priceFor({ ...query, long, resident })?.perToken
      if (perToken?.[kind as ChargedKind] === unitPrice && perToken.input !== undefined)
        return perToken.input - unitPrice
    }
  }
  return undefined
}
