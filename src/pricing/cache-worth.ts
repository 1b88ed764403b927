import type { TokenKind, UnitPrices } from '../domain/usage.ts'

/** How often what is kept is found again, as far as a vendor promises anything: 0 to 1. */
export interface Hits {
  readonly low: number
  readonly likely: number
  readonly high: number
}

/** Shared beginnings of prompts, as shares of the input of a group. */
export interface SharedPrompt {
  /** All of what requests share; and of it, what has to be read once for that. */
  readonly share: number
  readonly first: number
  /** Distinct beginnings. */
  readonly prefixes: number
  /** How a write is charged where requests ask for it; null: the vendor keeps prompts by itself. */
  readonly writes: TokenKind | null
  readonly hits: Hits
}

/** Whether a beginning is written and read for less than to send it plainly, when `requests` share it. */
export function isWorthKeeping(requests: number, prices: UnitPrices, writes: TokenKind, { likely }: Hits): boolean {
  const [input, read, write] = [prices.input, prices.cachedInput, prices[writes]].map(Number) as [
    number,
    number,
    number,
  ]
  if (!(read < input) || Number.isNaN(write)) return false
  const others = requests - 1
  return write * (1 + others * (1 - likely)) + read * others * likely < input * requests
}

/** Whether there is a price for reading from the cache, below that of sending, and for writing where that is charged. */
export const isKept = ({ writes }: SharedPrompt, { perToken }: { readonly perToken: UnitPrices }): boolean =>
  (perToken.cachedInput ?? 0n) < (perToken.input ?? 0n) &&
  perToken.cachedInput !== undefined &&
  (writes === null || perToken[writes] !== undefined)

/** The input of a group by kinds, when shared beginnings are found so often. */
export function cachedInput(
  input: number,
  { share, first, writes }: SharedPrompt,
  hits: number,
): Partial<Record<TokenKind, number>> {
  const read = Math.round(input * (share - first) * hits)
  const written = writes === null ? 0 : Math.round(input * share) - read
  return {
    input: Math.round(input) - read - written,
    cachedInput: read,
    ...(writes === null ? {} : { [writes]: written }),
  }
}
