import type { PicoUsd } from '../domain/money.ts'
import { type ChargedKind, chargedKinds, type Tier, type UnitPrices, type Usage } from '../domain/usage.ts'

/** The catalogue as an audit asks it. */
export interface PriceBook {
  /** undefined: no price is known for it. */
  find(vendor: string, model: string): PricedModel | undefined
  /** A vendor's own word for how a call was bought; undefined where no price explains it. */
  tier(model: PricedModel, word: string): Tier | undefined
  prices(model: PricedModel, ask: PriceAsk): UnitPrices | undefined
}

export interface PricedModel {
  /** As redeye calls them. */
  readonly vendor: string
  readonly id: string
  /** null: its prompts are never cached. */
  readonly minCacheableTokens: number | null
  /** The day its prices were read. */
  readonly asOf: string
}

export interface PriceAsk {
  readonly tier: Tier
  readonly at: number
  readonly long: boolean
  readonly resident: boolean
}

/** Where a vendor prints no price for a write, it is plain input; where it prints several, logs do not say which. */
const standIns: Readonly<Partial<Record<ChargedKind, readonly ChargedKind[]>>> = {
  cacheWriteDefault: ['cacheWriteDefault', 'cacheWrite5m', 'input'],
  cacheWrite5m: ['cacheWrite5m', 'cacheWriteDefault', 'input'],
}

/** Of tokens, exact. undefined where a kind of them has no price: never billed as zero. */
export function costAt(usage: Usage, prices: UnitPrices | undefined): PicoUsd | undefined {
  if (prices === undefined) return undefined
  let total = 0n
  for (const kind of chargedKinds) {
    const count = usage[kind] ?? 0
    if (count === 0) continue
    const priced = (standIns[kind] ?? [kind]).find((each) => prices[each] !== undefined)
    if (priced === undefined) return undefined
    total += BigInt(count) * (prices[priced] as PicoUsd)
  }
  return total
}
