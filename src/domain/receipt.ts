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
    /** Answers that are cut off; in their outcome's count too. */
    readonly truncated: number
    /** Answers that came after their request had been withdrawn, and are charged; their outcome is `cancelled`. */
    readonly discarded: number
  }
  /** What the requests are at their vendors, where that is another number: an input each of embeddings, for one. */
  readonly rows?: number
  readonly usd: {
    readonly quotedLow: string | null
    readonly quotedHigh: string | null
    /** Where `charged` lies; null: the job is not home, or something is not known. */
    readonly asQuoted: 'below' | 'within' | 'above' | null
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
  /** What came of beginnings that prompts share. Absent: nothing was read from a cache, and nothing was expected to be. */
  readonly cache?: {
    /** Shares of the input, 0 to 1: read from a cache, written to one, and what the quote expected to be read. */
    readonly read: number
    readonly written: number
    readonly predicted: { readonly low: number; readonly high: number } | null
    /** What that saved against the same input without a cache; negative: it cost more. */
    readonly usd: string | null
  }
  /** Requests that were not bought, for the answer is that of another that asks the same. Absent: none. */
  readonly identical?: number
  /** What it took over, which somebody else has bought: `openai:batch_abc`. Absent: all of it was bought here. */
  readonly adopted?: string
  /** Rows whose answers other jobs have bought, and paid for; null: none. */
  readonly reused: { readonly rows: number; readonly from: readonly string[] } | null
  /** What left its lane before it was done, to meet the deadline. */
  readonly rescues: readonly Rescue[]
  readonly submissions: number
  readonly createdAt: string
  readonly landedAt: string | null
  readonly deadline: string | null
  readonly metDeadline: boolean | null
  readonly outputs: readonly string[]
}

/** A submission that left its lane. */
export interface Rescue {
  readonly lane: string
  readonly at: string | null
  /** Requests whose outcome was kept, and those that went elsewhere. */
  readonly kept: number
  readonly moved: number
  readonly to: readonly string[]
  /** It had not ended when the rest moved on, and may be paid for besides. */
  readonly abandoned: boolean
  /**
   * By the quoted prices: what the kept answers would have cost on the lane that the rest went to, and what that lane
   * cost more for the rest. Null where a price is not known.
   */
  readonly usd: { readonly saved: string; readonly cost: string } | null
}
