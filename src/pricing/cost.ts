import { PriceMissing } from '../domain/errors.ts'
import type { PicoUsd } from '../domain/money.ts'
import { chargedKinds, type Usage } from '../domain/usage.ts'
import type { Price } from './price.ts'

/**
 * Cost of tokens at a price.
 * @param usage  tokens by kind, none counted in two kinds (OpenAI's input includes cached input, Anthropic's does not)
 * @param price  pico-USD per token (1 USD = 10^12), already at the rate of the lane
 * @returns      pico-USD, exact; rounded half-even to nano-USD once, in the ledger entry
 * @throws PriceMissing (`price_missing`) when a reported kind has no price; never billed as zero
 * @throws RangeError for a count that is no whole, non-negative number
 */
export function costOf(usage: Usage, price: Pick<Price, 'model' | 'tier' | 'perToken'>): PicoUsd {
  let total = 0n
  for (const kind of chargedKinds) {
    const tokens = usage[kind] ?? 0
    if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`${tokens} ${kind} tokens`)
    if (tokens === 0) continue
    const unit = price.perToken[kind]
    if (unit === undefined) throw new PriceMissing(price.model, `${kind} tokens in the ${price.tier} tier`)
    total += BigInt(tokens) * unit
  }
  return total
}
