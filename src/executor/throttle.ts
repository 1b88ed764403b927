import { MINUTE, SECOND } from '../kit/clock.ts'

export interface ThrottleOptions {
  readonly start: number
  readonly max: number
  /** In [0, 1): spreads what would otherwise come back all at once. */
  readonly random: () => number
}

/** How much slower than at its best an answer may get, token for token, before it counts as too much asked. */
const SLOWER = 4
/** What is faster than this is not slow, however much faster it was before. */
const SLOW_MS = 2 * SECOND
/** Slowness never brings the window below this: answers differ, and few of them tell little. */
const SLOW_FLOOR = 8
const PAUSE_FIRST = 0.5 * SECOND
const PAUSE_MAX = MINUTE
/** Tokens of an answer that cost no more time than its way there and back. */
const TOKENS_FREE = 40

/**
 * How many requests may be in flight: doubled with each round of answers until the far end first has enough, from then
 * on one more a round; halved when it refuses. Pure: time is handed in.
 */
export class Throttle {
  readonly #options: ThrottleOptions
  #window: number
  #growing = true
  /** Of a request begun before this, a refusal was heard already. */
  #cutAt = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  #refusedInRow = 0
  /** Milliseconds a token and an answer, averaged, and the lowest that the former was. */
  #pace = 0
  #ms = 0
  #paceBest = Number.POSITIVE_INFINITY

  constructor(options: ThrottleOptions) {
    this.#options = options
    this.#window = Math.min(options.start, options.max)
  }

  get window(): number {
    return Math.max(1, Math.floor(this.#window))
  }

  /** Nothing may start before. */
  get pausedUntil(): number {
    return this.#pausedUntil
  }

  answered(at: { begunAt: number; now: number; inFlight: number; outputTokens: number | undefined }): void {
    this.#refusedInRow = 0
    if (at.outputTokens !== undefined && this.#slow(at.begunAt, at.now, at.inFlight, at.outputTokens)) return
    // A window that is not used tells nothing of a larger one.
    if (at.inFlight < this.#window / 2) return
    this.#window = Math.min(this.#options.max, this.#window + (this.#growing ? 1 : 1 / this.#window))
  }

  /** It was refused because we ask too much, or have asked at a bad time. */
  refused(at: { begunAt: number; now: number; retryAfterMs?: number | undefined }): void {
    const { begunAt, now, retryAfterMs } = at
    if (retryAfterMs !== undefined) this.pauseUntil(now + retryAfterMs)
    if (begunAt < this.#cutAt) return
    this.#cut(now, 2)
    this.#refusedInRow++
    if (retryAfterMs === undefined) {
      const pause = Math.min(PAUSE_MAX, PAUSE_FIRST * 2 ** (this.#refusedInRow - 1))
      this.pauseUntil(now + pause * (0.5 + this.#options.random() / 2))
    }
  }

  /** Whoever waits for others begins again with less. */
  yielded(now: number): void {
    this.#cut(now, 2)
  }

  pauseUntil(at: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, at)
  }

  #cut(now: number, by: number): void {
    this.#window = Math.max(1, this.#window / by)
    this.#growing = false
    this.#cutAt = now
  }

  #slow(begunAt: number, now: number, inFlight: number, outputTokens: number): boolean {
    const pace = (now - begunAt) / (outputTokens + TOKENS_FREE)
    const share = this.#pace === 0 ? 1 : 1 / 16
    this.#pace += (pace - this.#pace) * share
    this.#ms += (now - begunAt - this.#ms) * share
    // A best of long ago fades, so that a far end that has become slower for good is not held against itself.
    this.#paceBest = Math.min(this.#paceBest * 1.001, this.#pace)
    if (this.#ms < SLOW_MS || this.#pace <= SLOWER * this.#paceBest) return false
    if (begunAt < this.#cutAt || inFlight < this.#window / 2 || this.#window <= SLOW_FLOOR) return false
    this.#cut(now, 1.25)
    return true
  }
}
