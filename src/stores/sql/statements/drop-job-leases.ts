import type { Database } from '../schema.ts'

/** Locks: the jobs the owner is landing. */
export const dropJobLeases = (db: Database, owner: string) =>
  db.updateTable('job').set({ leaseOwner: null, leaseUntil: 0 }).where('leaseOwner', '=', owner).compile()
