import type { PriceBook } from '../audit/price-book.ts'
import { sellerIn } from '../audit/sellers.ts'
import type { IsLong } from '../audit/tally.ts'
import { laneOf } from '../domain/usage.ts'
import { baseName, findModel, isLong, type ModelRow } from '../pricing/catalogue.ts'
import { priceFor, tierAnswered } from '../pricing/price.ts'
import { sellerOf } from '../pricing/what-if.ts'

/** The catalogue, as an audit asks it. */
export const priceBook: PriceBook = {
  find(vendor, model) {
    const row = rowFor(vendor, model)
    if (row === undefined) return undefined
    const seller = sellerIn(vendor, model).seller ?? sellerOf(row.id).vendor
    return { vendor: seller, id: row.id, minCacheableTokens: row.minCacheableTokens, asOf: row.asOf }
  },
  tier: ({ vendor }, word) => (word === 'auto' ? 'standard' : tierAnswered(laneOf(vendor, 'standard'), word)),
  prices: ({ vendor, id }, { tier, at, long, resident }) =>
    priceFor({ model: id, vendor, tier, at, long, resident })?.perToken,
}

/** A log names what answered, often a dated snapshot; one that has no price of its own has that of its model. */
function rowFor(vendor: string, name: string): ModelRow | undefined {
  const { seller, model } = sellerIn(vendor, name)
  return findModel(model, seller) ?? findModel(baseName(model), seller)
}

/** Asked once for each call, so that models are looked up once. */
export function isLongFor(): IsLong {
  const rows = new Map<string, ModelRow | undefined>()
  return (vendor, model, promptTokens) => {
    const name = `${vendor} ${model}`
    if (!rows.has(name)) rows.set(name, rowFor(vendor, model))
    const row = rows.get(name)
    return row !== undefined && isLong(row, promptTokens)
  }
}
