import { roundToNano, usd } from '../domain/money.ts'
import { type Tier, tierOf } from '../domain/usage.ts'
import { cachedInput, isKept, type SharedPrompt } from './cache-worth.ts'
import type { PriceBook } from './catalogue.ts'
import { costOf } from './cost.ts'
import { priceFor } from './price.ts'
import type { Quote, QuoteGroup } from './quote.ts'

/** What is predicted of shared beginnings, of all groups together; kept with the job and compared with what came. */
export interface QuotedCache {
  /** They are marked to be kept. False: they would be, or the vendor keeps them by itself. */
  readonly isMarked: boolean
  /** Distinct beginnings. */
  readonly prefixes: number
  /** Share of the input that is read from the cache: 0 to 1; and what it is if all of it is found. */
  readonly read: { readonly low: number; readonly high: number }
  readonly most: number
  /** What that saves against the same without a cache, on the recommended lane; negative: it costs. */
  readonly usd: { readonly low: string; readonly high: string } | null
}

/** By which prices, and of which day. */
export interface PricedAt {
  readonly prices: PriceBook
  readonly at: number
}

export interface CachedGroup {
  readonly group: QuoteGroup
  readonly shared: SharedPrompt
}

/** The figures for the quote; undefined: nothing is shared. */
export function quotedCache(
  cached: readonly CachedGroup[],
  groups: readonly QuoteGroup[],
  { recommended }: Pick<Quote, 'recommended'>,
  when: PricedAt,
): QuotedCache | undefined {
  if (cached.length === 0) return undefined
  const input = groups.reduce((sum, group) => sum + group.inputTokens.high, 0)
  const read = (hits: (shared: SharedPrompt) => number): number =>
    cached.reduce((sum, { group, shared }) => {
      const { cachedInput: tokens = 0 } = cachedInput(group.inputTokens.high, shared, hits(shared))
      return sum + tokens
    }, 0) / Math.max(1, input)
  const tier = recommended === null ? 'batch' : tierOf(recommended)
  const saved = (end: 'low' | 'high'): bigint | null =>
    cached.reduce<bigint | null>((sum, one) => {
      const amount = savedAt(one, tier, end, when)
      return sum === null || amount === null ? null : sum + amount
    }, 0n)
  const [low, high] = [saved('low'), saved('high')]
  return {
    isMarked: cached.some(({ shared }) => shared.writes !== null),
    prefixes: cached.reduce((sum, { shared }) => sum + shared.prefixes, 0),
    read: { low: read(({ hits }) => hits.low), high: read(({ hits }) => hits.high) },
    most: read(() => 1),
    usd: low === null || high === null ? null : { low: usd(low), high: usd(high) },
  }
}

function savedAt({ group, shared }: CachedGroup, tier: Tier, end: 'low' | 'high', when: PricedAt): bigint | null {
  const price = priceAt(group, tier, when)
  if (price === undefined) return null
  if (!isKept(shared, price)) return 0n
  const input = group.inputTokens.high
  const plain = roundToNano(costOf({ input }, price))
  return plain - roundToNano(costOf(cachedInput(input, shared, shared.hits[end]), price))
}

const priceAt = ({ vendor, model, resident = false }: QuoteGroup, tier: Tier, { prices, at }: PricedAt) => {
  const row = prices.find(model, vendor)
  return row && priceFor({ model: row, vendor, tier, at, resident })
}

/**
 * Where batch has no price for cached tokens, and standard calls that read what requests share would cost less.
 * Undefined: batch costs less all the same, or has such a price.
 */
export function standardIsCheaper({ group, shared }: CachedGroup, when: PricedAt): string | undefined {
  const [batch, standard] = [priceAt(group, 'batch', when), priceAt(group, 'standard', when)]
  if (batch === undefined || standard === undefined) return undefined
  const read = { ...shared, writes: null }
  if (isKept(read, batch) || !isKept(read, standard)) return undefined
  const output = Math.round((group.outputTokens.low + group.outputTokens.high) / 2)
  const input = group.inputTokens.high
  const inBatch = roundToNano(costOf({ input, output }, batch))
  const cached = roundToNano(costOf({ ...cachedInput(input, read, shared.hits.high), output }, standard))
  if (cached >= inBatch) return undefined
  return (
    `Batch gives no cache discount on ${group.model}, and ${percent(shared.share)} of the input is shared: standard calls ` +
    `that read it from the cache would cost about ${usd(cached)} USD, batch ${usd(inBatch)}.`
  )
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`
