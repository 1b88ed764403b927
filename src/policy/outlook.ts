import { MINUTE, SECOND } from '../kit/clock.ts'
import type { LandingPrior } from './landing.ts'
import { tonight } from './survival.ts'
import type { BatchOffer, FlightView, Offer, ShardView, SyncOffer, View } from './view.ts'

/** What the policy keeps back, and how sure it wants to be. Chosen on nights that no result is judged by. */
export const caution = {
  /** Of a pace: so many standard deviations slower than its median. */
  deviations: 2,
  /** Kept back at the end whatever the job's size: for last answers, and for the outages that happen. */
  reserveMs: 5 * MINUTE,
  /** So much of the reserve is not spent on hoping that what is cancelled ends. */
  lastMs: 3 * MINUTE,
  /** Of the whole window, kept back besides, up to the bound. */
  reserveShare: 0.03,
  reserveMaxMs: 30 * MINUTE,
  /** A vendor's count of finished requests is taken for so much: until they are collected they can still be lost. */
  countTrust: 0.8,
  /**
   * Where a lane that sheds costs the same, submissions are given this part of the time until the latest safe moment:
   * what lands early is out of reach of whatever happens later.
   */
  patience: 0.25,
  /** Of what a lane that sheds could do in time, so much is held back for it when it has to start at once. */
  heldBack: 0.5,
} as const

/** A shard that flies, with the offer it flies on. */
export interface Flying {
  readonly shard: ShardView
  readonly flight: FlightView
  readonly offer: Offer
}

/** The view, sorted for a decision. */
export interface Outlook {
  readonly view: View
  readonly now: number
  readonly idle: readonly ShardView[]
  readonly flying: readonly Flying[]
  /** Tonight's landing curve of a lane of submissions. */
  curveOf(offer: BatchOffer): LandingPrior
  readonly batches: readonly BatchOffer[]
  /** Lanes that shed, cheapest first; those without a window now are not among them. */
  readonly shedding: readonly SyncOffer[]
  /** Lanes to be relied upon, in levels of one price, cheapest first. */
  readonly sure: readonly Level[]
  /** Requests that would be left if all submissions were cancelled now. */
  readonly left: number
  /** The latest safe moment: from then on the cheapest sure lane has to work without a pause. */
  readonly safeUntil: number
  /** The same for lanes that shed: later, they could not do the rest before `safeUntil`. */
  readonly shedFrom: number
}

export interface Level {
  readonly offers: readonly SyncOffer[]
  /** Requests a second of this level and all cheaper ones together, at the median and with caution. */
  readonly pace: number
  readonly carefulPace: number
}

export function outlookOf(view: View, now: number): Outlook {
  const shards = view.shards.filter(({ requests }) => requests > 0)
  const byName = new Map(view.offers.map((offer) => [offer.name, offer]))
  const flying: Flying[] = []
  for (const shard of shards) {
    const offer = shard.flight === null ? undefined : byName.get(shard.flight.offer)
    if (shard.flight !== null && offer !== undefined) flying.push({ shard, flight: shard.flight, offer })
  }
  const idle = shards.filter(({ flight }) => flight === null)
  const byPrice = view.offers.toSorted((a, b) => a.price - b.price)
  const sync = byPrice.filter((offer) => offer.kind === 'sync')
  const sure = levelsOf(sync.filter(({ sheds, window }) => !sheds && window === null))
  const shedding = sync.filter(({ sheds, window }) => (sheds || window !== null) && isOpen(window, now))
  const left = shards.reduce((sum, shard) => sum + leftOf(shard, byName.get(shard.flight?.offer ?? '')), 0)
  const onSure = flying.filter(({ offer }) => isSure(offer)).reduce((sum, { shard }) => sum + shard.requests, 0)
  const waiting = flying.filter(
    ({ flight, offer }) => offer.kind === 'sync' && !isSure(offer) && flight.movedAt === null,
  )
  const free = [...idle, ...waiting.map(({ shard }) => shard)].reduce((sum, { requests }) => sum + requests, 0)
  const safeUntil = safeMoment(view, sure[0], { left, atHand: free + onSure, flying })
  const shedPace = shedding.reduce((sum, { pace }) => sum + carefulPaceOf(pace), 0)
  const shedSeconds = shedPace === 0 ? 0 : (left - onSure) / shedPace
  const curves = new Map<BatchOffer, LandingPrior>()
  return {
    view,
    now,
    idle,
    flying,
    curveOf(offer) {
      const known = curves.get(offer) ?? curve(offer, { view, flying, now })
      curves.set(offer, known)
      return known
    },
    batches: byPrice.filter((offer) => offer.kind === 'batch'),
    shedding,
    sure,
    left,
    safeUntil,
    shedFrom: safeUntil - shedSeconds * SECOND - lagMs(flying),
  }
}

/** Deadline − time for the rest on the cheapest sure lane − what a cancelled submission may take to end − reserve. */
function safeMoment(
  { deadline, startedAt }: View,
  level: Level | undefined,
  { left, atHand, flying }: { left: number; atHand: number; flying: readonly Flying[] },
): number {
  if (deadline === null) return Number.POSITIVE_INFINITY
  const reserve = reserveMs(deadline - startedAt)
  if (level === undefined) return deadline - reserve
  // What is at hand keeps the lane at work until the first cancelled submissions have ended.
  const idles = Math.max(0, lagMs(flying) - (atHand / level.pace) * SECOND)
  return deadline - (left / level.carefulPace) * SECOND - reserve - idles
}

export const reserveMs = (window: number): number =>
  caution.reserveMs + Math.min(caution.reserveMaxMs, caution.reserveShare * window)

/** Later than this the margin itself is being spent: nothing is waited for that can be done without. */
export const lastMoment = ({ view, left }: Outlook, carefulPace: number): number =>
  (view.deadline ?? Number.POSITIVE_INFINITY) - (left / carefulPace) * SECOND - caution.lastMs

/** The longest that it may take to end what is cancelled to climb. */
export const lagMs = (flying: readonly Flying[]): number =>
  Math.max(0, ...flying.map(({ offer }) => (isSure(offer) ? 0 : offer.cancelSeconds * SECOND)))

function curve(offer: BatchOffer, { view, flying, now }: Pick<Outlook, 'view' | 'flying' | 'now'>): LandingPrior {
  const landed = view.landed.filter(({ offer: name }) => name === offer.name).map(({ seconds }) => seconds)
  const ages = flying
    .filter((one) => one.offer === offer && one.flight.cancelledAt === null)
    .map(({ flight }) => (now - flight.since) / SECOND)
  return tonight(offer.landing, landed, ages)
}

export const carefulPaceOf = ({ perSecond, sigma }: { perSecond: number; sigma: number }): number =>
  perSecond * Math.exp(-caution.deviations * sigma)

export const isSure = (offer: Offer): boolean => offer.kind === 'sync' && !offer.sheds && offer.window === null

const isOpen = (window: SyncOffer['window'], now: number): boolean =>
  window === null || (now >= window.opens && now < window.closes)

function leftOf(shard: ShardView, offer: Offer | undefined): number {
  if (offer?.kind !== 'batch' || !offer.returnsPartial) return shard.requests
  const done = shard.flight?.done ?? 0
  // All finished and yet not ended is a submission whose results hang, perhaps beyond a cancel.
  return done < shard.requests ? shard.requests - done * caution.countTrust : shard.requests
}

function levelsOf(offers: readonly SyncOffer[]): Level[] {
  const levels: Level[] = []
  for (const price of new Set(offers.map((offer) => offer.price))) {
    const same = offers.filter((offer) => offer.price === price)
    const below = levels.at(-1)
    levels.push({
      offers: same,
      pace: same.reduce((sum, { pace }) => sum + pace.perSecond, below?.pace ?? 0),
      carefulPace: same.reduce((sum, { pace }) => sum + carefulPaceOf(pace), below?.carefulPace ?? 0),
    })
  }
  return levels
}
