import type { Database } from '../schema.ts'
import { dueShards } from './due-shards.ts'

/** Locks: nothing. */
export const nextWake = (db: Database, jobs: readonly string[] | 'all', real: number) =>
  dueShards(db, jobs, real).select('wakeAt').limit(1).compile()
