import { MINUTE, SECOND } from '../kit/clock.ts'
import { caution, type Flying, isSure, lagMs, lastMoment, type Outlook } from './outlook.ts'
import { chanceWithin } from './survival.ts'
import type { Decision, Offer, ShardView, SyncOffer } from './view.ts'
import { sharesOf, span } from './words.ts'

/** Beyond what a cancelled submission may take to end, so much work is kept queued on a lane that must not pause. */
const QUEUE_MS = 2 * MINUTE
/** What a cancel may take by the vendor's own figure, so many times over: then it is not waited for. */
const OVERDUE_TIMES = 3

/**
 * Keeps a lane's queue filled: with shards that do not fly, else by cancelling those that are least likely to land.
 * @param leave  which submissions may be cancelled for it
 */
export function feed(
  outlook: Outlook,
  offer: SyncOffer,
  why: string,
  leave: 'any' | 'slow' | 'none',
): Decision | undefined {
  if (offer.down) return undefined
  const { flying, idle, view } = outlook
  const queued = onOffer(outlook, offer)
  const wanted = offer.pace.perSecond * ((lagMs(flying) + QUEUE_MS) / SECOND)
  if (queued >= wanted) return undefined
  // What has left a lane that sheds does not come back to it: it left for want of time.
  const free = isSure(offer) ? idle : idle.filter((shard) => triesOf(shard, offer) === 0)
  const ready = leave === 'slow' && !fewLandSoon(outlook) ? [] : affordable(outlook, offer, free, wanted - queued)
  if (ready.length > 0) return buy(outlook, ready, offer, why)
  const coming = flying
    .filter(({ flight, offer: from }) => flight.cancelledAt !== null && !isSure(from))
    .reduce((sum, { shard }) => sum + shard.requests, 0)
  if (queued + coming >= wanted) return undefined
  const leavers = leave === 'none' ? [] : leaversTo(outlook, offer, leave)
  const leaving = affordable(outlook, offer, leavers, wanted - queued - coming)
  if (leaving.length === 0) return undefined
  const reason = `Cancels ${sharesOf(leaving.length, view.shards.length)} to move to ${offer.lane}: ${why}.`
  return { do: 'cancel', shards: leaving.map(({ id }) => id), to: offer, reason }
}

/** Who leaves first for a lane: what waits behind others, then submissions by how little they have finished. */
function leaversTo(outlook: Outlook, to: SyncOffer, leave: 'any' | 'slow'): ShardView[] {
  const sure = isSure(to)
  const candidates = outlook.flying.filter(
    (one) =>
      one.flight.cancelledAt === null &&
      !one.offer.down &&
      one.offer !== to &&
      (sure
        ? one.offer.price < to.price
        : one.offer.kind === 'batch' && !landsAlone(outlook, one) && (leave === 'any' || !landsSoon(outlook, one))),
  )
  const keyOf = ({ shard, flight, offer }: Flying): number => {
    if (offer.kind === 'sync') return flight.movedAt === null ? -1 : 2
    return (flight.done ?? 0) / shard.requests
  }
  return candidates.toSorted((a, b) => keyOf(a) - keyOf(b)).map(({ shard }) => shard)
}

/** How long a submission is worth waiting for where another lane costs the same: a part of what is left to wait at all. */
export const patience = ({ now, safeUntil }: Outlook): number => ((safeUntil - now) / SECOND) * caution.patience

function landsSoon(outlook: Outlook, { flight, offer }: Flying): boolean {
  if (offer.kind !== 'batch') return true
  const age = (outlook.now - flight.since) / SECOND
  return chanceWithin(outlook.curveOf(offer), age, patience(outlook)) >= 0.5
}

/** No lane of submissions would probably land a new one soon. */
export const fewLandSoon = (outlook: Outlook): boolean =>
  outlook.batches.every((offer) => chanceWithin(outlook.curveOf(offer), 0, patience(outlook)) < 0.5)

/** By its own count of finished requests it ends before the latest safe moment. */
function landsAlone({ now, safeUntil }: Outlook, { shard, flight }: Flying): boolean {
  if (flight.done === null || flight.done === 0 || flight.movedAt === null) return false
  const age = now - flight.since
  if (now - flight.movedAt > Math.max(5 * MINUTE, age / 5)) return false
  return flight.since + (age * shard.requests) / flight.done < safeUntil
}

/** A cancelled submission that does not end is left to itself: past any doubt, or when waiting would break the deadline. */
export function abandon(outlook: Outlook, offer: SyncOffer, carefulPace: number): Decision | undefined {
  const { now, flying } = outlook
  if (offer.down || onOffer(outlook, offer) > 0) return undefined
  const late = now >= lastMoment(outlook, carefulPace)
  const hanging = flying.filter(({ flight, offer: from }) => {
    if (flight.cancelledAt === null || isSure(from)) return false
    const figure = from.cancelSeconds * SECOND
    return now >= flight.cancelledAt + (late ? figure : OVERDUE_TIMES * figure)
  })
  const shards = affordable(
    outlook,
    offer,
    hanging.map(({ shard }) => shard),
  ).map(({ id }) => id)
  const first = hanging.find(({ shard }) => shard.id === shards[0])
  if (first === undefined) return undefined
  const lag = span((now - (first.flight.cancelledAt ?? now)) / SECOND)
  const reason = `Climbs to ${offer.lane} although what was cancelled ${lag} ago has not ended, and may be paid for besides: waiting on would break the deadline.`
  return { do: 'climb', shards, offer, abandons: true, reason }
}

export function buy(outlook: Outlook, shards: readonly ShardView[], offer: Offer, why: string): Decision {
  const climbs = shards.some(({ tried }) => tried.length > 0)
  const again = shards.every((shard) => triesOf(shard, offer) > 0)
  const ids = shards.map(({ id }) => id)
  const some = sharesOf(ids.length, outlook.view.shards.length)
  const what = again
    ? `Sends ${some} to ${offer.lane} again`
    : `${climbs ? 'Climbs' : 'Submits'} with ${some} to ${offer.lane}`
  const reason = `${what}: ${why}.`
  return climbs
    ? { do: 'climb', shards: ids, offer, abandons: false, reason }
    : { do: 'submit', shards: ids, offer, reason }
}

/** Shards from the front until there are `amount` requests, as far as the offer's room and the budget go. */
export function affordable(
  { view }: Outlook,
  offer: Offer,
  shards: readonly ShardView[],
  amount = Number.POSITIVE_INFINITY,
): ShardView[] {
  const max = Math.min(offer.room, (view.budgetLeft ?? Number.POSITIVE_INFINITY) / offer.price)
  const taken: ShardView[] = []
  let sum = 0
  for (const shard of shards) {
    if (sum >= amount) break
    if (sum + shard.requests > max) continue
    taken.push(shard)
    sum += shard.requests
  }
  return taken
}

const onOffer = ({ flying }: Outlook, offer: Offer): number =>
  flying
    .filter((one) => one.offer === offer && one.flight.cancelledAt === null)
    .reduce((sum, { shard }) => sum + shard.requests, 0)

export const triesOf = ({ tried }: ShardView, { name }: Offer): number => tried.filter((one) => one === name).length
