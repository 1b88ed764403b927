import type { Charge } from '../bill.ts'
import { PriceUnknown, type Tier, unitPrices } from '../prices.ts'
import type { TokenSums } from '../row-table.ts'
import type { JobModel } from './desk.ts'

/**
 * The wire's prompt count holds the cached part; the bill counts every token once. On this surface a hit of the cache
 * costs what it costs outside a job: the two discounts do not add up. Claude has its own price list, and costs a tenth
 * more anywhere but on the global endpoint.
 */
export function chargesFor(
  { publisher, model }: JobModel,
  tier: Tier,
  long: boolean,
  location: string,
  sums: TokenSums,
  batch: string | null,
  at: number,
): Charge[] {
  const day = new Date(at * 1000).toISOString().slice(0, 10)
  const tokens = { input: sums.prompt - sums.cached, cachedInput: sums.cached, output: sums.output }
  const priceOf = unitPrices(model.entry, tier, long, day)
  const standardPriceOf = unitPrices(model.entry, 'standard', long, day)
  const isRegional = publisher === 'anthropic' && location !== 'global'
  return Object.entries(tokens)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      const price = publisher === 'google' && kind === 'cachedInput' ? standardPriceOf(kind) : priceOf(kind)
      return {
        vendor: 'vertex',
        batch,
        model: model.entry.id,
        tier,
        kind,
        unitPicoUsd: isRegional ? regional(price, model.entry.id) : price,
        tokens: BigInt(count),
        at,
      }
    })
}

function regional(picoUsd: bigint, model: string): bigint {
  const tenfold = picoUsd * 11n
  if (tenfold % 10n !== 0n) throw new PriceUnknown(`The regional price of ${model} is finer than a pico-USD per token.`)
  return tenfold / 10n
}
