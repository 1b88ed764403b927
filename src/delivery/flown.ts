import type { Outcome, Reason } from '../domain/outcome.ts'

/** One thing that says how requests of a job ended: a collected submission, or a shard that never flew. */
export interface Flown {
  readonly submissionId: string
  readonly lane: string
  readonly model: string
  readonly firstOrdinal: number
  /** Rows. */
  readonly count: number
  /** Blob of sorted ordinals by row, null when dense. */
  readonly ordinals: string | null
  /** Result index blob; null: all rows ended as `uniform` says, without a line. */
  readonly index: string | null
  readonly files: readonly string[]
  /** Those of its rows that deserve it will fly once more. */
  readonly again: boolean
  /** Another job has bought and paid for it. */
  readonly reused?: boolean
  /** Outcome null: they are under way. */
  readonly uniform?: { readonly outcome: Outcome | null; readonly reason: Reason }
}
