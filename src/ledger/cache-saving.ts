import type { NanoUsd } from '../domain/money.ts'

/** What is needed of a ledger row. */
export interface CachedLine {
  readonly submissionId: string
  readonly model: string
  readonly tier: string
  readonly kind: string
  readonly part: 'proven' | 'unproven' | 'duplicate'
  readonly tokens: number
  /** pico-USD per token; null where no price is known. */
  readonly unitPrice: bigint | null
}

export interface CacheSaving {
  /** Tokens of all prompts, and those that were read from a cache or written to it. */
  readonly input: number
  readonly read: number
  readonly written: number
  /** Against the same prompts without a cache; negative: it cost more. Null where a price is not known. */
  readonly nanoUsd: NanoUsd | null
}

const isWrite = (kind: string): boolean => kind.startsWith('cacheWrite')

/** What the caches of the vendors have saved, by what was charged. */
export function cacheSaving(lines: Iterable<CachedLine>): CacheSaving {
  const proven = [...lines].filter(({ part }) => part === 'proven')
  const plain = plainPrices(proven)
  let [input, read, written] = [0, 0, 0]
  let pico: bigint | null = 0n
  for (const line of proven) {
    const { kind, tokens, unitPrice } = line
    const isRead = kind === 'cachedInput'
    if (kind !== 'input' && !isRead && !isWrite(kind)) continue
    input += tokens
    if (kind === 'input' || tokens === 0) continue
    if (isRead) read += tokens
    else written += tokens
    const price = plain.get(nameOf(line))
    pico =
      pico === null || price === undefined || unitPrice === null ? null : pico + BigInt(tokens) * (price - unitPrice)
  }
  return { input, read, written, nanoUsd: pico === null ? null : pico / 1000n }
}

/** Of two prices of plain input, as long prompts have another, the lower is taken: then no more is claimed than is so. */
function plainPrices(lines: readonly CachedLine[]): Map<string, bigint> {
  const prices = new Map<string, bigint>()
  for (const line of lines) {
    if (line.kind !== 'input' || line.unitPrice === null) continue
    const known = prices.get(nameOf(line))
    if (known === undefined || line.unitPrice < known) prices.set(nameOf(line), line.unitPrice)
  }
  return prices
}

const nameOf = ({ model, tier }: CachedLine): string => `${model} ${tier}`
