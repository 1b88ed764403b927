import { isWindow, type Tier } from '../domain/usage.ts'
import data from './prices/catalog.json' with { type: 'json' }

/** USD per 1,000,000 tokens. null: not offered or not published; never zero. */
export interface Rates {
  readonly input: number | null
  readonly cachedInput: number | null
  readonly cacheWrite5m: number | null
  readonly cacheWrite1h: number | null
  readonly cacheWriteDefault?: number | null
  readonly cacheWrite12h?: number | null
  readonly output: number | null
}

/** Rates of the whole request once its prompt passes the threshold. */
export interface LongRates extends Rates {
  readonly thresholdTokens: number
  readonly comparison: '>' | '>='
  /** Absent: as the table it stands in. */
  readonly basis?: string
}

export interface TierRates extends Rates {
  /** `listed…`: read in a vendor's table; `derived`: computed from a published ratio. */
  readonly basis: string
  readonly cachedInputTreatment?: string
  readonly longContext?: LongRates
  /** Where the vendor sells the tier under another name: Anthropic's `fast mode`. */
  readonly name?: string
  readonly note?: string
}

/** A change of price with a start date (UTC). `possible`: the vendor only said until when the old price is sure. */
export interface PriceChange {
  readonly from: string
  readonly certainty: 'announced' | 'possible'
  readonly standard: Rates
  readonly batch?: Rates
}

export type Stacking = 'none' | 'multiplicative' | 'cached-price-takes-precedence' | 'unknown'

export interface ModelRow {
  readonly id: string
  readonly aliases: readonly string[]
  readonly provider: 'openai' | 'anthropic' | 'google'
  readonly modality: 'text' | 'embedding'
  readonly status: 'current' | 'legacy' | 'deprecated' | 'retired'
  readonly released: string | null
  readonly shutdown: {
    readonly date: string | null
    readonly notBefore?: string
    readonly replacement: string | null
    readonly note?: string
  } | null
  readonly contextWindow: number
  readonly maxInput: number | null
  readonly maxOutput: number | null
  readonly prices: {
    readonly standard: Rates
    readonly longContext: LongRates | null
    readonly batch: TierRates | null
    readonly flex: TierRates | null
    readonly priority: TierRates | null
    readonly completionWindows?: readonly {
      readonly window: string
      readonly hours: number
      readonly input: number
      readonly cachedInput: number | null
      readonly output: number
      readonly basis: string
    }[]
  }
  readonly scheduledPrices?: readonly PriceChange[]
  /** How a cache discount and the batch discount combine. */
  readonly stacking: { readonly cacheAndBatch: Stacking; readonly sourceUrl: string; readonly note: string }
  readonly dataResidency: { readonly multiplier: number; readonly note: string; readonly sourceUrl: string }
  readonly minCacheableTokens: number | null
  readonly sourceUrls: readonly string[]
  /** The day the prices were read. */
  readonly asOf: string
  readonly confidence: 'high' | 'medium' | 'low'
  readonly notes: readonly string[]
}

export interface Catalogue {
  readonly generatedOn: string
  readonly providers: Readonly<
    Record<string, { readonly batchMultiplier: number; readonly flexMultiplier: number | null }>
  >
  readonly models: readonly ModelRow[]
}

/** The price catalogue: facts with their sources and dates. Everything that is computed from it lives in price.ts. */
export const catalogue: Catalogue = data as unknown as Catalogue

/** Whose prices a vendor charges. A vendor that is not here sells at prices of its own, which no row tells. */
const sellers: Readonly<Record<string, readonly ModelRow['provider'][]>> = {
  openai: ['openai'],
  anthropic: ['anthropic'],
  google: ['google'],
  gemini: ['google'],
  vertex: ['google', 'anthropic'],
}

/** The figures of a tier as they are printed; null where the model is not sold in it. */
export function ratesOf({ prices }: ModelRow, tier: Exclude<Tier, 'idle'>): (Rates & Partial<TierRates>) | null {
  if (!isWindow(tier)) return prices[tier]
  const sold = prices.completionWindows?.find(({ window }) => tier === `completion-window-${window}`)
  if (sold === undefined) return null
  const { input, cachedInput, output, basis } = sold
  return { input, cachedInput, cacheWrite5m: null, cacheWrite1h: null, output, basis }
}

let byName: Map<string, ModelRow> | undefined

function index(): Map<string, ModelRow> {
  if (byName) return byName
  byName = new Map()
  for (const row of catalogue.models) for (const alias of row.aliases) byName.set(alias, row)
  for (const row of catalogue.models) byName.set(row.id, row) // an id beats another row's alias
  return byName
}

/**
 * The row of a model, by exact id, then alias. `provider/id` and Google's resource names (`models/…`,
 * `publishers/google/models/…`) are understood. Nothing is guessed: a dated snapshot that has no row is unknown, since
 * a vendor may sell it at a price of its own (gpt-4o-2024-05-13 costs twice what gpt-4o costs).
 * @param vendor  who sells it (`openai`, `gemini`, `vertex`, …); a row of another provider does not count then
 */
export function findModel(model: string, vendor?: string): ModelRow | undefined {
  const { seller, name } = split(model)
  const row = index().get(name)
  if (row === undefined) return undefined
  if (seller !== undefined && sellers[seller]?.includes(row.provider) !== true) return undefined
  if (vendor !== undefined && sellers[vendor]?.includes(row.provider) !== true) return undefined
  return row
}

function split(model: string): { seller?: string; name: string } {
  const [, publisher = 'google', resource] = /^(?:publishers\/(\w+)\/)?models\/(.+)$/.exec(model) ?? []
  // Google Cloud names a dated version `claude-x@20251001`.
  if (resource !== undefined) return { seller: publisher, name: resource.replace('@', '-') }
  const slash = model.indexOf('/')
  const name = model.slice(slash + 1).replace('@', '-')
  return slash < 0 ? { name } : { seller: model.slice(0, slash), name }
}

/** `-2024-07-18`, `-20251001`, `-001`: how vendors name a snapshot of a model. */
const snapshot = /-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3})$/

/**
 * The row that prices an answer. The model that answered counts, not the one asked for; but where the vendor resolved
 * our undated name to a snapshot of it that has no row (`gpt-4o-mini` → `gpt-4o-mini-2024-07-18`), the price is the
 * one of the name we bought. A snapshot asked for by its own name gets no such grace.
 * @param answered  as the vendor names it; empty when it does not
 */
export function resolveModel(names: { requested: string; answered: string; vendor?: string }): ModelRow | undefined {
  const asked = findModel(names.requested, names.vendor)
  if (names.answered === '') return asked
  const exact = findModel(names.answered, names.vendor)
  if (exact !== undefined) return exact
  const askedName = split(names.requested).name
  const base = split(names.answered).name.replace(snapshot, '')
  if (asked === undefined || (askedName !== asked.id && snapshot.test(askedName))) return undefined
  return base === asked.id || base === askedName ? asked : undefined
}

/** The undated name of a model: what a vendor resolves to the newest of its snapshots. */
export const baseName = (model: string): string => model.replace(snapshot, '')

/** Whether a vendor sells a model of this name, or a snapshot of one it sells, whatever that costs. */
export const sells = (vendor: string, model: string): boolean =>
  (findModel(model, vendor) ?? findModel(baseName(model), vendor)) !== undefined

/** Whether a prompt of so many tokens, cached ones included, is charged at the model's long-context rates. */
export function isLong(row: ModelRow, promptTokens: number): boolean {
  const long = row.prices.longContext
  if (long === null) return false
  return long.comparison === '>' ? promptTokens > long.thresholdTokens : promptTokens >= long.thresholdTokens
}
