import type { Database } from '../schema.ts'

/** Locks: the jobs the owner is landing. */
export const renewJobLeases = (db: Database, owner: string, leaseUntil: number, real: number) =>
  db.updateTable('job').set({ leaseUntil }).where('leaseOwner', '=', owner).where('leaseUntil', '>', real).compile()
