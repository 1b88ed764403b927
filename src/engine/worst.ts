import { type NanoUsd, parseUsd, roundToNano } from '../domain/money.ts'
import { dearestAsked, tierOf, vendorOf } from '../domain/usage.ts'
import { costOf } from '../pricing/cost.ts'
import { type Price, priceFor } from '../pricing/price.ts'
import type { JobRow, ShardRow } from '../stores/contract.ts'
import { grownOf } from './course.ts'
import { lineOf } from './offers.ts'
import type { Ports } from './ports.ts'
import { type RoutedManifest, routedFor, routesOf } from './routing.ts'

/** Where no quote has counted tokens: the index has them by length, which is on the high side, but not always. */
const UNCOUNTED = 1.2

/** What a purchase of the shard may cost at most, by what its job was quoted; null: no price is known. */
export function worstOf(ports: Pick<Ports, 'vendors' | 'clock'>, job: JobRow, shard: ShardRow): NanoUsd | null {
  const price = priceOf(ports, job, shard)
  const line = lineOf(job, shard)
  if (line?.usd.high == null) return price === undefined ? null : uncounted(shard, price)
  const high = parseUsd(line.usd.high)
  const all = sizeOfModel(job.input as RoutedManifest, shard)
  const whole = (amount: bigint, part: number, of: number): NanoUsd =>
    of === 0 ? amount : (amount * BigInt(Math.ceil(part)) + BigInt(of) - 1n) / BigInt(of)
  const perAnswer = price?.perToken.output
  // Its prompts are a share of all prompts; its answers are counted by what each may say.
  const answers = perAnswer === undefined ? high : roundToNano(BigInt(line.tokens.outputHigh) * perAnswer)
  const { outputMax } = shard
  if (perAnswer === undefined || outputMax === null || answers > high)
    return whole(high * 2n ** BigInt(grownOf(shard)), shard.tokens, all.tokens)
  return whole(high - answers, shard.tokens, all.tokens) + roundToNano(BigInt(outputMax) * perAnswer)
}

function priceOf(
  { vendors, clock }: Pick<Ports, 'vendors' | 'clock'>,
  job: JobRow,
  shard: ShardRow,
): Price | undefined {
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

function uncounted({ tokens, outputMax }: ShardRow, price: Price): NanoUsd | null {
  const kind = dearestAsked(price.perToken)
  if (price.perToken[kind] === undefined || price.perToken.output === undefined) return null
  return roundToNano(costOf({ [kind]: Math.ceil(tokens * UNCOUNTED), output: outputMax ?? 0 }, price))
}

/** Of the groups that the line of a quote for that model is about. */
function sizeOfModel(manifest: RoutedManifest, { model }: ShardRow): { readonly tokens: number } {
  const tokens = manifest.groups.reduce((sum, { tokens: ofGroup }, at) => {
    const flies = routesOf(manifest, at).some((route) => route.model === model)
    return flies ? sum + ofGroup - (manifest.spared?.tokens[at] ?? 0) : sum
  }, 0)
  return { tokens }
}
