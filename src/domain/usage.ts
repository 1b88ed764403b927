import type { PicoUsd } from './money.ts'

/**
 * Token kinds, named as the price catalogue names them. No token is counted in two kinds: a vendor's input figure that
 * includes cached input is split before it gets here.
 */
export const tokenKinds = [
  'input',
  'cachedInput',
  'cacheWriteDefault',
  'cacheWrite5m',
  'cacheWrite1h',
  'cacheWrite12h',
  'output',
] as const
export type TokenKind = (typeof tokenKinds)[number]

/** What is charged: tokens, and the searches that a vendor makes for the model. */
export const chargedKinds = [...tokenKinds, 'webSearch'] as const
export type ChargedKind = (typeof chargedKinds)[number]

/** Tokens, and searches, by kind; an absent kind is zero. */
export type Usage = Partial<Record<ChargedKind, number>>

/** What one result row used, as scanners read it. */
export interface RowCounts {
  /** Tokens by kind, none counted in two. */
  input: number
  cachedInput: number
  /** Of the vendor's one kind of cache write, or of those that it keeps for so long. */
  cacheWrite: number
  cacheWrite5m: number
  cacheWrite1h: number
  output: number
  /** Searches the vendor made and charges beside the tokens. */
  webSearches: number
  /** The vendor's data-residency price applies. */
  resident: boolean
  /** As the vendor names them; empty when it does not. */
  model: string
  tier: string
  /** The vendor bills this row. */
  billed: boolean
}

/** pico-USD per token by kind. An absent kind has no known price; it is never zero. */
export type UnitPrices = Readonly<Partial<Record<ChargedKind, PicoUsd>>>

/**
 * The kind that makes a prompt dearest when nobody asked for caching: some vendors write to their cache unasked, and
 * charge more than plain input for it. Bounds (the high end of a quote, what a lost submission may have cost) use it.
 */
export function dearestInput(prices: UnitPrices): 'input' | 'cacheWriteDefault' {
  return (prices.cacheWriteDefault ?? 0n) > (prices.input ?? 0n) ? 'cacheWriteDefault' : 'input'
}

/** The dearest that input can be where requests ask for caching, for so long as they may. */
export function dearestAsked(prices: UnitPrices): 'input' | 'cacheWriteDefault' | 'cacheWrite5m' | 'cacheWrite1h' {
  const kinds = [dearestInput(prices), 'cacheWrite5m', 'cacheWrite1h'] as const
  return kinds.reduce((dearest, kind) => ((prices[kind] ?? 0n) > (prices[dearest] ?? 0n) ? kind : dearest))
}

export const tiers = [
  'batch',
  'flex',
  'completion-window-8h',
  'completion-window-2h',
  'standard',
  'priority',
  'idle',
] as const
export type Tier = (typeof tiers)[number]

/** Sold by the hours within which the answer is wanted. */
export type WindowTier = Extract<Tier, `completion-window-${string}`>
export const isWindow = (tier: Tier): tier is WindowTier => tier.startsWith('completion-window-')

/** What is bought where: `openai/batch`. */
export type Lane = `${string}/${Tier}`
export const laneOf = (vendor: string, tier: Tier): Lane => `${vendor}/${tier}`
export const vendorOf = (lane: Lane): string => lane.slice(0, lane.lastIndexOf('/'))
export const tierOf = (lane: Lane): Tier => lane.slice(lane.lastIndexOf('/') + 1) as Tier
