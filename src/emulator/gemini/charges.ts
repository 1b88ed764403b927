import type { Charge } from '../bill.ts'
import { type Tier, unitPrices } from '../prices.ts'
import type { TokenSums } from '../row-table.ts'
import type { Model } from './models.ts'

/** The wire's prompt count holds the cached part; the bill counts every token once. Thoughts are output. */
export function chargesFor(
  model: Model,
  tier: Tier,
  long: boolean,
  day: string,
  sums: TokenSums,
  batch: string | null,
  at: number,
): Charge[] {
  const tokens = { input: sums.prompt - sums.cached, cachedInput: sums.cached, output: sums.output }
  const priceOf = unitPrices(model.entry, tier, long, day)
  return Object.entries(tokens)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => ({
      vendor: 'gemini',
      batch,
      model: model.entry.id,
      tier,
      kind,
      unitPicoUsd: priceOf(kind),
      tokens: BigInt(count),
      at,
    }))
}
