import { type Measured, measure, paceOf } from '../../src/policy/pace.ts'
import type { Decision, Offer, ShardView, View } from '../../src/policy/view.ts'
import {
  type Course,
  cancelHelps,
  cancelLag,
  courseOf,
  expiryOf,
  habits,
  type Night,
  noticed,
  paceAt,
  paceChanges,
  tailOf,
  type World,
} from './night.ts'
import { DRAIN_SECONDS, type Lane, prices, quotedOffers } from './offers.ts'

/** What a policy is: what Redeye's own is. */
export interface Pilot {
  decide(view: View, now: number): Decision
  /** A favour to policies that do not know of it: what they cancel ends, and is collected, at once. */
  readonly cancelsAtOnce?: boolean
}

export interface Flown {
  /** Seconds from the start until every request had its answer; infinite: never, or a day after the deadline. */
  readonly landed: number
  /** All that was paid, in prices of one request at standard, for the job's requests; paid twice counts twice. */
  readonly cost: number
  readonly decisions: number
  readonly log: readonly string[]
}

interface Submission {
  readonly course: Course
  readonly rows: number
  readonly since: number
  readonly attempt: number
  /** When it ends by itself or, once it is cancelled, by that; and when we know. */
  endsAt: number
  noticedAt: number
  cancelledAt: number
}

interface Shard {
  readonly index: number
  readonly id: string
  left: number
  lane: Lane | null
  submission: Submission | null
  /** On a sync lane: since when, and when its last answer comes, once the last request has been sent. */
  since: number
  started: boolean
  lastAnswerAt: number
  attempts: number
  tried: string[]
}

const NEVER = Number.POSITIVE_INFINITY
const DAY = 86_400
const DECISIONS_MAX = 5000

export class Flight {
  readonly #night: Night
  readonly #world: World
  readonly #pilot: Pilot
  readonly #shards: Shard[]
  readonly #draining = new Map<Shard, number>()
  readonly #queues: Record<'flex' | 'standard', Shard[]> = { flex: [], standard: [] }
  readonly #measured: Record<'flex' | 'standard', Measured> = {
    flex: { requests: 0, seconds: 0 },
    standard: { requests: 0, seconds: 0 },
  }
  readonly #landed: View['landed'][number][] = []
  readonly #abandoned: Submission[] = []
  readonly #offers: Record<Lane, Offer>
  readonly #log: string[] | null
  #quotaHeld: { until: number; rows: number }[] = []
  #now = 0
  #cost = 0

  constructor(night: Night, world: World, pilot: Pilot, shardRequests: number, log = false) {
    this.#night = night
    this.#world = world
    this.#pilot = pilot
    this.#log = log ? [] : null
    const count = Math.ceil(night.requests / shardRequests)
    this.#shards = Array.from({ length: count }, (_, index) => ({
      index,
      id: `shard ${index + 1}`,
      left: Math.floor(((index + 1) * night.requests) / count) - Math.floor((index * night.requests) / count),
      lane: null,
      submission: null,
      since: 0,
      started: false,
      lastAnswerAt: NEVER,
      attempts: 0,
      tried: [],
    }))
    this.#offers = quotedOffers(night, shardRequests)
  }

  run(): Flown {
    const horizon = this.#night.deadline + DAY
    let decisions = 0
    while (this.#now < horizon && this.#shards.some(({ left }) => left > 0)) {
      const [from, until] = this.#night.outage
      if (this.#now >= from && this.#now < until) {
        this.#advance(until + 30)
        continue
      }
      const decision = this.#pilot.decide(this.#view(), this.#now * 1000)
      decisions += 1
      if (decisions > DECISIONS_MAX)
        throw new Error(
          `no end of decisions; the last: ${JSON.stringify(decision)} ${JSON.stringify(this.#view().shards)}`,
        )
      this.#log?.push(`${clock(this.#now)}  ${decision.reason}`)
      this.#act(decision, horizon)
    }
    this.#payAbandoned()
    const landed = this.#shards.some(({ left }) => left > 0) ? NEVER : this.#now
    return { landed, cost: this.#cost, decisions, log: this.#log ?? [] }
  }

  #act(decision: Decision, horizon: number): void {
    if (decision.do === 'finish') throw new Error('finished with requests left')
    if (decision.do === 'wait') return this.#advance(Math.min(horizon, decision.until / 1000))
    for (const id of decision.shards) {
      const shard = this.#shards.find((one) => one.id === id)
      if (shard === undefined) throw new Error(`no shard ${id}`)
      if (decision.do === 'cancel') this.#cancel(shard)
      else this.#buy(shard, decision.offer.lane.split('/')[1] as Lane, decision.do === 'climb' && decision.abandons)
    }
  }

  #buy(shard: Shard, lane: Lane, abandons: boolean): void {
    if (abandons) {
      if (shard.submission !== null) this.#abandoned.push(shard.submission)
      this.#draining.delete(shard)
      this.#leave(shard)
    }
    if (shard.lane !== null) throw new Error(`${shard.id} flies already`)
    shard.lane = lane
    shard.since = this.#now
    shard.started = false
    shard.lastAnswerAt = NEVER
    if (lane !== 'batch') {
      this.#queues[lane].push(shard)
      return
    }
    if (shard.left > this.#room()) throw new Error('the quota was full')
    const attempt = shard.attempts
    shard.attempts += 1
    const { createSeconds } = habits[this.#night.vendor]
    const since = this.#now + (attempt === 0 ? createSeconds * (shard.index + 1) : createSeconds)
    const course = courseOf(this.#night, this.#world, shard.index, attempt, shard.left)
    const endsAt = this.#after(since, lengthOf(course, this.#night))
    const submission: Submission = {
      course,
      rows: shard.left,
      since,
      attempt,
      endsAt,
      noticedAt: this.#noticedAt(endsAt, shard.index, attempt, endsAt - since),
      cancelledAt: NEVER,
    }
    shard.submission = submission
  }

  #cancel(shard: Shard): void {
    const { submission } = shard
    if (submission === null) {
      if (shard.lane === null || shard.lane === 'batch') throw new Error(`${shard.id} has nothing to cancel`)
      const queue = this.#queues[shard.lane]
      if (queue.includes(shard)) queue.splice(queue.indexOf(shard), 1)
      if (shard.started && this.#pilot.cancelsAtOnce !== true) {
        // The requests in flight are waited for; the rest is free to go.
        shard.lastAnswerAt = Math.min(shard.lastAnswerAt, this.#drop(shard, shard.lane))
        this.#draining.set(shard, this.#now)
        return
      }
      this.#leave(shard)
      return
    }
    if (submission.cancelledAt !== NEVER) throw new Error(`${shard.id} is cancelled already`)
    submission.cancelledAt = this.#now
    if (this.#pilot.cancelsAtOnce === true) {
      submission.endsAt = Math.min(submission.endsAt, this.#now)
      submission.noticedAt = this.#now
      this.#collect(shard, submission)
      return
    }
    const lag = cancelLag(this.#night, shard.index, submission.attempt)
    const ends = this.#after(this.#now, lag)
    const worked = this.#after(submission.since, submission.course.queue + submission.course.work)
    const hangs = submission.course.hang > 0 && this.#now > worked
    if (hangs && !cancelHelps(this.#night, shard.index, submission.attempt)) return
    if (ends < submission.endsAt) {
      submission.endsAt = ends
      submission.noticedAt = this.#noticedAt(ends, shard.index, submission.attempt, lag)
    }
  }

  /** Requests in flight are waited for a while; the rest of them are paid for and sent again. Returns when it is over. */
  #drop(shard: Shard, tier: 'flex' | 'standard'): number {
    const tail = tailOf(this.#night, tier, shard.index)
    if (tail <= DRAIN_SECONDS) return this.#now + tail
    const lost = Math.min(
      paceAt(this.#night, tier, this.#now) * DRAIN_SECONDS,
      Math.max(0, this.#night.requests / this.#shards.length - shard.left),
    )
    shard.left += lost
    return this.#now + DRAIN_SECONDS
  }

  #leave(shard: Shard): void {
    if (shard.lane !== null) shard.tried.push(this.#offers[shard.lane].name)
    shard.lane = null
    shard.submission = null
  }

  /** Goes on to `until`, or to the first thing that a process attending the job would notice. */
  #advance(until: number): void {
    const target = Math.max(this.#now, Math.min(until, this.#nextNotice()))
    const happened = this.#work(target)
    for (const shard of this.#shards) {
      if (shard.submission !== null && shard.submission.noticedAt <= this.#now) this.#collect(shard, shard.submission)
      if (shard.lane !== null && shard.submission === null && shard.lastAnswerAt <= this.#now) {
        if (this.#draining.delete(shard)) this.#leave(shard)
        else {
          shard.left = 0
          shard.lane = null
        }
      }
    }
    this.#quotaHeld = this.#quotaHeld.filter((held) => held.until > this.#now)
    if (!happened && this.#now < target) this.#now = target
  }

  #nextNotice(): number {
    let next = NEVER
    for (const { submission, lastAnswerAt, lane } of this.#shards) {
      if (submission !== null) next = Math.min(next, submission.noticedAt)
      else if (lane !== null) next = Math.min(next, lastAnswerAt)
    }
    for (const held of this.#quotaHeld) next = Math.min(next, held.until)
    if (this.#night.outage[0] > this.#now) next = Math.min(next, this.#night.outage[0])
    return next
  }

  /** The sync lanes work; true when a shard's last request was sent before `target`, and time stands there. */
  #work(target: number): boolean {
    while (this.#now < target) {
      const standard = this.#queues.standard[0]
      const flex = this.#queues.flex[0]
      if (standard === undefined && flex === undefined) break
      const whole = paceAt(this.#night, 'standard', this.#now)
      const spared = standard === undefined ? whole : 0
      const flexPace = flex === undefined ? 0 : Math.min(paceAt(this.#night, 'flex', this.#now), spared)
      let until = Math.min(target, paceChanges(this.#night, this.#now))
      if (standard !== undefined && whole > 0) until = Math.min(until, this.#now + standard.left / whole)
      if (flex !== undefined && flexPace > 0) until = Math.min(until, this.#now + flex.left / flexPace)
      const seconds = Math.max(1e-6, until - this.#now)
      this.#now = Math.max(until, this.#now + 1e-6)
      const sent = [this.#send('standard', standard, whole, seconds), this.#send('flex', flex, flexPace, seconds)]
      if (sent.includes(true)) return true
    }
    return false
  }

  #send(tier: 'flex' | 'standard', shard: Shard | undefined, pace: number, seconds: number): boolean {
    if (shard === undefined) return false
    const rows = Math.min(shard.left, pace * seconds)
    this.#cost += rows * prices[tier]
    if (rows > 0) shard.started = true
    const [from, until] = this.#night.outage
    if (this.#now <= from || this.#now > until) this.#measured[tier] = measure(this.#measured[tier], rows, seconds)
    shard.left -= rows
    if (shard.left > 1e-6) return false
    // Its last answers are still to come.
    shard.left = 1e-6
    shard.lastAnswerAt = this.#now + tailOf(this.#night, tier, shard.index)
    this.#queues[tier].shift()
    return true
  }

  #collect(shard: Shard, submission: Submission): void {
    const done = this.#doneBy(submission, Math.min(submission.cancelledAt, submission.endsAt))
    this.#cost += done * prices.batch
    const whole = done >= submission.rows - 1e-6
    const cancelled = submission.cancelledAt !== NEVER && !whole
    const { partial } = habits[this.#night.vendor]
    if (whole || partial || (!cancelled && this.#night.vendor !== 'gemini')) shard.left = Math.max(0, shard.left - done)
    if (shard.left < 1e-6) shard.left = 0
    if (!cancelled) this.#landed.push({ offer: this.#offers.batch.name, seconds: submission.endsAt - submission.since })
    if (this.#night.quotaLag > 0)
      this.#quotaHeld.push({ until: this.#now + this.#night.quotaLag, rows: submission.rows })
    this.#leave(shard)
  }

  /** Abandoned submissions are paid for when they end, though nobody needs them. */
  #payAbandoned(): void {
    for (const submission of this.#abandoned) {
      this.#cost += this.#doneBy(submission, Math.min(submission.cancelledAt, submission.endsAt)) * prices.batch
    }
  }

  #doneBy({ course, rows, since }: Submission, time: number): number {
    if (time <= since) return 0
    const [from, until] = this.#night.outage
    const lost = Math.max(0, Math.min(time, until) - Math.max(since, from))
    const share = (time - since - (Number.isNaN(lost) ? 0 : lost) - course.queue) / Math.max(1, course.work)
    return rows * Math.min(course.stall, Math.max(0, share), 1)
  }

  /** `seconds` of the vendor's working time after `start`. */
  #after(start: number, seconds: number): number {
    const [from, until] = this.#night.outage
    return start < until && start + seconds > from ? start + seconds + (until - Math.max(start, from)) : start + seconds
  }

  #noticedAt(endsAt: number, shard: number, attempt: number, age: number): number {
    const at = endsAt + noticed(this.#night, shard, attempt, age)
    return at >= this.#night.outage[0] && at < this.#night.outage[1] ? this.#night.outage[1] + 30 : at
  }

  #room(): number {
    const held = this.#quotaHeld.reduce((sum, { rows }) => sum + rows, 0)
    const flying = this.#shards.reduce((sum, { submission }) => sum + (submission?.rows ?? 0), 0)
    return this.#night.quota - held - flying
  }

  #view(): View {
    const { batch, flex, standard } = this.#offers
    const offers: Offer[] = [
      this.#night.quota === NEVER ? batch : { ...batch, room: this.#room() },
      this.#paced('standard', standard),
    ]
    if (this.#night.flexPace > 0) offers.push(this.#paced('flex', flex))
    return {
      deadline: this.#night.deadline * 1000,
      startedAt: 0,
      shards: this.#shards.filter(({ left }) => left > 0).map((shard) => this.#viewOf(shard)),
      landed: this.#landed,
      offers,
      budgetLeft: null,
    }
  }

  #viewOf(shard: Shard): ShardView {
    const { id, left, tried, submission, lane } = shard
    const requests = Math.max(1, Math.ceil(left))
    if (lane === null) return { id, requests, flight: null, tried }
    const offer = this.#offers[lane].name
    if (submission === null) {
      const drains = this.#draining.get(shard)
      const cancelledAt = drains === undefined ? null : drains * 1000
      const movedAt = shard.started ? this.#now * 1000 : null
      return { id, requests, flight: { offer, since: shard.since * 1000, done: null, movedAt, cancelledAt }, tried }
    }
    const at = Math.min(this.#now, submission.cancelledAt)
    const done = habits[this.#night.vendor].counts ? Math.floor(this.#doneBy(submission, at)) : null
    const moves = done !== null && done > 0 && done < submission.rows * submission.course.stall
    const flight = {
      offer,
      since: submission.since * 1000,
      done,
      movedAt: moves ? this.#now * 1000 : null,
      cancelledAt: submission.cancelledAt === NEVER ? null : submission.cancelledAt * 1000,
    }
    return { id, requests, flight, tried }
  }

  #paced(tier: 'flex' | 'standard', offer: Offer): Offer {
    return offer.kind === 'sync' ? { ...offer, pace: paceOf(offer.pace, this.#measured[tier]) } : offer
  }
}

const lengthOf = (course: Course, { vendor }: Night): number =>
  Math.min(course.stall < 1 ? NEVER : course.queue + course.work + course.hang, expiryOf(vendor))

const clock = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60)
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}
