import { SECOND } from '../kit/clock.ts'
import { affordable, buy, feed, fewLandSoon, triesOf } from './feed.ts'
import { carefulPaceOf, caution, type Outlook } from './outlook.ts'
import { chanceWithin } from './survival.ts'
import type { BatchOffer, Decision, ShardView } from './view.ts'
import { fromNow, percent } from './words.ts'

/** A submission is bought where its chance to land in time is at least this; bought again, it has to be better. */
const CHANCE_MIN = 0.1
const CHANCE_AGAIN_MIN = 0.3
export const SUBMISSIONS_MAX = 2
/** Without a sure lane to fall back on, being late is taken to cost so many times the price. */
const LATE_TIMES = 10

/** Shards that do not fly: to the submissions that come cheapest once their chance to be late is priced in. */
export function launch(outlook: Outlook): Decision | undefined {
  const waiting = heldBack(outlook)
  const ready = outlook.idle.filter((shard) => !waiting.has(shard))
  for (const shard of ready) {
    const step = launchOne(outlook, shard, ready)
    if (step !== undefined) return step
  }
  return undefined
}

function launchOne(outlook: Outlook, shard: ShardView, ready: readonly ShardView[]): Decision | undefined {
  const { view, now, safeUntil, shedding, batches, sure } = outlook
  const untried = view.deadline === null ? undefined : shedding.find((one) => !one.down && triesOf(shard, one) === 0)
  const again = shard.tried.length > 0
  if (again && untried !== undefined) return feed(outlook, untried, 'it costs no more than another submission', 'none')
  const batch = bestBatch(outlook, shard)
  if (batch !== undefined) {
    const { offer, chance } = batch
    const alike = ready.filter(
      (other) => other.tried.length > 0 === again && triesOf(other, offer) <= triesOf(shard, offer),
    )
    const shards = affordable(outlook, offer, alike)
    if (shards.length === 0) return undefined
    const why =
      view.deadline === null
        ? 'it is the cheapest lane, and nothing presses'
        : `it costs ${percent(offer.price)} of standard, and has a chance of ${percent(chance)} to land before a dearer lane must start ${fromNow(now, safeUntil)}`
    return buy(outlook, shards, offer, why)
  }
  const full = batches.every((offer) => offer.down || offer.room < shard.requests)
  if (full)
    return untried && now < safeUntil ? feed(outlook, untried, 'no submission can be bought now', 'none') : undefined
  const sync = untried ?? sure.flatMap(({ offers }) => offers).find(({ down }) => !down)
  return sync && feed(outlook, sync, 'no submission has a chance to land in time', 'none')
}

/**
 * New shards that wait for a sync lane: for one that sheds, if it could not do them all once submissions have been
 * given their time; for a sure one, if it has to start sooner than a cancelled submission could end.
 */
function heldBack(outlook: Outlook): ReadonlySet<ShardView> {
  const { now, shedFrom, safeUntil, shedding, idle, batches, sure, view } = outlook
  if (view.deadline === null) return new Set()
  const seconds = Math.max(0, safeUntil - now) / SECOND
  const pace = shedding.filter(({ down }) => !down).reduce((sum, one) => sum + carefulPaceOf(one.pace), 0)
  const sheds = now >= shedFrom || fewLandSoon(outlook) ? caution.heldBack * pace * seconds : 0
  const lag = Math.max(0, ...batches.map(({ cancelSeconds }) => cancelSeconds))
  let amount = Math.max(sheds, Math.max(0, lag - seconds) * (sure[0]?.pace ?? 0))
  const held = new Set<ShardView>()
  for (const shard of idle.filter(({ tried }) => tried.length === 0).toReversed()) {
    if (amount <= 0) break
    amount -= shard.requests
    held.add(shard)
  }
  return held
}

function bestBatch(outlook: Outlook, shard: ShardView): { offer: BatchOffer; chance: number } | undefined {
  const { view, now, safeUntil, sure, batches } = outlook
  const fallback = sure[0]?.offers[0]?.price ?? Number.POSITIVE_INFINITY
  let best: { offer: BatchOffer; chance: number; cost: number } | undefined
  for (const offer of batches) {
    if (offer.down || offer.room < shard.requests) continue
    const tries = triesOf(shard, offer)
    const chance = view.deadline === null ? 1 : chanceWithin(outlook.curveOf(offer), 0, (safeUntil - now) / SECOND)
    if (view.deadline !== null && Number.isFinite(fallback)) {
      if (tries >= SUBMISSIONS_MAX || chance < (tries > 0 ? CHANCE_AGAIN_MIN : CHANCE_MIN)) continue
    }
    const late = Number.isFinite(fallback) ? fallback : LATE_TIMES * offer.price
    const cost = chance * offer.price + (1 - chance) * late
    if (best === undefined || cost < best.cost) best = { offer, chance, cost }
  }
  return best
}
