import { MINUTE, SECOND } from '../kit/clock.ts'
import type { Rate } from '../providers/contract.ts'

/** What one request takes of each rate. */
export type Cost = Readonly<Record<Rate['of'], number>>

/** Limits a minute that the user sets. */
export interface Pace {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
}

/** So many seconds' worth may go at once: vendors hold a minute's limit to its seconds. */
const BURST = 5 * SECOND

/**
 * When the next request may leave, by the rates that the user sets and those that the vendor's replies state. What it
 * states last counts; requests and tokens are spread over the minute rather than spent at its start.
 */
export class Pacing {
  readonly #own: Bucket[] = []
  readonly #told = new Map<Rate['of'], Bucket>()

  constructor({ requestsPerMinute, tokensPerMinute }: Pace, now: number) {
    if (requestsPerMinute !== undefined) this.#own.push(new Bucket('requests', requestsPerMinute, now))
    if (tokensPerMinute !== undefined) this.#own.push(new Bucket('tokens', tokensPerMinute, now))
  }

  /** When a request may leave: now, or later. */
  readyAt(now: number): number {
    let at = now
    for (const bucket of this.#own) at = Math.max(at, bucket.readyAt(now))
    for (const bucket of this.#told.values()) at = Math.max(at, bucket.readyAt(now))
    return at
  }

  take(cost: Cost, now: number): void {
    for (const bucket of this.#own) bucket.take(cost, now)
    for (const bucket of this.#told.values()) bucket.take(cost, now)
  }

  /** Requests a second that these rates let through; undefined: none is known. */
  perSecond(cost: Cost): number | undefined {
    const known = [...this.#own, ...this.#told.values()].map((bucket) => bucket.perSecond(cost))
    return known.length === 0 ? undefined : Math.min(...known)
  }

  /** A reply stated a rate. */
  learn({ of, limit, left, resetMs }: Rate, now: number): void {
    if (!(limit > 0)) return
    let bucket = this.#told.get(of)
    if (bucket === undefined || bucket.limit !== limit) {
      bucket = new Bucket(of, limit, now)
      this.#told.set(of, bucket)
    }
    bucket.learn(left, resetMs, now)
  }
}

class Bucket {
  readonly limit: number
  readonly #of: Rate['of']
  readonly #perMs: number
  readonly #full: number
  #level: number
  #at: number
  #closedUntil = Number.NEGATIVE_INFINITY

  constructor(of: Rate['of'], limit: number, now: number) {
    this.limit = limit
    this.#of = of
    this.#perMs = limit / MINUTE
    this.#full = Math.max(1, this.#perMs * BURST)
    this.#level = this.#full
    this.#at = now
  }

  /** Whatever is above nothing will do: what a large request takes beyond it is made up for after. */
  readyAt(now: number): number {
    const missing = Number.EPSILON - this.#levelAt(now)
    const filled = missing <= 0 ? now : now + Math.ceil(missing / this.#perMs)
    return Math.max(filled, this.#closedUntil)
  }

  perSecond(cost: Cost): number {
    return (this.#perMs * SECOND) / Math.max(cost[this.#of], Number.EPSILON)
  }

  take(cost: Cost, now: number): void {
    this.#level = this.#levelAt(now) - cost[this.#of]
    this.#at = now
  }

  learn(left: number, resetMs: number, now: number): void {
    this.#level = Math.min(this.#levelAt(now), Math.max(0, left))
    this.#at = now
    // What fills up again within the minute fills up all the time; what takes longer is no limit a minute at all.
    if (left <= 0 && resetMs > MINUTE) this.#closedUntil = now + resetMs
  }

  #levelAt(now: number): number {
    return Math.min(this.#full, this.#level + (now - this.#at) * this.#perMs)
  }
}
