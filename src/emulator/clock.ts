/**
 * The emulator's own time: real time from the start on, times a speed, plus jumps asked for by a test.
 * Everything a vendor would stamp (the Date header, created_at, expiry) comes from here, so that a day can pass in a
 * second and two looks at one instant always agree.
 */
export interface Clock {
  /** Emulated time, epoch milliseconds. */
  now(): number
  /** Emulated time, whole epoch seconds, as the wire wants it. */
  seconds(): number
  readonly speed: number
  /** Jump forward. Time never runs back: a vendor's does not either. */
  advance(milliseconds: number): void
  /** From now on run at another speed; what has passed stays passed. */
  setSpeed(speed: number): void
}

export function createClock(options: { speed: number; startAt: number; realNow?: () => number }): Clock {
  const realNow = options.realNow ?? (() => performance.now())
  let speed = checkedSpeed(options.speed)
  let emulatedAnchor = options.startAt
  let realAnchor = realNow()
  const now = () => emulatedAnchor + (realNow() - realAnchor) * speed
  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    get speed() {
      return speed
    },
    advance(milliseconds) {
      if (!(milliseconds >= 0)) throw new RangeError(`The clock can only go forward; got ${milliseconds} ms.`)
      emulatedAnchor += milliseconds
    },
    setSpeed(next) {
      const at = now()
      speed = checkedSpeed(next)
      emulatedAnchor = at
      realAnchor = realNow()
    },
  }
}

function checkedSpeed(speed: number): number {
  if (!(speed > 0) || !Number.isFinite(speed)) throw new RangeError(`speed must be a positive number; got ${speed}.`)
  return speed
}
