import type { Charge } from '../bill.ts'
import { isLongContext, PriceUnknown, type Tier, unitPrices } from '../prices.ts'
import type { Model } from './models.ts'
import { promptTokens, type Usage } from './usage.ts'

/** Rows that have one price: same model, same place, same side of the model's long-context threshold. */
export interface Group {
  readonly model: Model
  readonly geo: string
  readonly long: boolean
}

export type Sums = Pick<Usage, 'input' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'output' | 'webSearches'>

/** 10 USD per 1,000 searches, whatever the lane: nobody says that a batch makes them cheaper. */
const picoUsdPerSearch = 10_000_000_000n

export function groupOf(model: Model, tier: Tier, usage: Usage, at: number): Group {
  return { model, geo: usage.geo, long: isLongContext(model.entry, tier, promptTokens(usage), dayOf(at)) }
}

/** @param at  epoch seconds */
export function chargesOfGroup(
  { model, geo, long }: Group,
  tier: Tier,
  sums: Sums,
  batch: string | null,
  at: number,
): Charge[] {
  const priceOf = unitPrices(model.entry, tier, long, dayOf(at))
  const tokens = {
    input: sums.input,
    cachedInput: sums.cacheRead,
    cacheWrite5m: sums.cacheWrite5m,
    cacheWrite1h: sums.cacheWrite1h,
    output: sums.output,
  }
  const charge = { vendor: 'anthropic', batch, model: model.entry.id, tier, at }
  const charges = Object.entries(tokens)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => ({
      ...charge,
      kind,
      unitPicoUsd: inPlace(priceOf(kind), model, geo),
      tokens: BigInt(count),
    }))
  if (sums.webSearches === 0) return charges
  return [...charges, { ...charge, kind: 'webSearch', unitPicoUsd: picoUsdPerSearch, tokens: BigInt(sums.webSearches) }]
}

/** Data residency in the US makes every kind of token dearer, after all other factors. */
function inPlace(picoUsd: bigint, { residencyTenths, entry }: Model, geo: string): bigint {
  if (geo !== 'us' || residencyTenths === null) return picoUsd
  const tenfold = picoUsd * residencyTenths
  if (tenfold % 10n !== 0n) throw new PriceUnknown(`The US price of ${entry.id} is finer than a pico-USD per token.`)
  return tenfold / 10n
}

function dayOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10)
}
