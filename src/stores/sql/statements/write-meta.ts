import type { Database } from '../schema.ts'

/** Locks: the entry. */
export const writeMeta = (db: Database, key: string, value: string | number) =>
  db
    .insertInto('meta')
    .values({ key, value: String(value) })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(value) }))
    .compile()
