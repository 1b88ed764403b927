import { MINUTE, SECOND } from '../kit/clock.ts'
import { carefulPaceOf, caution, type Flying, isSure, lagMs, lastMoment, type Outlook, outlookOf } from './outlook.ts'
import { chanceWithin } from './survival.ts'
import type { BatchOffer, Decision, Offer, ShardView, SyncOffer, View, Waits } from './view.ts'
import { percent, sharesOf, span } from './words.ts'

/** Beyond what a cancelled submission may take to end, so much work is kept queued on a lane that must not pause. */
const QUEUE_MS = 2 * MINUTE
/** A submission is bought where its chance to land in time is at least this; bought again, it has to be better. */
const CHANCE_MIN = 0.1
const CHANCE_AGAIN_MIN = 0.3
const SUBMISSIONS_MAX = 2
/** Stuck: fewer than one in fifty of tonight's submissions would fly for so long. */
const STUCK_BELOW = 0.02
/** By so much another try must be more likely to land than what flies. */
const BETTER_BY = 0.15
/** The vendor's own figure for ending what is cancelled, so many times over: then it is not waited for. */
const OVERDUE_TIMES = 3
const LOOK_MIN_MS = 15 * SECOND
const LOOK_MAX_MS = 30 * MINUTE

/**
 * The next step of a job: one at a time, since each is decided on what the one before has left. Pure: the same view
 * and moment give the same decision.
 * @param now  epoch ms
 */
export function decide(view: View, now: number): Decision {
  if (view.shards.every(({ requests }) => requests === 0)) {
    return { do: 'finish', reason: 'Every request has an outcome.' }
  }
  const outlook = outlookOf(view, now)
  return climbInTime(outlook) ?? useShedding(outlook) ?? launch(outlook) ?? freeStuck(outlook) ?? wait(outlook)
}

/** From the latest safe moment on, the sure lanes are kept at work, each dearer one only where the cheaper are not enough. */
function climbInTime(outlook: Outlook): Decision | undefined {
  for (const [at, level] of outlook.sure.entries()) {
    const cheaper = outlook.sure[at - 1]
    const from = cheaper === undefined ? outlook.safeUntil : lastMoment(outlook, cheaper.carefulPace)
    if (outlook.now < from) return undefined
    const seconds = outlook.left / level.pace
    const why = `the ${requestsOf(outlook.left)} left need about ${span(seconds)} there, and ${inTime(outlook)}`
    for (const offer of level.offers) {
      const step = feed(outlook, offer, why) ?? abandon(outlook, offer, level.carefulPace)
      if (step !== undefined) return step
    }
  }
  return undefined
}

/** Lanes that answer only when they have room cost no more than submissions; they start while a dearer one still could. */
function useShedding(outlook: Outlook): Decision | undefined {
  for (const offer of outlook.shedding) {
    const cheap = outlook.batches.every(({ price }) => offer.price < price)
    const due = cheap || outlook.now >= outlook.shedFrom
    const why = cheap
      ? 'it costs less than any submission'
      : due
        ? `it has to do the ${requestsOf(outlook.left)} left before a dearer lane must start ${fromNow(outlook, outlook.safeUntil)}`
        : `submissions have less than an even chance to land in the next ${span(patience(outlook))}`
    const step = feed(outlook, offer, why, due)
    if (step !== undefined) return step
  }
  return undefined
}

/** Keeps a lane's queue filled: with shards that do not fly, else by cancelling those that are least likely to land. */
function feed(outlook: Outlook, offer: SyncOffer, why: string, due = true): Decision | undefined {
  if (offer.down) return undefined
  const { flying, idle, view } = outlook
  const queued = onOffer(outlook, offer)
  const wanted = offer.pace.perSecond * ((lagMs(flying) + QUEUE_MS) / SECOND)
  if (queued >= wanted) return undefined
  const afford = (shards: readonly ShardView[], amount: number): ShardView[] =>
    takeWhile(shards, amount, Math.min(offer.room, (view.budgetLeft ?? Number.POSITIVE_INFINITY) / offer.price))
  // What has left a lane that sheds does not come back to it: it left for want of time.
  const free = isSure(offer) ? idle : idle.filter((shard) => triesOf(shard, offer) === 0)
  const ready = due || fewLandSoon(outlook) ? afford(free, wanted - queued) : []
  if (ready.length > 0) return buy(outlook, ready, offer, why)
  const coming = flying
    .filter(({ flight, offer: from }) => flight.cancelledAt !== null && !isSure(from))
    .reduce((sum, { shard }) => sum + shard.requests, 0)
  if (queued + coming >= wanted) return undefined
  const leaving = afford(leavers(outlook, offer, due), wanted - queued - coming)
  if (leaving.length === 0) return undefined
  const reason = `Cancels ${sharesOf(leaving.length, view.shards.length)} to move to ${offer.lane}: ${why}.`
  return { do: 'cancel', shards: leaving.map(({ id }) => id), to: offer, reason }
}

/** Who leaves first for a lane: what waits behind others, then submissions by how little they have finished. */
function leavers(outlook: Outlook, to: SyncOffer, due: boolean): ShardView[] {
  const sure = isSure(to)
  const candidates = outlook.flying.filter(
    (one) =>
      one.flight.cancelledAt === null &&
      !one.offer.down &&
      one.offer !== to &&
      (sure
        ? one.offer.price < to.price
        : one.offer.kind === 'batch' && !landsAlone(outlook, one) && (due || !landsSoon(outlook, one))),
  )
  const keyOf = ({ shard, flight, offer }: Flying): number => {
    if (offer.kind === 'sync') return flight.movedAt === null ? -1 : 2
    return (flight.done ?? 0) / shard.requests
  }
  return candidates.toSorted((a, b) => keyOf(a) - keyOf(b)).map(({ shard }) => shard)
}

/** How long a submission is worth waiting for where another lane costs the same: a part of what is left to wait at all. */
const patience = ({ now, safeUntil }: Outlook): number => ((safeUntil - now) / SECOND) * caution.patience

function landsSoon(outlook: Outlook, { flight, offer }: Flying): boolean {
  if (offer.kind !== 'batch') return true
  const age = (outlook.now - flight.since) / SECOND
  return chanceWithin(outlook.curveOf(offer), age, patience(outlook)) >= 0.5
}

/** No lane of submissions would probably land a new one soon. */
const fewLandSoon = (outlook: Outlook): boolean =>
  outlook.batches.every((offer) => chanceWithin(outlook.curveOf(offer), 0, patience(outlook)) < 0.5)

/** By its own count of finished requests it ends before the latest safe moment. */
function landsAlone({ now, safeUntil }: Outlook, { shard, flight }: Flying): boolean {
  if (flight.done === null || flight.done === 0 || flight.movedAt === null) return false
  const age = now - flight.since
  if (now - flight.movedAt > Math.max(5 * MINUTE, age / 5)) return false
  return flight.since + (age * shard.requests) / flight.done < safeUntil
}

/** A cancelled submission that does not end is left to itself: past any doubt, or when waiting would break the deadline. */
function abandon(outlook: Outlook, offer: SyncOffer, carefulPace: number): Decision | undefined {
  const { now, flying } = outlook
  if (offer.down || onOffer(outlook, offer) > 0) return undefined
  const late = now >= lastMoment(outlook, carefulPace)
  const hanging = flying.filter(({ flight, offer: from }) => {
    if (flight.cancelledAt === null || isSure(from)) return false
    const figure = from.cancelSeconds * SECOND
    return now >= flight.cancelledAt + (late ? figure : OVERDUE_TIMES * figure)
  })
  const [first] = hanging
  if (first === undefined) return undefined
  const lag = span((now - (first.flight.cancelledAt ?? now)) / SECOND)
  const shards = hanging.map(({ shard }) => shard.id)
  const reason = `Climbs to ${offer.lane} although what was cancelled ${lag} ago has not ended, and may be paid for besides: waiting on would break the deadline.`
  return { do: 'climb', shards, offer, abandons: true, reason }
}

/** Shards that do not fly: to the submissions that come cheapest once their chance to be late is priced in. */
function launch(outlook: Outlook): Decision | undefined {
  const { idle, view, now, shedding } = outlook
  const held = heldBack(outlook)
  const first = outlook.idle.filter(({ tried }) => tried.length === 0)
  const waiting = new Set(first.slice(first.length - held))
  for (const shard of idle) {
    if (waiting.has(shard)) continue
    const again = shard.tried.length > 0
    const lane =
      again && view.deadline !== null
        ? shedding.find(({ down, name }) => !down && !shard.tried.includes(name))
        : undefined
    if (lane !== undefined) {
      const step = feed(outlook, lane, 'it costs no more than another submission')
      if (step !== undefined) return step
      continue
    }
    const batch = bestBatch(outlook, shard)
    if (batch !== undefined) {
      const { offer, chance } = batch
      const same = idle.filter(
        (other) =>
          !waiting.has(other) && other.tried.length > 0 === again && triesOf(other, offer) <= triesOf(shard, offer),
      )
      const budget = (view.budgetLeft ?? Number.POSITIVE_INFINITY) / offer.price
      const shards = takeWhile(same, Number.POSITIVE_INFINITY, Math.min(offer.room, budget))
      if (shards.length === 0) continue
      const why =
        view.deadline === null
          ? 'it is the cheapest lane, and nothing presses'
          : `it costs ${percent(offer.price)} of standard, and lands with a chance of ${percent(chance)} before a dearer lane has to start ${fromNow(outlook, outlook.safeUntil)}`
      return buy(outlook, shards, offer, why)
    }
    if (outlook.batches.some((offer) => !offer.down && offer.room >= shard.requests)) {
      const sync = [...shedding, ...outlook.sure.flatMap(({ offers }) => offers)].find(
        (one) => !one.down && (isSure(one) || triesOf(shard, one) === 0),
      )
      const step = sync && feed(outlook, sync, 'no submission has a chance to land in time')
      if (step !== undefined) return step
    } else {
      const sync = shedding.find(({ down }) => !down)
      const step = sync && now < outlook.safeUntil ? feed(outlook, sync, 'no submission can be bought now') : undefined
      if (step !== undefined) return step
    }
  }
  return undefined
}

/** How many new shards wait for a lane that sheds, when it could not do them all if they came from submissions first. */
function heldBack(outlook: Outlook): number {
  const { now, shedFrom, safeUntil, shedding, idle } = outlook
  if (shedding.length === 0 || (now < shedFrom && !fewLandSoon(outlook))) return 0
  const pace = shedding.filter(({ down }) => !down).reduce((sum, { pace }) => sum + carefulPaceOf(pace), 0)
  const each = idle.reduce((sum, { requests }) => sum + requests, 0) / Math.max(1, idle.length)
  const seconds = Math.max(0, safeUntil - now) / SECOND
  return Math.min(idle.length, Math.floor((caution.heldBack * pace * seconds) / Math.max(1, each)))
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
    const late = Number.isFinite(fallback) ? fallback : 10 * offer.price
    const cost = chance * offer.price + (1 - chance) * late
    if (best === undefined || cost < best.cost) best = { offer, chance, cost }
  }
  return best
}

/** A submission that flies for longer than tonight's others can explain is cancelled while there is time for another try. */
function freeStuck(outlook: Outlook): Decision | undefined {
  const { view, now, safeUntil, flying, batches } = outlook
  if (view.deadline === null) return undefined
  for (const offer of batches) {
    const mine = flying.filter((one) => one.offer === offer && one.flight.cancelledAt === null)
    if (mine.length === 0 || offer.down) continue
    const curve = outlook.curveOf(offer)
    const other = outlook.shedding.some(({ down }) => !down)
    const fresh = chanceWithin(curve, 0, (safeUntil - now) / SECOND - offer.cancelSeconds)
    const stuck = mine.filter((one) => {
      const age = (now - one.flight.since) / SECOND
      if (1 - chanceWithin({ ...curve, stuck: null }, 0, age) > STUCK_BELOW || isMoving(one, now)) return false
      if (other) return true
      return (
        triesOf(one.shard, offer) < SUBMISSIONS_MAX - 1 &&
        fresh > chanceWithin(curve, age, (safeUntil - now) / SECOND) + BETTER_BY
      )
    })
    const [first] = stuck
    if (first === undefined) continue
    const age = span((now - first.flight.since) / SECOND)
    const reason = `Cancels ${sharesOf(stuck.length, view.shards.length)} as stuck: after ${age} on ${offer.lane} fewer than ${percent(STUCK_BELOW)} of tonight's submissions would still fly; the rest of it is tried anew.`
    return { do: 'cancel', shards: stuck.map(({ shard }) => shard.id), to: null, reason }
  }
  return undefined
}

/** Its counts still grow: slow, not stuck. */
const isMoving = ({ flight }: Flying, now: number): boolean =>
  flight.movedAt !== null && now - flight.movedAt < Math.max(5 * MINUTE, (now - flight.since) / 10)

function wait(outlook: Outlook): Decision {
  const { view, now, flying, idle, safeUntil, shedFrom, left } = outlook
  const all = view.shards.length
  const oldest = Math.max(0, ...flying.map(({ flight }) => now - flight.since))
  const next = [safeUntil, shedFrom].filter((at) => at > now)
  const patient = idle.length === 0 && now < safeUntil && next.length > 0
  const soon = patient ? Math.min(LOOK_MAX_MS, Math.max(MINUTE, oldest / 7)) : MINUTE
  const until = Math.max(now + LOOK_MIN_MS, Math.min(now + soon, ...next))
  const fly = `${sharesOf(flying.length, all)} in flight with ${requestsOf(left)} left, the oldest for ${span(oldest / SECOND)}`
  const because = (what: Waits, why: string): Decision => ({ do: 'wait', until, for: what, reason: `${why}; ${fly}.` })
  if (view.offers.every(({ down }) => down)) return because('vendor', 'No lane answers')
  const waiting = sharesOf(idle.length, all)
  if (idle.length > 0) {
    const smallest = Math.min(...idle.map(({ requests }) => requests))
    const cheapest = Math.min(...view.offers.map(({ price }) => price))
    if (view.budgetLeft !== null && cheapest * smallest > view.budgetLeft) {
      return because('budget', `The budget has no room for ${waiting}`)
    }
    if (view.offers.every(({ room }) => room < smallest)) return because('quota', `No quota has room for ${waiting}`)
    return because('turn', `${waiting} wait for their turn`)
  }
  if (view.deadline === null) return because('landing', 'Nothing presses')
  if (now >= safeUntil) return because('landing', 'The lane that has to meet the deadline is at work')
  return because('landing', `A dearer lane has to start ${fromNow(outlook, safeUntil)} at the latest`)
}

function buy(outlook: Outlook, shards: readonly ShardView[], offer: Offer, why: string): Decision {
  const climbs = shards.some(({ tried }) => tried.length > 0)
  const ids = shards.map(({ id }) => id)
  const reason = `${climbs ? 'Climbs' : 'Submits'} with ${sharesOf(ids.length, outlook.view.shards.length)} to ${offer.lane}: ${why}.`
  return climbs
    ? { do: 'climb', shards: ids, offer, abandons: false, reason }
    : { do: 'submit', shards: ids, offer, reason }
}

/** Shards from the front until `amount` requests are reached, never more than `max` in all. */
function takeWhile(shards: readonly ShardView[], amount: number, max: number): ShardView[] {
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

const triesOf = ({ tried }: ShardView, { name }: Offer): number => tried.filter((one) => one === name).length
const requestsOf = (count: number): string => `${Math.ceil(count)} requests`
const fromNow = ({ now }: Outlook, at: number): string => (at <= now ? 'now' : `in ${span((at - now) / SECOND)}`)
const inTime = ({ view, now }: Outlook): string =>
  view.deadline === null || view.deadline <= now
    ? 'the deadline has passed'
    : `the deadline is ${span((view.deadline - now) / SECOND)} away`
