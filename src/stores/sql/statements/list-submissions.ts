import type { ControlStore } from '../../contract.ts'
import { submissionRows } from '../rows.ts'
import type { Database } from '../schema.ts'

type Filter = Parameters<ControlStore['submissions']>[0]

/** Locks: nothing. Oldest first. */
export function listSubmissions(db: Database, { jobId, shardId, accountId, states }: Filter) {
  let list = db.selectFrom('submission').select(submissionRows.columns)
  if (jobId !== undefined) list = list.where('jobId', '=', jobId)
  if (shardId !== undefined) list = list.where('shardId', '=', shardId)
  if (accountId !== undefined) list = list.where('accountId', '=', accountId)
  if (states !== undefined) list = list.where('state', 'in', states)
  return list.orderBy('createdAt').orderBy('purchase').orderBy('id').compile()
}
