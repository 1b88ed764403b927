/**
 * The course of a batch, laid down when it is created. What a poll sees is a function of this and the clock alone, so
 * any number of looks, in any order, agree. Times are epoch milliseconds.
 */
export interface Course {
  readonly createdAt: number
  readonly expiresAt: number
  /** How long the rows take, all of them. */
  readonly runMs: number
  /** All rows done; Infinity when that never comes. */
  readonly endsAt: number
  /** Share of the rows that is ever run before `endsAt`. */
  readonly stallShare: number
  /** How long after `expiresAt` an expired batch ends. */
  readonly expiryLagMs: number
  cancel: { readonly requestedAt: number; readonly endsAt: number; readonly race: boolean } | null
}

export interface Moment {
  readonly status: 'in_progress' | 'canceling' | 'ended'
  /** Rows run so far, in the order of execution. */
  readonly executed: number
  readonly endedAt: number | null
  readonly cancelInitiatedAt: number | null
  /** Of the rows that were never run, the share that was cancelled and not left to expire. */
  readonly canceledShare: number
}

export const windowMs = 86_400_000
/** Requests that are under way when a cancel arrives are still finished. */
const inFlightMax = 8

export function momentOf(course: Course, rows: number, now: number): Moment {
  const { cancel } = course
  const before = natural(course, rows, cancel ? Math.min(now, cancel.requestedAt) : now)
  if (!cancel || now < cancel.requestedAt || before.status === 'ended') return before
  const left = rows - before.executed
  const executed = cancel.race ? rows : before.executed + Math.min(inFlightMax, Math.floor(left / 2))
  const running = { ...before, status: 'canceling', executed, cancelInitiatedAt: cancel.requestedAt } as const
  const expiredAt = course.expiresAt + course.expiryLagMs
  const endedAt = Math.min(cancel.endsAt, expiredAt)
  if (now < endedAt) return { ...running, executed: cancel.race ? before.executed : executed }
  // The window may close on a cancel: what it had not come to by then expires.
  const took = (endedAt - cancel.requestedAt) / Math.max(1, cancel.endsAt - cancel.requestedAt)
  return { ...running, status: 'ended', endedAt, canceledShare: Math.min(1, took) }
}

function natural(course: Course, rows: number, now: number): Moment {
  const running = { executed: executedAt(course, rows, now), endedAt: null, cancelInitiatedAt: null, canceledShare: 0 }
  const endedAt = course.endsAt > course.expiresAt ? course.expiresAt + course.expiryLagMs : course.endsAt
  return now < endedAt ? { ...running, status: 'in_progress' } : { ...running, status: 'ended', endedAt }
}

function executedAt(course: Course, rows: number, now: number): number {
  const until = Math.min(now, course.expiresAt)
  if (until >= course.endsAt) return rows
  const share = course.runMs > 0 ? (until - course.createdAt) / course.runMs : 1
  return Math.floor(rows * Math.max(0, Math.min(share, course.stallShare, 1)))
}
