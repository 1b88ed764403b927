import type { SyncLimits } from '../providers/contract.ts'
import { EngineTime } from './engine-time.ts'
import { type Pace, Pacing } from './pacing.ts'
import { Throttle } from './throttle.ts'

export interface GateOptions {
  readonly limits: Pick<SyncLimits, 'concurrencyStart' | 'concurrencyMax'>
  readonly concurrency?: { readonly start?: number; readonly max?: number } | undefined
  readonly pace?: Pace | undefined
  /** Our clock. */
  readonly now: number
  readonly random: () => number
}

/**
 * What all runs on one lane of one account share: how many requests may be in flight, how fast they may leave, and how
 * many are. One run may so end while the next begins, without the two asking too much together.
 */
export class LaneGate {
  readonly throttle: Throttle
  readonly pacing: Pacing
  /** Who has how much of the time, where that is what is paid for. */
  readonly time = new EngineTime()
  /** Requests in flight there may ever be. */
  readonly max: number
  #inFlight = 0
  readonly #waiting = new Set<() => void>()

  constructor({ limits, concurrency, pace, now, random }: GateOptions) {
    this.max = Math.min(concurrency?.max ?? limits.concurrencyMax, limits.concurrencyMax)
    const start = concurrency?.start ?? limits.concurrencyStart
    this.throttle = new Throttle({ start, max: this.max, random })
    this.pacing = new Pacing(pace ?? {}, now)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get open(): boolean {
    return this.#inFlight < this.throttle.window
  }

  /** Called whenever a place becomes free, until `leave`. */
  join(wake: () => void): void {
    this.#waiting.add(wake)
  }

  leave(wake: () => void): void {
    this.#waiting.delete(wake)
  }

  begin(): void {
    this.#inFlight++
  }

  end(): void {
    this.#inFlight--
    for (const wake of this.#waiting) wake()
  }
}
