import { type NanoUsd, type PicoUsd, roundToNano } from '../domain/money.ts'
import { type ChargedKind, chargedKinds, dearestAsked, type UnitPrices, type Usage } from '../domain/usage.ts'

/** The tokens of many rows that share model, tier and prices, summed by kind. */
export interface Bucket {
  /** As the vendor named it in the answer. */
  readonly model: string
  readonly tier: string
  readonly usage: Usage
  /** undefined: unknown. Its entries then carry null, never zero. */
  readonly price: { readonly perToken: UnitPrices } | undefined
  readonly standardPrice: { readonly perToken: UnitPrices } | undefined
}

/** The money of one ledger row; what it belongs to (submission, job, part, tags) the caller adds. */
export interface Entry {
  readonly model: string
  readonly tier: string
  readonly kind: ChargedKind
  readonly unitPrice: PicoUsd | null
  readonly tokens: number
  readonly nanoUsd: NanoUsd | null
  readonly standardNanoUsd: NanoUsd | null
}

/**
 * Ledger entries of buckets: one per (model, tier, kind, unit price), which is the ledger's key within a submission.
 * Buckets that meet in one key are summed exactly first; each entry is then rounded once. The order of the buckets
 * does not matter, entries come sorted. A kind without a price yields an entry with null money: what was bought is
 * recorded, and the totals say that they are not complete.
 */
export function entriesOf(buckets: readonly Bucket[]): Entry[] {
  const sums = new Map<string, Sum>()
  for (const bucket of buckets) {
    for (const kind of chargedKinds) {
      const tokens = bucket.usage[kind] ?? 0
      if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`${tokens} ${kind} tokens`)
      if (tokens > 0) add(sums, bucket, kind, BigInt(tokens))
    }
  }
  return [...sums.values()].sort(byKey).map(rounded)
}

interface Sum {
  readonly key: string
  readonly model: string
  readonly tier: string
  readonly kind: ChargedKind
  readonly unitPrice: PicoUsd | null
  tokens: bigint
  standard: PicoUsd | null
}

function add(sums: Map<string, Sum>, bucket: Bucket, kind: ChargedKind, tokens: bigint): void {
  const { model, tier } = bucket
  const unitPrice = bucket.price?.perToken[kind] ?? null
  const key = JSON.stringify([model, tier, kind, unitPrice === null ? null : String(unitPrice)])
  const sum = sums.get(key) ?? { key, model, tier, kind, unitPrice, tokens: 0n, standard: 0n }
  const standardUnit = bucket.standardPrice?.perToken[kind]
  sum.tokens += tokens
  sum.standard = sum.standard === null || standardUnit === undefined ? null : sum.standard + tokens * standardUnit
  sums.set(key, sum)
}

const byKey = (a: Sum, b: Sum): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

function rounded({ model, tier, kind, unitPrice, tokens, standard }: Sum): Entry {
  return {
    model,
    tier,
    kind,
    unitPrice,
    tokens: Number(tokens),
    nanoUsd: unitPrice === null ? null : roundToNano(tokens * unitPrice),
    standardNanoUsd: standard === null ? null : roundToNano(standard),
  }
}

/**
 * An upper bound of what rows that nobody saw may have used; `entriesOf` makes it the `unproven` entries.
 * Input counts as the dearest kind that there is, output as the most that each row could say.
 * @param estimate.inputTokens   of all rows together, at the high end of its estimate
 * @param estimate.outputTokens  the most that all of them could say: their max_tokens, or the model's own maximum
 * @param prices                 of the lane; long-context ones if any row may be long
 */
export function worstCase(
  { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
  prices: UnitPrices,
): Usage {
  return { [dearestAsked(prices)]: inputTokens, ...(outputTokens > 0 ? { output: outputTokens } : {}) }
}
