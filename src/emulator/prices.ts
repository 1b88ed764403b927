import catalog from '../pricing/prices/catalog.json' with { type: 'json' }

/** USD per million tokens by token kind; null is "not offered or not published". */
export interface PriceSet {
  readonly [kind: string]: unknown
  readonly longContext?: (PriceSet & { readonly thresholdTokens: number; readonly comparison: string }) | null
}

export interface CatalogModel {
  readonly id: string
  readonly aliases: readonly string[]
  readonly provider: string
  readonly modality: string
  readonly status: string
  readonly released?: string | null
  readonly shutdown: { readonly date: string } | null
  readonly contextWindow: number | null
  readonly maxOutput: number | null
  readonly minCacheableTokens: number | null
  readonly dataResidency?: { readonly multiplier?: number } | null
  readonly prices: {
    readonly standard: PriceSet
    readonly longContext: PriceSet['longContext']
    readonly batch: PriceSet | null
    readonly flex: PriceSet | null
    readonly priority: PriceSet | null
  }
  readonly scheduledPrices?: readonly {
    readonly from: string
    readonly certainty: string
    readonly standard?: PriceSet
    readonly batch?: PriceSet
    readonly flex?: PriceSet
    readonly priority?: PriceSet
  }[]
}

export type Tier = 'standard' | 'batch' | 'flex' | 'priority'

export const models = (catalog as unknown as { readonly models: readonly CatalogModel[] }).models

/** A price the catalogue does not hold. The emulator never bills a guess, and never zero. */
export class PriceUnknown extends Error {
  readonly code = 'price_unknown'
}

/**
 * Unit prices of a request, in pico-USD per token, by token kind.
 * @param long  whether the long-context prices apply (`isLongContext`)
 * @param day   request date, YYYY-MM-DD in UTC: announced price changes apply from their date,
 *              merely possible ones do not: a vendor does not bill by rumour
 */
export function unitPrices(model: CatalogModel, tier: Tier, long: boolean, day: string): (kind: string) => bigint {
  const set = priceSet(model, tier, day)
  const used = long ? longSet(model, tier, day) : set
  if (!used) throw new PriceUnknown(`The catalogue has no ${tier} price for ${model.id}.`)
  return (kind) => {
    // A kind without a price of its own is billed as plain input: gpt-4.1 prints no cached price for batch,
    // and models before gpt-5.6 charge no extra for a cache write.
    const price = used[kind] ?? (kind === 'output' ? null : used['input'])
    if (typeof price !== 'number') throw new PriceUnknown(`The catalogue has no ${tier} ${kind} price for ${model.id}.`)
    return picoPerToken(price)
  }
}

/** Whether a prompt of this size, cached part included, is billed at the long-context prices. */
export function isLongContext(model: CatalogModel, tier: Tier, promptTokens: number, day: string): boolean {
  const long = longSet(model, tier, day)
  if (!long) return false
  return long.comparison === '>=' ? promptTokens >= long.thresholdTokens : promptTokens > long.thresholdTokens
}

function longSet(model: CatalogModel, tier: Tier, day: string): PriceSet['longContext'] {
  // Only the standard set keeps its long-context prices beside it and not within; a scheduled set names none,
  // so the last published ones stay in force.
  const within = priceSet(model, tier, day)?.longContext ?? basePrices(model, tier)?.longContext
  return within ?? (tier === 'standard' ? model.prices.longContext : null)
}

function basePrices(model: CatalogModel, tier: Tier): PriceSet | null {
  return model.prices[tier] ?? null
}

function priceSet(model: CatalogModel, tier: Tier, day: string): PriceSet | null {
  let set = basePrices(model, tier)
  for (const change of [...(model.scheduledPrices ?? [])].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const next = change[tier]
    if (change.certainty === 'announced' && change.from <= day && next) set = next
  }
  return set
}

/** USD per million tokens to pico-USD per token: six decimal places exactly, taken from the digits and not by floats. */
export function picoPerToken(usdPerMillion: number): bigint {
  const [integer = '0', fraction = ''] = usdPerMillion.toFixed(9).split('.')
  if (!fraction.endsWith('000') || Number(usdPerMillion.toFixed(6)) !== usdPerMillion) {
    throw new PriceUnknown(`A price of ${usdPerMillion} USD per million tokens is finer than a pico-USD per token.`)
  }
  return BigInt(integer) * 1_000_000n + BigInt(fraction.slice(0, 6))
}
