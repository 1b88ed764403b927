import type { BatchError } from './faults.ts'

/**
 * The course of a batch, laid down when it is created: when each state is left. What a poll sees is a function of this
 * and the clock alone, so any number of looks, in any order, agree. Times are epoch milliseconds.
 */
export interface Course {
  readonly createdAt: number
  readonly expiresAt: number
  /** End of validating; Infinity when it never ends. */
  readonly validatedAt: number
  /** How long the lines take, all of them. */
  readonly runMs: number
  /** All lines done; Infinity when that never comes. */
  readonly finalizingAt: number
  readonly completedAt: number
  /** Share of the lines that is ever run; below 1 the batch stalls there. */
  readonly stallShare: number
  /** Found in validation; strikes at `validatedAt`. */
  failure: readonly BatchError[] | null
  cancel: { readonly requestedAt: number; readonly endsAt: number; readonly race: boolean } | null
}

export type Status =
  | 'validating'
  | 'failed'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'

export interface Moment {
  readonly status: Status
  readonly terminal: boolean
  /** Lines run so far, in the order of execution. */
  readonly executed: number
  readonly inProgressAt: number | null
  readonly finalizingAt: number | null
  readonly completedAt: number | null
  readonly failedAt: number | null
  readonly expiredAt: number | null
  readonly cancellingAt: number | null
  readonly cancelledAt: number | null
}

/** After the window closes the vendor still takes a moment to write the files. */
const expiryStartsAfterMs = 5_000
const expiryTakesMs = 61_000
/** Requests that are under way when a cancel arrives are still finished. */
const inFlightMax = 8

const blank = {
  inProgressAt: null,
  finalizingAt: null,
  completedAt: null,
  failedAt: null,
  expiredAt: null,
  cancellingAt: null,
  cancelledAt: null,
}

export function momentOf(course: Course, lines: number, now: number): Moment {
  const { cancel } = course
  if (!cancel || now < cancel.requestedAt) return natural(course, lines, now)
  const before = natural(course, lines, cancel.requestedAt)
  const stamps = { ...before, cancellingAt: cancel.requestedAt }
  if (cancel.race) {
    if (now < cancel.endsAt) return { ...stamps, status: 'cancelling', terminal: false }
    return {
      ...stamps,
      status: 'completed',
      terminal: true,
      executed: lines,
      inProgressAt: before.inProgressAt ?? cancel.requestedAt,
      finalizingAt: before.finalizingAt ?? cancel.endsAt,
      completedAt: cancel.endsAt,
    }
  }
  const executed = before.inProgressAt === null ? 0 : Math.min(lines, before.executed + inFlight(before, lines))
  if (now < cancel.endsAt) return { ...stamps, status: 'cancelling', terminal: false, executed }
  return { ...stamps, status: 'cancelled', terminal: true, executed, cancelledAt: cancel.endsAt }
}

function inFlight(before: Moment, lines: number): number {
  // A small batch must be left with something to cancel.
  return before.executed >= lines ? 0 : Math.min(inFlightMax, Math.floor((lines - before.executed) / 2))
}

function natural(course: Course, lines: number, now: number): Moment {
  const at = { ...blank, terminal: false }
  if (course.failure && now >= course.validatedAt) {
    return { ...at, status: 'failed', terminal: true, executed: 0, failedAt: course.validatedAt }
  }
  const expires = course.completedAt > course.expiresAt + expiryTakesMs
  if (expires && now >= course.expiresAt) return expiring(course, lines, now)
  if (now < course.validatedAt) return { ...at, status: 'validating', executed: 0 }
  const inProgressAt = course.validatedAt
  const executed = executedAt(course, lines, now)
  if (now < course.finalizingAt) return { ...at, status: 'in_progress', executed, inProgressAt }
  const finalizingAt = course.finalizingAt
  if (now < course.completedAt) return { ...at, status: 'finalizing', executed, inProgressAt, finalizingAt }
  const completedAt = course.completedAt
  return { ...at, status: 'completed', terminal: true, executed, inProgressAt, finalizingAt, completedAt }
}

function expiring(course: Course, lines: number, now: number): Moment {
  const started = course.validatedAt < course.expiresAt
  const executed = executedAt(course, lines, course.expiresAt)
  const expiredAt = course.expiresAt + expiryTakesMs
  const finalizingAt = Math.min(course.finalizingAt, course.expiresAt + expiryStartsAfterMs)
  const stamps = { ...blank, executed, inProgressAt: started ? course.validatedAt : null }
  if (now >= expiredAt) {
    return { ...stamps, status: 'expired', terminal: true, expiredAt, finalizingAt: started ? finalizingAt : null }
  }
  if (!started) return { ...stamps, status: 'validating', terminal: false }
  if (now < finalizingAt) return { ...stamps, status: 'in_progress', terminal: false }
  return { ...stamps, status: 'finalizing', terminal: false, finalizingAt }
}

function executedAt(course: Course, lines: number, now: number): number {
  if (now < course.validatedAt) return 0
  if (now >= course.finalizingAt) return lines
  const share = course.runMs > 0 ? (now - course.validatedAt) / course.runMs : 1
  return Math.floor(lines * Math.min(share, course.stallShare, 1))
}

export const windowMs = 86_400_000
