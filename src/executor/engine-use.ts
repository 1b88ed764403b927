import type { EngineSettings } from '../domain/engine-settings.ts'
import { DAY } from '../kit/clock.ts'
import type { Call } from '../providers/contract.ts'
import { IdleHours } from './idle-hours.ts'
import { LoadWatch } from './load-watch.ts'

/** What takes more than a year of nights need not be known to the day. */
const WINDOWS_COUNTED = 366

type Hours = Pick<EngineSettings, 'window' | 'zone'>

/** Its present window, or the next one, our clock; null: it is always open. */
export function windowOf(
  { window, zone }: Hours,
  now: number,
): { readonly opens: number; readonly closes: number } | null {
  if (window === null) return null
  const hours = new IdleHours(window, zone)
  const changes = hours.changesAt(now)
  if (changes === Number.POSITIVE_INFINITY) return null
  return hours.isOpen(now) ? { opens: now, closes: changes } : { opens: changes, closes: hours.changesAt(changes) }
}

/** When so much work is done that begins at `from`, within its hours. */
export function doneAt(hours: Hours, from: number, ms: number): number {
  let [at, left] = [from, ms]
  for (let windows = 0; ; windows++) {
    const window = windowOf(hours, at)
    if (window === null) return at + left
    const open = window.closes - window.opens
    if (open >= left) return window.opens + left
    if (windows === WINDOWS_COUNTED) return at + (left / open) * DAY
    left -= open
    at = window.closes
  }
}

/** How much of the time from then to then it may be used, ms. */
export function openWithin(hours: Hours, from: number, until: number): number {
  let [at, sum] = [from, 0]
  for (;;) {
    const window = windowOf(hours, at)
    if (window === null) return until - from
    if (window.opens >= until) return sum
    sum += Math.min(window.closes, until) - window.opens
    at = window.closes
  }
}

/** An engine of the user's own, as long as this process sends it requests: one for all runs there. */
export class EngineUse {
  readonly #hours: IdleHours | undefined
  readonly #load: LoadWatch | undefined
  readonly #now: () => number

  /** @throws UsageError for a window that names no hours */
  constructor(call: Call, { window, zone, yieldWhen, metricsUrl }: EngineSettings) {
    this.#now = () => call.clock.now()
    this.#hours = window === null ? undefined : new IdleHours(window, zone)
    this.#load =
      yieldWhen === null
        ? undefined
        : new LoadWatch(call, { ...yieldWhen, ...(metricsUrl === undefined ? {} : { metricsUrl }) })
  }

  /** Asked before each request. */
  mayStart(): boolean {
    return this.held() === null
  }

  /** Why nothing starts now; null: it may. */
  held(): string | null {
    const now = this.#now()
    if (this.#hours?.isOpen(now) === false) return `closed until ${new Date(this.#hours.changesAt(now)).toISOString()}`
    if (this.#load === undefined || this.#load.calm()) return null
    const { waiting, problem } = this.#load
    if (problem !== null) return problem
    return waiting === undefined ? 'its metrics are being looked at' : `${waiting} requests wait there`
  }

  close(): void {
    this.#load?.close()
  }
}
