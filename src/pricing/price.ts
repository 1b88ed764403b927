import type { EngineRates } from '../domain/engine-settings.ts'
import { type PicoUsd, picoPerToken } from '../domain/money.ts'
import {
  type ChargedKind,
  isWindow,
  type Lane,
  type Tier,
  tierOf,
  tokenKinds,
  type UnitPrices,
  vendorOf,
} from '../domain/usage.ts'
import { DAY } from '../kit/clock.ts'
import { findModel, isLong, type ModelRow, type PriceChange, type Rates, ratesOf, type Stacking } from './catalogue.ts'
import { type EngineWork, enginePrice } from './engine-price.ts'

/**
 * Which of several readings of an unsure price is meant. `listed` is charged: the row as it stands in the catalogue.
 * `low` and `high` bound it, for quotes and budgets. They differ only where the vendor's pages leave a doubt:
 * a `possible` change whose date has come, and cached tokens in a half-price lane of a model whose stacking is
 * `unknown` (the catalogue lists the dearer figure, `low` lets both discounts apply).
 */
export type Reading = 'listed' | 'low' | 'high'

export interface PriceQuery {
  /** A row, or a name for `findModel`. */
  readonly model: ModelRow | string
  readonly vendor?: string
  readonly tier: Tier
  /** When the request was sent, epoch ms: prices change by request date. Dates of the catalogue begin at 00:00 UTC. */
  readonly at: number
  /** The whole prompt, cached tokens included; it decides whether long-context rates apply. Default: a short prompt. */
  readonly promptTokens?: number
  /** Says so directly, where the prompts of many rows are already told apart (`isLong`). Wins over promptTokens. */
  readonly long?: boolean
  /** It ran where the vendor's data-residency price applies, which makes every kind of token dearer. */
  readonly resident?: boolean
  /** Default `listed`. */
  readonly reading?: Reading
  /** What the engine costs, in the idle tier. */
  readonly rates?: EngineRates | undefined
  /** What was used of it, once that is known. */
  readonly work?: EngineWork | undefined
}

export interface Price {
  /** The catalogue's id of the model. */
  readonly model: string
  readonly tier: Tier
  readonly long: boolean
  readonly perToken: UnitPrices
  /** `derived`: by a ratio that the vendor publishes, not read in a table. */
  readonly basis: 'listed' | 'derived'
  /** Why the price is not certain, in sentences; mostly empty. */
  readonly doubts: readonly string[]
  readonly asOf: string
  readonly sourceUrls: readonly string[]
}

/**
 * Unit prices of a model in a tier at a date.
 * @returns undefined where no price is known: unknown model, a tier the model is not sold in, an engine without rates.
 *   A kind that is absent from `perToken` has no price; `costOf` refuses it.
 */
export function priceFor(query: PriceQuery): Price | undefined {
  const { tier, at, vendor, reading = 'listed' } = query
  if (tier === 'idle') {
    const { model, rates, work } = query
    return rates && enginePrice(typeof model === 'string' ? model : model.id, rates, work)
  }
  const row = rowAt(typeof query.model === 'string' ? findModel(query.model, vendor) : query.model, at)
  if (row === undefined || ratesOf(row, tier) === null || whyRefused(row, tier, at) !== undefined) return undefined
  const long = row.prices.longContext !== null && (query.long ?? isLong(row, query.promptTokens ?? 0))
  const which = { row, tier, long, vendor }

  const begun = (row.scheduledPrices ?? []).filter((change) => Date.parse(change.from) <= at)
  const sure = begun.findLast((change) => change.certainty === 'announced')
  const possible = begun.findLast((change) => change.certainty === 'possible')
  const listed = sheetOf(which, sure)
  const readings = [listed]
  if (possible) readings.push(sheetOf(which, possible))
  if (cacheIsUnsure(which)) readings.push(...readings.map((sheet) => withBothDiscounts(sheet, which)))

  const combined = reading === 'listed' ? listed : combine(readings, reading)
  const placed = query.resident === true ? inPlace(combined, residency(row, vendor)) : combined
  const perToken = { ...placed, ...searchPrice(row) }
  return {
    model: row.id,
    tier,
    long,
    perToken,
    basis: basisOf(which, sure),
    doubts: doubtsOf(which, possible, readings),
    asOf: row.asOf,
    sourceUrls: row.sourceUrls,
  }
}

/** The row that prices a request of that time: what lies over another begins on its day. */
function rowAt(row: ModelRow | undefined, at: number): ModelRow | undefined {
  let now: ModelRow | null | undefined = row
  while (now?.laid?.from && Date.parse(now.laid.from) > at) now = now.laid.over
  return now ?? undefined
}

/**
 * Why a model that is sold in a tier has no price there all the same: its row cannot be right, or has expired.
 * @returns a sentence that names the source; undefined where nothing is wrong with it
 */
export function whyRefused(row: ModelRow, tier: Exclude<Tier, 'idle'>, at: number): string | undefined {
  const now = rowAt(row, at)
  const until = now?.laid?.until
  if (now && until && at >= Date.parse(until) + DAY)
    return `The price of ${now.id} has expired: it held until ${until}. Source: ${now.sourceUrls.join(', ')}, in ${now.laid?.file}.`
  return now?.flaws?.find((flaw) => flaw.tier === tier)?.text
}

/**
 * The tier a row is charged at: the one the vendor says it used, in our words.
 * In a batch lane that is batch whatever the word: the submission was bought as batch, and rows echo `default` there. The
 * same goes for completion windows, which are no tier of the vendor's.
 * @param word  `service_tier` and its like; empty when the vendor does not say, which means the tier as bought
 * @returns undefined for a word that no price explains. Anthropic's `priority` is one: it means committed spend without
 *   a list price, not the fast mode that our priority tier buys there.
 */
export function tierAnswered(lane: Lane, word: string): Tier | undefined {
  const bought = tierOf(lane)
  const plain = word.toLowerCase().replace(/^service_tier_/, '')
  if (bought === 'batch' || bought === 'idle' || isWindow(bought) || plain === '') return bought
  if (plain === 'default' || plain === 'standard') return 'standard'
  if (plain === 'flex' || plain === 'batch') return plain
  if (plain === 'priority' || plain === 'fast') return vendorOf(lane) === 'anthropic' ? undefined : 'priority'
  return undefined
}

// ── how a price sheet comes about ────────────────────────────────────────────────────────────────────────────────

type Sheet = Partial<Record<ChargedKind, PicoUsd>>

interface Which {
  readonly row: ModelRow
  readonly tier: Exclude<Tier, 'idle'>
  readonly long: boolean
  readonly vendor: string | undefined
}

/** Prices of one tier, gaps filled by the rules that the vendors state, after `change` where one applies. */
function sheetOf(which: Which, change: PriceChange | undefined): Sheet {
  const standard = tableOf({ ...which, tier: 'standard' }, change)
  const sheet = which.tier === 'standard' ? standard : tableOf(which, change)
  return { ...sheet, ...cachedGap(sheet, standard, which), ...writeGap(sheet, which) }
}

/** The printed figures. What a change or a long prompt does to a tier that no table prints follows by ratio. */
function tableOf({ row, tier, long }: Which, change: PriceChange | undefined): Sheet {
  const { standard, longContext } = row.prices
  const tierRates = tier === 'standard' ? { ...standard, longContext } : ratesOf(row, tier)
  if (!tierRates) return {}
  const printedLong = tierRates.longContext ?? undefined
  let short = inPico(tierRates)
  if (change) {
    const printed = tier === 'standard' ? change.standard : tier === 'batch' ? change.batch : undefined
    // Only standard, and mostly batch, is announced; the other tiers keep their multiple of standard.
    short = printed ? inPico(printed) : scaled(short, inPico(change.standard), inPico(standard))
  }
  if (!long || !longContext) return short
  if (printedLong && !change) return inPico(printedLong)
  return scaled(short, inPico(longContext), inPico(standard))
}

function inPico(rates: Rates): Sheet {
  const sheet: Sheet = {}
  for (const kind of tokenKinds) {
    const rate = rates[kind]
    if (rate !== null && rate !== undefined) sheet[kind] = picoPerToken(rate)
  }
  return sheet
}

/**
 * 10 USD per 1,000 searches in every tier: no page says that a batch makes them cheaper. Source: the pricing page of
 * platform.claude.com, 2026-11-23.
 */
const searchPrice = ({ provider }: ModelRow): Sheet => (provider === 'anthropic' ? { webSearch: 10_000_000_000n } : {})

/** Data residency comes after all other factors. A price that is not whole in pico-USD then is not known. */
function inPlace(sheet: Sheet, multiplier: number): Sheet {
  const thousandths = BigInt(Math.round(multiplier * 1000))
  const result: Sheet = {}
  for (const kind of tokenKinds) {
    const value = sheet[kind]
    if (value !== undefined && (value * thousandths) % 1000n === 0n) result[kind] = (value * thousandths) / 1000n
  }
  return result
}

/**
 * Google Cloud charges a tenth more for Claude anywhere but on its global endpoint, from the 4.5 models on. Source:
 * platform.claude.com, "Global vs regional endpoints", 2026-11.
 */
export function residency({ id, provider, dataResidency }: ModelRow, vendor: string | undefined): number {
  const regional = vendor === 'vertex' && provider === 'anthropic' && !/-4(-[01])?$/.test(id)
  return regional ? 1.1 : dataResidency.multiplier
}

/** sheet × to / from, kind by kind. A kind whose ratio is unknown, or not whole in pico-USD, has no price. */
function scaled(sheet: Sheet, to: Sheet, from: Sheet): Sheet {
  const result: Sheet = {}
  for (const kind of tokenKinds) {
    const [value, up, down] = [sheet[kind], to[kind], from[kind]]
    if (value === undefined || up === undefined || !down || (value * up) % down !== 0n) continue
    result[kind] = (value * up) / down
  }
  return result
}

export const isHalfPriceTier = (tier: Tier): boolean => tier === 'batch' || tier === 'flex'

/**
 * How a cache discount and a half-price tier combine where a vendor sells the model. Google Cloud gives one or the other
 * of its own models, never both, also where the Developer API gives both.
 */
export const stackingAt = ({ provider, stacking }: ModelRow, vendor: string | undefined): Stacking =>
  vendor === 'vertex' && provider === 'google' ? 'cached-price-takes-precedence' : stacking.cacheAndBatch

/** What a cached token costs where the tier prints no price for it. */
function cachedGap(sheet: Sheet, standard: Sheet, { row, tier, vendor }: Which): Sheet {
  const stacking = stackingAt(row, vendor)
  const cacheWins = stacking === 'cached-price-takes-precedence' || stacking === 'unknown'
  const fromStandard = isHalfPriceTier(tier) && cacheWins ? standard.cachedInput : undefined
  // The catalogue prints what the first party charges.
  if (stacking !== row.stacking.cacheAndBatch && fromStandard !== undefined) return { cachedInput: fromStandard }
  if (sheet.cachedInput !== undefined) return {}
  // No cached price in this tier means no discount here: the vendor bills such tokens as plain input.
  if (stacking === 'none' && row.modality === 'text' && sheet.input !== undefined) return { cachedInput: sheet.input }
  if (fromStandard !== undefined) return { cachedInput: fromStandard }
  if (stacking === 'multiplicative' && isHalfPriceTier(tier)) return bothDiscounts(sheet, standard)
  return {}
}

/** OpenAI charged nothing extra for cache writes before it printed a price for them: plain input. */
function writeGap(sheet: Sheet, { row }: Which): Sheet {
  const free =
    row.provider === 'openai' && row.modality === 'text' && (row.prices.standard.cacheWriteDefault ?? null) === null
  return free && sheet.input !== undefined ? { cacheWriteDefault: sheet.input, cacheWrite12h: sheet.input } : {}
}

/** The standard cached price, cut by the factor by which the tier cuts plain input. */
function bothDiscounts(sheet: Sheet, standard: Sheet): Sheet {
  const { input, cachedInput } = standard
  if (!input || cachedInput === undefined || sheet.input === undefined) return {}
  return (cachedInput * sheet.input) % input === 0n ? { cachedInput: (cachedInput * sheet.input) / input } : {}
}

const cacheIsUnsure = ({ row, tier, vendor }: Which): boolean =>
  isHalfPriceTier(tier) && stackingAt(row, vendor) === 'unknown'

/** An unsure row lists the standard cached price in its half-price tiers, so that price is what gets cut. */
function withBothDiscounts(sheet: Sheet, { row, tier }: Which): Sheet {
  const half = inPico(ratesOf(row, tier) ?? row.prices.standard)
  if (sheet.cachedInput === undefined) return sheet
  return { ...sheet, ...bothDiscounts(half, { ...inPico(row.prices.standard), cachedInput: sheet.cachedInput }) }
}

function combine(readings: readonly Sheet[], reading: 'low' | 'high'): Sheet {
  const result: Sheet = {}
  for (const kind of tokenKinds) {
    for (const sheet of readings) {
      const [best, value] = [result[kind], sheet[kind]]
      if (value === undefined) continue
      if (best === undefined || (reading === 'low' ? value < best : value > best)) result[kind] = value
    }
  }
  return result
}

function basisOf({ row, tier, long }: Which, change: PriceChange | undefined): Price['basis'] {
  if (tier === 'standard') return long && change ? 'derived' : 'listed'
  const rates = ratesOf(row, tier)
  if (!rates?.basis?.startsWith('listed')) return 'derived'
  if (change && !(tier === 'batch' && change.batch && !long)) return 'derived'
  if (!long) return 'listed'
  const printed = rates.longContext
  return printed && (printed.basis ?? rates.basis).startsWith('listed') ? 'listed' : 'derived'
}

function doubtsOf(which: Which, possible: PriceChange | undefined, readings: readonly Sheet[]): string[] {
  const { row, tier } = which
  const doubts: string[] = []
  if (possible) {
    doubts.push(
      `The price of ${row.id} was sure only until ${possible.from}; ` +
        `it may be ${possible.standard.input}/${possible.standard.output} USD per million (standard) since.`,
    )
  }
  if (cacheIsUnsure(which)) {
    const figure = (end: 'low' | 'high') => Number(combine(readings, end).cachedInput ?? 0n) / 1e6
    doubts.push(
      `Whether cached tokens of ${row.id} get the ${tier} discount too is not settled by the vendor's pages: ` +
        `they cost ${figure('low')} or ${figure('high')} USD per million, and budgets take the dearer.`,
    )
  }
  if (isWindow(tier)) doubts.push('What a cached token costs inside a completion window is not published.')
  return doubts
}
