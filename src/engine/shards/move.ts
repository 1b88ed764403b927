import { RedeyeError } from '../../domain/errors.ts'
import {
  type JobEvent,
  type JobState,
  jobMoves,
  next,
  type ShardEvent,
  type ShardState,
  type SubmissionEvent,
  type SubmissionState,
  shardMoves,
  submissionMoves,
} from '../../domain/states.ts'
import type { JobRow, Move, ShardRow, SubmissionRow } from '../../stores/contract.ts'

/** A move that the tables do not have: a mistake of ours, never of the vendor. */
export class IllegalMove extends RedeyeError {
  readonly code = 'illegal_move'
  readonly exitCode = 4
  override readonly hint =
    'This is a fault in Redeye. Nothing was changed; please report it with `redeye show JOB --json`.'
  constructor(what: string, id: string, state: string, event: string) {
    super(`${what} ${id} is ${state}; "${event}" is not possible there.`)
  }
}

/** As values for a commit: compare the state we saw, set the one the table names. */
export function moveSubmission(
  row: SubmissionRow,
  event: SubmissionEvent,
  set: Partial<Omit<SubmissionRow, 'id' | 'state'>> = {},
): Move<SubmissionRow, SubmissionState> {
  const state = next(submissionMoves, row.state, event)
  if (state === undefined) throw new IllegalMove('Submission', row.id, row.state, event)
  return { id: row.id, from: row.state, set: { ...set, state } }
}

export function moveShard(
  row: ShardRow,
  event: ShardEvent,
  set: Partial<Omit<ShardRow, 'id' | 'state'>> = {},
): Move<ShardRow, ShardState> {
  const state = next(shardMoves, row.state, event)
  if (state === undefined) throw new IllegalMove('Shard', row.id, row.state, event)
  return { id: row.id, from: row.state, set: { ...set, state } }
}

export function moveJob(
  row: JobRow,
  event: JobEvent,
  set: Partial<Omit<JobRow, 'id' | 'state'>> = {},
): Move<JobRow, JobState> & { rev: number } {
  const state = next(jobMoves, row.state, event)
  if (state === undefined) throw new IllegalMove('Job', row.id, row.state, event)
  return { id: row.id, from: row.state, rev: row.rev, set: { ...set, state } }
}

/** Facts about a row that leave its state as it is. */
export const keepSubmission = (
  row: SubmissionRow,
  set: Partial<Omit<SubmissionRow, 'id' | 'state'>>,
): Move<SubmissionRow, SubmissionState> => ({ id: row.id, from: row.state, set })

export const keepShard = (row: ShardRow, set: Partial<Omit<ShardRow, 'id' | 'state'>>): Move<ShardRow, ShardState> => ({
  id: row.id,
  from: row.state,
  set,
})
