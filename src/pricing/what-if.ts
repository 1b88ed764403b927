import { UsageError } from '../domain/errors.ts'
import { type Lane, laneOf, type Tier } from '../domain/usage.ts'
import { builtIn, type ModelRow, type PriceBook, ratesOf } from './catalogue.ts'
import { type Quote, quote } from './quote.ts'

/** Work that nobody has in a file yet. */
export interface WhatIf {
  /** `vendor/model`, or a name of the catalogue. */
  readonly model: string
  /** Of all requests together. */
  readonly inputTokens: number
  readonly outputTokens?: number
  /** Default: enough of them that batch is no wrong tool. */
  readonly requests?: number
  /** Share of the input, 0 to 1, that is read from a prompt cache. What was written to it is left out. */
  readonly cachedShare?: number
  /** They run where the vendor's data-residency price applies. */
  readonly resident?: boolean
  /** Tokens of one prompt; decides about long-context rates. Default: a short one. */
  readonly promptTokens?: number
}

type Landings = (lane: Lane, requests: number) => { readonly p50: number; readonly p90: number } | undefined

const manyRequests = 100_000

/** Whose lanes a model is sold on, where no vendor is named: its provider's, who mostly is called so as a vendor too. */
const vendors: Readonly<Record<string, string>> = { google: 'gemini' }

/** @throws UsageError for a model that has no row */
export function sellerOf(
  model: string,
  prices: PriceBook = builtIn,
): { readonly vendor: string; readonly row: ModelRow } {
  const row = prices.find(model)
  if (row === undefined)
    throw new UsageError(
      `No price is known for model "${model}".`,
      '`redeye prices --models` lists the models there are.',
    )
  const slash = model.indexOf('/')
  return { row, vendor: slash < 0 ? (vendors[row.provider] ?? row.provider) : model.slice(0, slash) }
}

export interface WhatIfWorld {
  /** When a lane lands so many requests. */
  readonly landing?: Landings
  /** Default: the catalogue as it came. */
  readonly prices?: PriceBook
  /** What can be bought of a vendor. Default: batch. */
  tiersOf?(vendor: string): readonly Tier[]
}

/**
 * What so many tokens cost on every lane of a model, without any input: exact figures, by the price of the day.
 * @throws UsageError for a model that has no row
 */
export function quoteTokens(what: WhatIf, at: number, world: WhatIfWorld = {}): Quote {
  const { cachedShare, resident = false, requests = manyRequests, outputTokens = 0, inputTokens, promptTokens } = what
  const { landing = () => undefined, prices = builtIn, tiersOf = () => ['batch'] as const } = world
  if (cachedShare !== undefined && !(cachedShare >= 0 && cachedShare <= 1))
    throw new UsageError(`A cached share of ${cachedShare} is not within 0 and 1.`)
  const { row, vendor } = sellerOf(what.model, prices)
  const lane = laneOf(vendor, 'batch')
  const lands = landing(lane, requests)
  const flyable = tiersOf(vendor).filter((tier) => tier !== 'idle' && ratesOf(row, tier) !== null)
  return quote({
    at,
    prices,
    flyable: flyable.map((tier) => laneOf(vendor, tier)),
    ...(lands === undefined ? {} : { landing: { [lane]: { ...lands, onTime: null } } }),
    groups: [
      {
        vendor,
        model: row.id,
        endpoint: row.modality === 'embedding' ? '/v1/embeddings' : '/v1/chat/completions',
        requests,
        inputTokens: { low: inputTokens, high: inputTokens },
        outputTokens: { low: outputTokens, high: outputTokens },
        ...(cachedShare === undefined ? {} : { cachedShare }),
        promptTokens: promptTokens ?? 0,
        resident,
      },
    ],
  })
}
