import { UnknownModel } from '../domain/errors.ts'
import type { Limits } from '../domain/limits.ts'
import { type ChargedKind, isWindow, type Tier, type TokenKind, tokenKinds, type UnitPrices } from '../domain/usage.ts'
import { HOUR } from '../kit/clock.ts'
import { promisedBy } from './advise.ts'
import {
  baseName,
  builtIn,
  type ModelRow,
  type PriceBook,
  type PriceChange,
  ratesOf,
  type Stacking,
} from './catalogue.ts'
import { nearNames } from './near-names.ts'
import { windowNote } from './notes.ts'
import { isHalfPriceTier, type Price, priceFor, residency, stackingAt } from './price.ts'
import { quotedTiers } from './quote.ts'

/** A vendor of this build, as far as a price list is concerned. */
export interface ListedVendor {
  readonly vendor: string
  /** Of its batch lane; absent where it sells none that can be flown. */
  readonly limits?: Limits
  /** Tiers besides batch that can be bought without more ado. */
  readonly tiers: readonly Tier[]
  /** Of its batch lane, in its own words, where no prices of its models are known. */
  readonly discount?: string
  /** Places that it can be told to work in with this model. */
  regions(model: string): readonly string[]
}

/** This build can buy there. */
export const flies = ({ limits, tiers }: ListedVendor, tier: Tier): boolean =>
  tier === 'batch' ? limits !== undefined : tiers.includes(tier)

/** USD per 1,000,000 tokens, by kind. A kind that is absent has no price there. */
export type Sheet = Readonly<Partial<Record<TokenKind, number>>>

export interface PriceList {
  readonly model: string
  readonly provider: string
  readonly aliases: readonly string[]
  readonly status: ModelRow['status']
  readonly contextWindow: number | null
  readonly maxOutput: number | null
  readonly minCacheableTokens: number | null
  /** Cheapest first at each vendor. */
  readonly lanes: readonly ListedLane[]
  /** Announced or possible changes that are still to come. */
  readonly changes: readonly PriceChange[]
  readonly shutdown: ModelRow['shutdown']
  /** The day the prices were read, where, and how sure they are. */
  readonly asOf: string
  readonly sources: readonly string[]
  readonly confidence: ModelRow['confidence']
  readonly notes: readonly string[]
}

export interface ListedLane {
  /** `vendor/tier` */
  readonly lane: string
  /** This version can buy it; else its price is for comparison. */
  readonly flyable: boolean
  readonly usdPerMillion: Sheet
  /** Of the whole request, once its prompt is longer than so many tokens. */
  readonly long: { readonly aboveTokens: number; readonly usdPerMillion: Sheet } | null
  /** USD per 1,000 searches that the vendor makes for the model. */
  readonly usdPerThousandSearches: number | null
  /** Plain input here against plain input at standard: 0.5 is half the price. */
  readonly ofStandard: number | null
  /** Within what time the vendor means to answer. */
  readonly promisedHours: number | null
  /** How a cache discount combines with the discount of this lane; null where there is none to combine with. */
  readonly stacking: ListedStacking | null
  readonly residency: {
    /** What all prices are multiplied by where the data-residency price applies. */
    readonly multiplier: number
    readonly regions: readonly string[]
    readonly source: string
  }
  readonly limits: ListedLimits | null
  readonly basis: Price['basis']
  readonly notes: readonly string[]
}

export interface ListedStacking {
  readonly rule: Stacking
  /** In one sentence, with the figures. */
  readonly text: string
  readonly source: string
}

/** Those that bind one purchase, or an account with this model. null: none is published. */
export interface ListedLimits {
  readonly requests: number
  readonly bytes: number
  readonly requestBytes: number
  readonly embeddingInputs: number | null
  readonly purchasesAnHour: number | null
  readonly purchasesAtOnce: number | null
  readonly enqueuedTokens: number | null
  readonly enqueuedRequests: number | null
  readonly resultsKeptHours: number
}

/**
 * Everything the catalogue and the vendors' limits say about one model.
 * @param name  `vendor/id` (lanes of that vendor only), or any name, alias or dated snapshot that answers are priced by
 * @throws UnknownModel
 */
export function priceList(
  name: string,
  vendors: readonly ListedVendor[],
  at: number,
  prices: PriceBook = builtIn,
): PriceList {
  const exact = prices.find(name)
  const row = exact ?? prices.resolve({ requested: baseName(name), answered: name })
  if (row === undefined) throw new UnknownModel(name, nearNames(name, prices))
  const named = vendors.filter(({ vendor }) => name.startsWith(`${vendor}/`))
  const selling = (named.length > 0 ? named : vendors).filter(({ vendor }) => prices.find(row.id, vendor) === row)
  return {
    model: row.id,
    provider: row.provider,
    aliases: row.aliases,
    status: row.status,
    contextWindow: row.contextWindow,
    maxOutput: row.maxOutput,
    minCacheableTokens: row.minCacheableTokens,
    lanes: selling.flatMap((vendor) => lanesOf(row, vendor, at)),
    changes: (row.scheduledPrices ?? []).filter(({ from }) => Date.parse(from) > at),
    shutdown: row.shutdown,
    asOf: row.asOf,
    sources: row.sourceUrls,
    confidence: row.confidence,
    notes: [...(exact === undefined ? [snapshotNote(name, row.id)] : []), ...row.notes],
  }
}

const snapshotNote = (name: string, id: string): string =>
  `${name} has no price of its own: it is priced as ${id} where that is what was asked for, and refused under this name.`

/** One line per model that has a batch price: that of the first vendor that sells it. */
export interface BatchPrice {
  readonly model: string
  readonly lane: string
  readonly usdPerMillion: Sheet
  readonly ofStandard: number | null
  readonly stacking: Stacking
  readonly status: ModelRow['status']
  readonly shutdown: string | null
  readonly asOf: string
}

export function batchPrices(vendors: readonly ListedVendor[], at: number, prices: PriceBook = builtIn): BatchPrice[] {
  return prices.rows.flatMap((row) => {
    const seller = vendors.find(({ vendor }) => prices.find(row.id, vendor) === row)
    const price = seller && priceFor({ model: row, vendor: seller.vendor, tier: 'batch', at })
    if (seller === undefined || price === undefined) return []
    return {
      model: row.id,
      lane: `${seller.vendor}/batch`,
      usdPerMillion: sheetOf(price.perToken),
      ofStandard: shareOf(price, priceFor({ model: row, vendor: seller.vendor, tier: 'standard', at })),
      stacking: stackingAt(row, seller.vendor),
      status: row.status,
      shutdown: row.shutdown?.date ?? null,
      asOf: row.asOf,
    }
  })
}

function lanesOf(row: ModelRow, seller: ListedVendor, at: number): ListedLane[] {
  const { vendor } = seller
  const standard = priceFor({ model: row, vendor, tier: 'standard', at })
  const shared = {
    residency: {
      multiplier: residency(row, vendor),
      regions: seller.regions(row.id),
      source: row.dataResidency.sourceUrl,
    },
  }
  const lanes = quotedTiers.flatMap((tier): ListedLane[] => {
    const price = priceFor({ model: row, vendor, tier, at })
    if (price === undefined) return []
    const limits = tier === 'batch' ? seller.limits : undefined
    const promised = limits?.windowMs ?? promisedBy(tier)
    const note = isWindow(tier) ? windowNote : ratesOf(row, tier)?.note
    return [
      {
        lane: `${vendor}/${tier}`,
        flyable: flies(seller, tier),
        usdPerMillion: sheetOf(price.perToken),
        long: longOf(row, vendor, tier, at),
        usdPerThousandSearches: perThousand(price.perToken.webSearch),
        ofStandard: shareOf(price, standard),
        promisedHours: promised === undefined ? null : promised / HOUR,
        stacking: isHalfPriceTier(tier) ? stackingOf(row, vendor, tier, price, standard) : null,
        ...shared,
        limits: limits === undefined ? null : listedLimits(limits, row),
        basis: price.basis,
        notes: [...(note === undefined ? [] : [note]), ...price.doubts],
      },
    ]
  })
  return lanes.sort((a, b) => (a.ofStandard ?? 1) - (b.ofStandard ?? 1))
}

function longOf(row: ModelRow, vendor: string, tier: Tier, at: number): ListedLane['long'] {
  const { longContext } = row.prices
  const price = longContext && priceFor({ model: row, vendor, tier, at, long: true })
  if (!longContext || !price) return null
  const aboveTokens = longContext.thresholdTokens - (longContext.comparison === '>' ? 0 : 1)
  return { aboveTokens, usdPerMillion: sheetOf(price.perToken) }
}

function stackingOf(
  row: ModelRow,
  vendor: string,
  tier: Tier,
  price: Price,
  standard: Price | undefined,
): ListedStacking | null {
  const [cached, plain] = [price.perToken.cachedInput, standard?.perToken.input]
  if (cached === undefined || plain === undefined || plain === 0n) return null
  const rule = stackingAt(row, vendor)
  const [here, there] = [perMillion(cached), perMillion(standard?.perToken.cachedInput ?? 0n)]
  const share = `${rounded((100 * here) / perMillion(plain))} % of plain standard input`
  const texts: Readonly<Record<Stacking, string>> = {
    multiplicative: `Both discounts apply: a cached token costs ${here} in ${tier}, ${share}.`,
    none:
      `There is no cache discount in ${tier}: a cached token costs ${here} like any other` +
      `${there < here ? `, and ${there} at standard` : ''}.`,
    'cached-price-takes-precedence': `The cached price wins: a cached token costs ${here} in ${tier} as at standard, ${share}; only the rest is discounted.`,
    unknown: `Not settled by the vendor's pages: a cached token is charged at ${here} in ${tier}, ${share}, and may cost less.`,
  }
  return { rule, text: texts[rule], source: row.stacking.sourceUrl }
}

/** Of a batch lane in general, or with one model. */
export const listedLimits = (limits: Limits, row?: ModelRow): ListedLimits => ({
  requests: limits.rowsMax,
  bytes: limits.fileBytesMax,
  requestBytes: limits.rowBytesMax,
  embeddingInputs: row?.modality === 'text' ? null : limits.inputsMax,
  purchasesAnHour: limits.createsPerHourMax,
  purchasesAtOnce: limits.openSubmissionsMax,
  enqueuedTokens: row === undefined ? null : limits.enqueuedTokensMax(row.id),
  enqueuedRequests: row === undefined ? null : limits.enqueuedRequestsMax(row.id),
  resultsKeptHours: limits.collectWithinMs / HOUR,
})

function sheetOf(perToken: UnitPrices): Sheet {
  const sheet: Partial<Record<TokenKind, number>> = {}
  for (const kind of tokenKinds) {
    const price = perToken[kind]
    if (price !== undefined) sheet[kind] = perMillion(price)
  }
  return sheet
}

const perMillion = (pico: bigint): number => Number(pico) / 1e6

const perThousand = (pico: UnitPrices[ChargedKind]): number | null => (pico === undefined ? null : Number(pico) / 1e9)

function shareOf(price: Price, standard: Price | undefined): number | null {
  const [here, there] = [price.perToken.input, standard?.perToken.input]
  return here === undefined || !there ? null : rounded(Number(here) / Number(there))
}

const rounded = (share: number): number => Number(share.toFixed(4))
