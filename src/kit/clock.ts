import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Time as the engine sees it. `now` may run faster than the world (demo, tests), `real` never does: leases and body
 * time-outs guard against frozen processes, and those freeze in real time.
 */
export interface Clock {
  /** Epoch ms, scaled. */
  now(): number
  /** Epoch ms, as the machine has it. */
  real(): number
  /** Waits `ms` of scaled time. Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  readonly speed: number
}

/**
 * @param speed   scaled seconds per real second
 * @param anchor  epoch ms at which scaled and real time agree; one per home, so that its processes agree
 */
export function clockAt(speed = 1, anchor = 0): Clock {
  const scaled = speed === 1 ? () => Date.now() : () => Math.round(anchor + (Date.now() - anchor) * speed)
  return {
    speed,
    now: scaled,
    real: () => Date.now(),
    sleep: async (ms, signal) => {
      await sleep(Math.max(0, ms / speed), undefined, signal ? { signal } : {})
    },
  }
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
