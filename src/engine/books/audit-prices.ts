import type { PriceBook as AuditPrices } from '../../audit/price-book.ts'
import { sellerIn } from '../../audit/sellers.ts'
import type { IsLong } from '../../audit/tally.ts'
import { laneOf } from '../../domain/usage.ts'
import { baseName, isLong, type ModelRow, type PriceBook } from '../../pricing/catalogue.ts'
import { priceFor, tierAnswered } from '../../pricing/price.ts'
import { sellerOf } from '../../pricing/what-if.ts'

/** The prices that there are, as an audit asks for them. */
export const auditPrices = (book: PriceBook): AuditPrices => ({
  find(vendor, model) {
    const row = rowFor(book, vendor, model)
    if (row === undefined) return undefined
    const seller = sellerIn(vendor, model).seller ?? sellerOf(row.id, book).vendor
    return { vendor: seller, id: row.id, minCacheableTokens: row.minCacheableTokens, asOf: row.asOf }
  },
  tier: ({ vendor }, word) => (word === 'auto' ? 'standard' : tierAnswered(laneOf(vendor, 'standard'), word)),
  prices: ({ vendor, id }, { tier, at, long, resident }) => {
    const model = book.find(id, vendor)
    return model && priceFor({ model, vendor, tier, at, long, resident })?.perToken
  },
})

/** A log names what answered, often a dated snapshot; one that has no price of its own has that of its model. */
function rowFor(book: PriceBook, vendor: string, name: string): ModelRow | undefined {
  const { seller, model } = sellerIn(vendor, name)
  return book.find(model, seller) ?? book.find(baseName(model), seller)
}

/** Asked once for each call, so that models are looked up once. */
export function isLongFor(book: PriceBook): IsLong {
  const rows = new Map<string, ModelRow | undefined>()
  return (vendor, model, promptTokens) => {
    const name = `${vendor} ${model}`
    if (!rows.has(name)) rows.set(name, rowFor(book, vendor, model))
    const row = rows.get(name)
    return row !== undefined && isLong(row, promptTokens)
  }
}
