/**
 * The course of a batch, laid down when it is created: when each state is left. What a poll sees is a function of this
 * and the clock alone, so any number of looks, in any order, agree. Times are epoch milliseconds.
 */
export interface Course {
  readonly createdAt: number
  /** The Developer API knows no queue before PENDING: there the two are one. */
  readonly pendingAt: number
  /** Infinity when it never starts. */
  readonly startsAt: number
  readonly runMs: number
  readonly endsAt: number
  /** Unless it has ended, it expires then with nothing to show. */
  readonly expiresAt: number
  /** Unless it has ended, its run is cut off then, and what is finished stays. */
  readonly cutAt: number
  /** Share of the lines that is ever run; below 1 the batch stalls there. */
  readonly stallShare: number
  /** It ends at once and badly when it should start (or, with lines to keep, when it should end). */
  failure: { readonly keepsLines: boolean } | null
  cancel: { readonly requestedAt: number; readonly endsAt: number; readonly race: boolean } | null
}

export type Phase =
  | 'queued'
  | 'pending'
  | 'running'
  | 'cancelling'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'cut'

export interface Moment {
  readonly phase: Phase
  readonly terminal: boolean
  /** Lines run so far, in the order of execution. */
  readonly executed: number
  readonly startedAt: number | null
  readonly endedAt: number | null
}

/** Requests that are under way when a cancel arrives are still finished. */
const inFlightMax = 8

export function momentOf(course: Course, lines: number, now: number): Moment {
  const { cancel } = course
  if (!cancel || now < cancel.requestedAt) return natural(course, lines, now)
  const before = natural(course, lines, cancel.requestedAt)
  const startedAt = before.startedAt
  if (cancel.race) {
    const ended = now >= cancel.endsAt
    return {
      phase: ended ? 'succeeded' : 'cancelling',
      terminal: ended,
      executed: ended ? lines : before.executed,
      startedAt: startedAt ?? (ended ? cancel.requestedAt : null),
      endedAt: ended ? cancel.endsAt : null,
    }
  }
  const left = lines - before.executed
  // A small batch must be left with something to cancel.
  const inFlight = startedAt === null ? 0 : Math.min(inFlightMax, Math.floor(left / 2))
  const executed = before.executed + inFlight
  if (now < cancel.endsAt) return { phase: 'cancelling', terminal: false, executed, startedAt, endedAt: null }
  return { phase: 'cancelled', terminal: true, executed, startedAt, endedAt: cancel.endsAt }
}

function natural(course: Course, lines: number, now: number): Moment {
  const { startsAt, endsAt, expiresAt, cutAt } = course
  const ended = (phase: Phase, executed: number, endedAt: number): Moment => ({
    phase,
    terminal: true,
    executed,
    startedAt: startsAt <= endedAt ? startsAt : null,
    endedAt,
  })
  const failsAt = course.failure?.keepsLines ? endsAt : startsAt
  if (course.failure && now >= failsAt && failsAt < expiresAt) {
    return ended('failed', course.failure.keepsLines ? lines : 0, failsAt)
  }
  if (now >= expiresAt && endsAt > expiresAt) return ended('expired', executedAt(course, lines, expiresAt), expiresAt)
  if (now >= cutAt && endsAt > cutAt) return ended('cut', executedAt(course, lines, cutAt), cutAt)
  if (now >= endsAt) return ended('succeeded', lines, endsAt)
  if (now >= startsAt) {
    return {
      phase: 'running',
      terminal: false,
      executed: executedAt(course, lines, now),
      startedAt: startsAt,
      endedAt: null,
    }
  }
  const phase = now >= course.pendingAt ? 'pending' : 'queued'
  return { phase, terminal: false, executed: 0, startedAt: null, endedAt: null }
}

function executedAt(course: Course, lines: number, now: number): number {
  if (now < course.startsAt) return 0
  const share = course.runMs > 0 ? (now - course.startsAt) / course.runMs : 1
  return Math.floor(lines * Math.min(share, course.stallShare, 1))
}
