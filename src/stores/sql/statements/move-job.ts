import type { Updateable } from 'kysely'
import type { Commit } from '../../contract.ts'
import { jobRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the job. Changes it only from one of the states, and only at the revision when one is named. */
export function moveJob(db: Database, { id, from, set, rev }: NonNullable<Commit['job']>) {
  const { rev: _counted, ...columns } = jobRows.encode<Updateable<Schema['job']>>(set)
  const move = db
    .updateTable('job')
    .set((eb) => ({ ...columns, rev: eb('rev', '+', 1) }))
    .where('id', '=', id)
    .where('state', 'in', [from].flat())
  return (rev === undefined ? move : move.where('rev', '=', rev)).compile()
}
