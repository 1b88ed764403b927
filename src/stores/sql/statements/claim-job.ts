import type { Database } from '../schema.ts'

/** Locks: the job. Also an owner that holds it already gets it only once: landing must not run twice at a time. */
export const claimJob = (db: Database, jobId: string, owner: string, leaseUntil: number, real: number) =>
  db
    .updateTable('job')
    .set({ leaseOwner: owner, leaseUntil })
    .where('id', '=', jobId)
    .where('leaseUntil', '<=', real)
    .compile()
