import type { Limits } from '../domain/limits.ts'
import { isWindow, type Lane, laneOf, type Tier } from '../domain/usage.ts'
import { HOUR } from '../kit/clock.ts'
import { promisedBy } from './advise.ts'
import { builtIn, type ModelRow, type PriceBook } from './catalogue.ts'
import { type Price, priceFor, stackingAt } from './price.ts'
import { flies, type ListedVendor } from './price-list.ts'
import { quotedTiers } from './quote.ts'

/** One lane, whatever the model. */
export interface LaneSummary {
  readonly lane: Lane
  /** This version can buy it; else it is listed for comparison. */
  readonly flyable: boolean
  /** Models that are sold there; 0: the catalogue has none of the vendor's prices. */
  readonly models: number
  /** Price of plain input as a multiple of standard, least and most of its models; null: of none it is known. */
  readonly ofStandard: { readonly low: number; readonly high: number } | null
  /** In the vendor's own words, where no figure is known. */
  readonly discount: string | null
  /** Within what time the vendor means to answer. */
  readonly promisedHours: number | null
  /** When it gives a submission up; null: never, as far as is published. */
  readonly expiresHours: number | null
  /** How long it takes, seconds: half within p50, nine in ten within p90; null: nothing is known of it. */
  readonly lands: LaneLanding | null
  /** Of the published limits the one that a job of plain requests meets first. */
  readonly binds: string
  /** What becomes of a cache discount; with the number of models, where they differ. */
  readonly cache: string
}

export interface LaneLanding {
  readonly p50: number
  readonly p90: number
  /** Submissions of this home that say so; null: public measurements. */
  readonly seen: number | null
}

/** A plain request, of 1,000 tokens. */
const PLAIN = { tokens: 1000, bytes: 4000 }

/**
 * Every lane of every vendor, the cheapest first.
 * @param landing  how long the lane takes
 */
export function laneTable(
  vendors: readonly ListedVendor[],
  at: number,
  landing: (lane: Lane) => LaneLanding | undefined,
  prices: PriceBook = builtIn,
): LaneSummary[] {
  const lanes = vendors.flatMap((seller) => {
    const models = prices.rows.filter((row) => prices.find(row.id, seller.vendor) === row && isAlive(row, at))
    return quotedTiers.flatMap((tier): LaneSummary[] => {
      const sold = models.flatMap((row) => priceOf(row, seller.vendor, tier, at))
      if (sold.length === 0 && !flies(seller, tier)) return []
      const lane = laneOf(seller.vendor, tier)
      const limits = tier === 'batch' ? seller.limits : undefined
      const promised = promisedBy(tier)
      return [
        {
          lane,
          flyable: flies(seller, tier),
          models: sold.length,
          ofStandard: rangeOf(sold.flatMap(({ price, standard }) => shareOf(price, standard))),
          discount: tier === 'batch' ? (seller.discount ?? null) : null,
          promisedHours: promised === undefined ? null : promised / HOUR,
          expiresHours: limits !== undefined && Number.isFinite(limits.windowMs) ? limits.windowMs / HOUR : null,
          lands: landing(lane) ?? null,
          binds: limits === undefined ? 'the rates of the account' : bindingLimit(limits, models),
          cache: cacheRule(tier, sold),
        },
      ]
    })
  })
  // Whose prices are not known sells batches for about half.
  return lanes.sort((a, b) => (a.ofStandard?.low ?? 0.5) - (b.ofStandard?.low ?? 0.5))
}

const isAlive = ({ status, shutdown }: ModelRow, at: number): boolean =>
  status !== 'retired' && (shutdown?.date == null || Date.parse(shutdown.date) > at)

interface Sold {
  readonly row: ModelRow
  readonly price: Price
  readonly standard: Price | undefined
  readonly unsettled: boolean
}

function priceOf(row: ModelRow, vendor: string, tier: Tier, at: number): Sold[] {
  const price = priceFor({ model: row, vendor, tier, at })
  const standard = priceFor({ model: row, vendor, tier: 'standard', at })
  return price === undefined ? [] : [{ row, price, standard, unsettled: stackingAt(row, vendor) === 'unknown' }]
}

function shareOf({ perToken: { input } }: Price, standard: Price | undefined): number[] {
  const whole = standard?.perToken.input
  return input === undefined || !whole ? [] : [Number((Number(input) / Number(whole)).toFixed(4))]
}

const rangeOf = (values: readonly number[]): { low: number; high: number } | null =>
  values.length === 0 ? null : { low: Math.min(...values), high: Math.max(...values) }

/** The one that lets the fewest plain requests into a purchase, or wait at a time. */
function bindingLimit(limits: Limits, models: readonly ModelRow[]): string {
  const { rowsMax, fileBytesMax } = limits
  const tokens = models.map(({ id }) => limits.enqueuedTokensMax(id)).filter((max) => max !== null)
  const bounds = [
    { requests: rowsMax, text: `${count(rowsMax)} requests a purchase` },
    { requests: fileBytesMax / PLAIN.bytes, text: `${count(fileBytesMax / 1e6)} MB a purchase` },
    ...tokens.map((max) => ({ requests: max / PLAIN.tokens, text: `${count(max)} tokens waiting` })),
  ]
  return bounds.reduce((least, bound) => (bound.requests < least.requests ? bound : least)).text
}

const count = (value: number): string => Math.floor(value).toLocaleString('en-US')

/** By the figures rather than by the rule that is stated: a tier may be an exception to it. */
function cacheRule(tier: Tier, sold: readonly Sold[]): string {
  const cached = sold.filter(({ standard }) => standard?.perToken.cachedInput !== undefined)
  if (cached.length === 0 || isWindow(tier)) return 'not published'
  const rules = Map.groupBy(cached, (one) => ruleOf(tier, one))
  const told = [...rules].toSorted(([, a], [, b]) => b.length - a.length)
  if (told.length === 1) return told[0]?.[0] ?? ''
  return told.map(([rule, models]) => `${rule} (${models.length})`).join(', ')
}

function ruleOf(tier: Tier, { price, standard, unsettled }: Sold): string {
  const { input, cachedInput } = price.perToken
  if (cachedInput === undefined || input === undefined) return 'not published'
  if (cachedInput === input) return 'no discount'
  if (tier === 'standard' || tier === 'priority') return 'cached is cheaper'
  if (unsettled) return 'not settled'
  return cachedInput === standard?.perToken.cachedInput ? 'cached as at standard' : 'both discounts'
}
