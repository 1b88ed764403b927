import type { JobState } from './states.ts'

/** What a job cost and how it ended; design: usd are decimal strings, times ISO 8601 in UTC. */
export interface Receipt {
  readonly job: string
  readonly state: JobState
  readonly requests: {
    readonly total: number
    readonly succeeded: number
    readonly failed: number
    readonly expired: number
    readonly cancelled: number
    readonly missing: number
    /** Answers that fail the schema; they are in their outcome's count too. */
    readonly invalid: number
  }
  readonly usd: {
    readonly quotedLow: string | null
    readonly quotedHigh: string | null
    /** Proven: computed from result rows we hold. Null when some model has no known price. */
    readonly charged: string | null
    /** Perhaps billed, rows never seen: an upper bound. */
    readonly unproven: string
    /** A second purchase, found and paid. */
    readonly duplicate: string
    /** The same tokens at the standard price. */
    readonly standard: string | null
    readonly saved: string | null
  }
  readonly tokens: Readonly<Record<string, number>>
  readonly lanes: readonly { readonly lane: string; readonly requests: number; readonly usd: string | null }[]
  readonly submissions: number
  readonly createdAt: string
  readonly landedAt: string | null
  readonly deadline: string | null
  readonly metDeadline: boolean | null
  readonly outputs: readonly string[]
}
