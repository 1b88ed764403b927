import { type NanoUsd, parseUsd, roundToNano } from '../../domain/money.ts'
import { dearestAsked, tierOf, vendorOf } from '../../domain/usage.ts'
import { costOf } from '../../pricing/cost.ts'
import { type Price, priceFor } from '../../pricing/price.ts'
import type { JobRow, ShardRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { type RoutedManifest, routedFor, routesOf } from '../rows/routing.ts'
import { grownOf } from '../shards/course.ts'
import { lineOf } from '../shards/quoted-line.ts'

type Prices = Pick<Ports, 'vendors' | 'clock'>

/** Where no quote has counted tokens: the index has them by length, mostly on the high side. */
const UNCOUNTED = 1.2
const PICO_PER_NANO = 1000n

/**
 * What a purchase of the shard may cost at most; null: no price is known. It is its part of the quote's worst case: of the
 * prompts by their length, of the answers by what each may say. All shards together come to no more than the quote.
 */
export function worstOf(ports: Prices, job: JobRow, shard: ShardRow): NanoUsd | null {
  const { tokens, outputMax } = shard
  const price = priceOf(ports, job, shard)
  const line = lineOf(job, shard)
  const most = line?.usd.most ?? line?.usd.high // quotes of old have no worst case of their own
  if (line === undefined || most == null)
    return price === undefined ? null : atMost(price, tokens * UNCOUNTED, outputMax ?? 0)
  const high = parseUsd(most)
  const perAnswer = price?.perToken.output
  const answers =
    perAnswer === undefined
      ? high
      : (BigInt(line.tokens.outputMost ?? line.tokens.outputHigh) * perAnswer) / PICO_PER_NANO
  const all = BigInt(tokensOfModel(job.input as RoutedManifest, shard))
  const part = (amount: NanoUsd): NanoUsd => (all === 0n ? amount : (amount * BigInt(tokens)) / all)
  if (perAnswer === undefined || outputMax === null || answers > high) return part(high) * 2n ** BigInt(grownOf(shard))
  return part(high - answers) + (BigInt(outputMax) * perAnswer) / PICO_PER_NANO
}

/** The same of calls that are made once more; null: no price is known. */
export function worstOfCalls(
  ports: Prices,
  job: JobRow,
  shard: ShardRow,
  { inputTokens, outputMax }: { readonly inputTokens: number; readonly outputMax: number },
): NanoUsd | null {
  const price = priceOf(ports, job, shard)
  return price === undefined ? null : atMost(price, inputTokens, outputMax)
}

function priceOf({ vendors, clock }: Prices, job: JobRow, shard: ShardRow): Price | undefined {
  const { lane, accountId, model, tokens, count } = shard
  const vendor = vendorOf(lane)
  return priceFor({
    model: vendors.prices.find(model, vendor) ?? model,
    vendor,
    tier: tierOf(lane),
    at: clock.now(),
    promptTokens: tokens / Math.max(1, count),
    reading: 'high',
    resident: routedFor(job.input as RoutedManifest, shard).routes[shard.group]?.resident ?? false,
    rates: vendors.engine(accountId)?.rates,
  })
}

function atMost(price: Price, inputTokens: number, output: number): NanoUsd | null {
  const kind = dearestAsked(price.perToken)
  if (price.perToken[kind] === undefined || (output > 0 && price.perToken.output === undefined)) return null
  return roundToNano(costOf({ [kind]: Math.ceil(inputTokens), ...(output > 0 ? { output } : {}) }, price))
}

/** Of the groups that the line of a quote for that model is about, without what is not bought. */
const tokensOfModel = (manifest: RoutedManifest, { model }: ShardRow): number =>
  manifest.groups.reduce((sum, { tokens }, at) => {
    const flies = routesOf(manifest, at).some((route) => route.model === model)
    return flies ? sum + tokens - (manifest.spared?.tokens[at] ?? 0) : sum
  }, 0)
