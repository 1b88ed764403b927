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
  /** Who sets its price: `openai`, `anthropic`, `google`; in a user's own prices also others. */
  readonly provider: string
  readonly modality: 'text' | 'embedding'
  readonly status: 'current' | 'legacy' | 'deprecated' | 'retired'
  readonly released: string | null
  readonly shutdown: {
    readonly date: string | null
    readonly notBefore?: string
    readonly replacement: string | null
    readonly note?: string
  } | null
  readonly contextWindow: number | null
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
  /** Where it comes from a file of the user's. */
  readonly laid?: LaidOver
  /** Tiers whose figures cannot be right, and why. They have no price. */
  readonly flaws?: readonly Flaw[]
}

/** How a row of a user's file lies over another. */
export interface LaidOver {
  readonly file: string
  /** What it lies over; null: nobody knew the model. */
  readonly over: ModelRow | null
  /** Days (UTC) of the first and the last request that it prices; null: without a bound. */
  readonly from: string | null
  readonly until: string | null
}

export interface Flaw {
  readonly tier: Exclude<Tier, 'idle'>
  /** A sentence with the figures and the source. */
  readonly text: string
}

interface Declared {
  readonly batchMultiplier: number
  readonly flexMultiplier: number | null
  readonly dataResidencyMultiplier: number
  readonly completionWindows?: readonly { readonly window: string; readonly multiplier: number }[]
}

export interface Catalogue {
  readonly generatedOn: string
  /** What each says of its cheaper tiers in general, as multiples of standard. */
  readonly providers: Readonly<Record<string, Declared>>
  /** Those of whose models there are no rows. */
  readonly otherProviders: readonly { readonly provider: string; readonly tier: string; readonly discount?: number }[]
  readonly models: readonly ModelRow[]
}

/** The price catalogue: facts with their sources and dates. Everything that is computed from it lives in price.ts. */
export const catalogue: Catalogue = data as unknown as Catalogue

/** Whose prices a vendor charges; one that is not here, its own. */
const sellers: Readonly<Record<string, readonly string[]>> = {
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

/** Prices of all models that are known, by name. */
export interface PriceBook {
  readonly rows: readonly ModelRow[]
  /**
   * The row of a model, by exact id, then alias. `provider/id` and Google's resource names (`models/…`,
   * `publishers/google/models/…`) are understood. Nothing is guessed: a dated snapshot that has no row is unknown, since
   * a vendor may sell it at a price of its own (gpt-4o-2024-05-13 costs twice what gpt-4o costs).
   * @param vendor  who sells it (`openai`, `gemini`, `vertex`, …); a row of another provider does not count then
   */
  find(model: string, vendor?: string): ModelRow | undefined
  /**
   * The row that prices an answer. The model that answered counts, not the one asked for; but where the vendor resolved
   * our undated name to a snapshot of it that has no row (`gpt-4o-mini` → `gpt-4o-mini-2024-07-18`), the price is the
   * one of the name we bought. A snapshot asked for by its own name gets no such grace.
   * @param answered  as the vendor names it; empty when it does not
   */
  resolve(names: { requested: string; answered: string; vendor?: string }): ModelRow | undefined
  /** Whether a vendor sells a model of this name, or a snapshot of one it sells, whatever that costs. */
  sells(vendor: string, model: string): boolean
}

export function priceBook(rows: readonly ModelRow[]): PriceBook {
  const byName = new Map<string, ModelRow[]>()
  const enter = (name: string, row: ModelRow): void => void byName.set(name, [...(byName.get(name) ?? []), row])
  for (const row of rows) enter(row.id, row)
  for (const row of rows) for (const alias of row.aliases) enter(alias, row) // an id beats another row's alias

  const find: PriceBook['find'] = (model, vendor) => {
    const { seller, name } = split(model)
    const sold = ({ provider }: ModelRow): boolean => vendor === undefined || chargesFor(vendor, provider)
    const named = byName
      .get(name)
      ?.find((row) => sold(row) && (seller === undefined || chargesFor(seller, row.provider)))
    return named ?? byName.get(model)?.find(sold) // names that have a slash themselves
  }
  const resolve: PriceBook['resolve'] = ({ requested, answered, vendor }) => {
    const asked = find(requested, vendor)
    if (answered === '') return asked
    const exact = find(answered, vendor)
    if (exact !== undefined) return exact
    const askedName = split(requested).name
    const base = baseName(split(answered).name)
    if (asked === undefined || (askedName !== asked.id && snapshot.test(askedName))) return undefined
    return base === asked.id || base === askedName ? asked : undefined
  }
  const sells: PriceBook['sells'] = (vendor, model) =>
    (find(model, vendor) ?? find(baseName(model), vendor)) !== undefined
  return { rows, find, resolve, sells }
}

/** Whether what a vendor charges for a model is what its provider's row says. */
const chargesFor = (vendor: string, provider: string): boolean => (sellers[vendor] ?? [vendor]).includes(provider)

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

/** The undated name of a model: what a vendor resolves to the newest of its snapshots. */
export const baseName = (model: string): string => model.replace(snapshot, '')

/** The catalogue alone, as it came with the package. */
export const builtIn: PriceBook = priceBook(catalogue.models)
export const { find: findModel, resolve: resolveModel } = builtIn

/** Whether a prompt of so many tokens, cached ones included, is charged at the model's long-context rates. */
export function isLong(row: ModelRow, promptTokens: number): boolean {
  const long = row.prices.longContext
  if (long === null) return false
  return long.comparison === '>' ? promptTokens > long.thresholdTokens : promptTokens >= long.thresholdTokens
}
