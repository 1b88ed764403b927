import type { PicoUsd } from '../domain/money.ts'
import type { Tier, Usage } from '../domain/usage.ts'
import { costAt, type PriceBook, type PricedModel } from './price-book.ts'
import { type Group, inputOf, type Part } from './tally.ts'

export const moves = ['batch', 'flex', 'cache', 'batch+cache', 'flex+cache'] as const
export type Move = (typeof moves)[number]

/** What one way to buy it would have saved, over all that the log tells. */
export interface Saving {
  readonly move: Move
  readonly pico: PicoUsd
  readonly assumption: string
}

export interface PricedGroup {
  readonly model: PricedModel
  /** At the tiers it was bought in. */
  readonly paid: PicoUsd
  /** Of it, what was bought at half price already. */
  readonly discounted: PicoUsd
  /** What moving is about: the rest. */
  readonly movable: PicoUsd
  /** What of it was bought at full price; requests null: not counted. */
  readonly use: { readonly requests: number | null; readonly input: number; readonly output: number }
  readonly days: ReadonlyMap<number, { readonly discounted: PicoUsd; readonly movable: PicoUsd }>
  /** Only ways that save something. */
  readonly savings: readonly Saving[]
  /** The part of each prompt that is taken to be the same, and whence that is known. */
  readonly shared: Shared
  /** Why some of it has no price. */
  readonly unpriced: readonly string[]
}

export interface Shared {
  readonly share: number
  readonly known: 'told' | 'measured' | 'assumed'
}

/** Of those calls that could find their prefix in a cache, so many do; the others write it. */
const hitShare = 0.9
/** Of each prompt, where neither the log nor the user says. */
const assumedShare = 0.5
/** Caches are kept for five minutes and more: with fewer calls in an hour each would find it gone. */
const callsAnHourMin = 12

export function priceGroup(group: Group, book: PriceBook, told?: number): PricedGroup | undefined {
  const model = book.find(group.vendor, group.model)
  if (model === undefined) return undefined
  const days = new Map<number, { discounted: PicoUsd; movable: PicoUsd }>()
  const unpriced = new Set<string>()
  const movable: Bought[] = []
  const sums = { paid: 0n, discounted: 0n, movable: 0n }
  for (const part of group.parts.values()) {
    const tier = book.tier(model, part.tier)
    const paid =
      tier === undefined ? undefined : costAt(part.usage, book.prices(model, { ...part, tier, at: part.day }))
    if (tier === undefined || paid === undefined) {
      unpriced.add(`no price is known for ${model.vendor}/${model.id} as "${part.tier || 'standard'}"`)
      continue
    }
    const kind = tier === 'batch' || tier === 'flex' ? 'discounted' : 'movable'
    const day = days.get(part.day) ?? { discounted: 0n, movable: 0n }
    day[kind] += paid
    days.set(part.day, day)
    sums[kind] += paid
    sums.paid += paid
    if (kind === 'movable') movable.push({ part, tier, paid })
  }
  const shared = sharedOf(group, told)
  const savings = movable.length === 0 ? [] : savingsOf(group, model, book, movable, shared)
  return { model, ...sums, use: useOf(movable, group), days, savings, shared, unpriced: [...unpriced] }
}

function useOf(bought: readonly Bought[], { requests }: Group): PricedGroup['use'] {
  const sum = (of: (part: Part) => number): number => bought.reduce((all, { part }) => all + of(part), 0)
  return {
    requests: requests === null ? null : sum((part) => part.requests),
    input: sum(({ usage }) => inputOf(usage)),
    output: sum(({ usage }) => usage.output ?? 0),
  }
}

interface Bought {
  readonly part: Part
  readonly tier: Tier
  readonly paid: PicoUsd
}

function savingsOf(
  group: Group,
  model: PricedModel,
  book: PriceBook,
  bought: readonly Bought[],
  shared: Shared,
): Saving[] {
  const why = whyNoCache(group, model, shared)
  return moves.flatMap((move): Saving[] => {
    const cached = move.endsWith('cache')
    if (cached && why !== undefined) return []
    const tierOf = (own: Tier): Tier => (move.startsWith('batch') ? 'batch' : move.startsWith('flex') ? 'flex' : own)
    let pico = 0n
    for (const { part, tier, paid } of bought) {
      const usage = cached ? withCache(part.usage, shared.share) : part.usage
      const cost = costAt(usage, book.prices(model, { ...part, tier: tierOf(tier), at: part.day }))
      if (cost === undefined) return [] // not sold so on some day of it
      pico += paid - cost
    }
    return pico > 0n ? [{ move, pico, assumption: assumptionOf(move, shared, group) }] : []
  })
}

/** Usage as it would have been with the shared part of each prompt in a cache; what is cached already stays. */
function withCache(usage: Usage, share: number): Usage {
  const written = (usage.cacheWriteDefault ?? 0) + (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0)
  const now = (usage.cachedInput ?? 0) + written
  const more = Math.max(0, Math.min(usage.input ?? 0, Math.floor(share * inputOf(usage)) - now))
  const hits = Math.floor(more * hitShare)
  return {
    ...usage,
    input: (usage.input ?? 0) - more,
    cachedInput: (usage.cachedInput ?? 0) + hits,
    cacheWriteDefault: (usage.cacheWriteDefault ?? 0) + more - hits,
  }
}

/** Why caching is not priced at all; undefined where it is. */
export function whyNoCache(group: Group, model: PricedModel, { share }: Shared): string | undefined {
  if (model.minCacheableTokens === null) return 'its prompts are never cached'
  if (group.requests === null) return undefined
  const mean =
    [...group.parts.values()].reduce((sum, { usage }) => sum + inputOf(usage), 0) / Math.max(1, group.requests)
  if (mean * share < model.minCacheableTokens)
    return `prompts are cached from ${model.minCacheableTokens.toLocaleString('en-US')} tokens on, and what they share is shorter`
  const hours = [...group.hoursOf.values()].reduce((sum, mask) => sum + mask.toString(2).replaceAll('0', '').length, 0)
  return group.requests < callsAnHourMin * hours ? 'its calls are too far apart for a cache' : undefined
}

function sharedOf({ shared, prompts }: Group, told?: number): Shared {
  if (told !== undefined) return { share: told, known: 'told' }
  const measured = shared.share
  if (measured !== undefined) return { share: measured, known: 'measured' }
  // No prefix is longer than the shortest prompt.
  const bound = prompts.calls === 0 ? 1 : prompts.smallest / Math.max(1, prompts.sum / prompts.calls)
  return { share: Math.min(assumedShare, bound), known: 'assumed' }
}

function assumptionOf(move: Move, { share, known }: Shared, group: Group): string {
  const half = move.startsWith('batch')
    ? 'All of it may wait up to 24 hours.'
    : move.startsWith('flex')
      ? 'All of it may wait some minutes, and be asked again when there is no room.'
      : ''
  if (!move.endsWith('cache')) return half
  const percent = `${Math.round(share * 100)} % of each prompt`
  const whence = {
    told: `${percent} is the same, as you say`,
    measured: `${percent} is the same in all calls, measured on the prompts in the log`,
    assumed: `${percent} is the same in all calls, which is assumed: the log holds none of its prompts`,
  }[known]
  const length = group.requests === null ? '; prompts are long enough to be cached, which the report does not tell' : ''
  return [half, `${whence}${length}; nine calls in ten find it in the cache.`].filter((part) => part !== '').join(' ')
}
