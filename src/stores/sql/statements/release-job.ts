import type { Database } from '../schema.ts'

/** Locks: the job, if the owner holds it. */
export const releaseJob = (db: Database, jobId: string, owner: string) =>
  db
    .updateTable('job')
    .set({ leaseOwner: null, leaseUntil: 0 })
    .where('id', '=', jobId)
    .where('leaseOwner', '=', owner)
    .compile()
