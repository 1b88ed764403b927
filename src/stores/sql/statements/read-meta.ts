import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const readMeta = (db: Database) => db.selectFrom('meta').select(['key', 'value']).compile()
