import { isInvalid, isTruncated, outcomes, reasonCode, type Tally } from '../../domain/outcome.ts'
import type { ShardRow } from '../../stores/contract.ts'

/** What a settled shard leaves for the job's sums: how its rows ended, and how many of those fly again. */
export interface ShardTally {
  readonly own: Tally
  readonly again: Tally
  /** They fly again in shards of their own already. */
  readonly handedOn?: true
}

/** How many rows of a shard are still to be planned into another round. */
export function againOf(shard: ShardRow): number {
  const tally = shard.tally as ShardTally | null
  return tally === null || tally.handedOn ? 0 : rowsIn(tally.again)
}

/** What a reason says besides the outcome. */
export function noteReason(tally: Tally, reason: number): void {
  if (isInvalid(reason)) tally.invalid++
  if (isTruncated(reason)) tally.truncated++
  if (reason === reasonCode.discarded) tally.discarded++
}

export const rowsIn = (tally: Tally): number => outcomes.reduce((sum, outcome) => sum + tally[outcome], 0)
