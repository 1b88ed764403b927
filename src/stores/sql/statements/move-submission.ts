import type { Updateable } from 'kysely'
import type { SubmissionState } from '../../../domain/states.ts'
import type { Move, SubmissionRow } from '../../contract.ts'
import { submissionRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the submission. Changes it only from one of the states. */
export const moveSubmission = (db: Database, { id, from, set }: Move<SubmissionRow, SubmissionState>) =>
  db
    .updateTable('submission')
    .set({ ...submissionRows.encode<Updateable<Schema['submission']>>(set), id }) // id: an empty `set` still compares
    .where('id', '=', id)
    .where('state', 'in', [from].flat())
    .compile()
