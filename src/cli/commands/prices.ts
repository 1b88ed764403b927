import { allBatchPrices, prices as priceListOf } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { batchPricesText, priceListText } from '../text/prices.ts'

export async function prices(model: string | undefined, { json }: { readonly json?: boolean }): Promise<number> {
  if (model === undefined) {
    const all = allBatchPrices()
    out(json === true ? JSON.stringify(all) : batchPricesText(all))
    return exit.done
  }
  const list = priceListOf(model)
  out(json === true ? JSON.stringify(list) : priceListText(list))
  return exit.done
}
