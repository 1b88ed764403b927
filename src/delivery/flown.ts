import type { Outcome, Reason } from '../domain/outcome.ts'

/** One thing that says how requests of a job ended: a collected submission, or a shard that never flew. */
export interface Flown {
  readonly submissionId: string
  readonly lane: string
  readonly firstOrdinal: number
  /** Rows. */
  readonly count: number
  /** Blob of sorted ordinals by row, null when dense. */
  readonly ordinals: string | null
  /** Result index blob; null: all rows ended as `uniform` says, without a line. */
  readonly index: string | null
  readonly files: readonly string[]
  readonly uniform?: { readonly outcome: Outcome; readonly reason: Reason }
}
