import type { Database } from '../schema.ts'

/** Locks: nothing where the table is there already. Outside of the migrations, for it holds their number. */
export const createMeta = (db: Database) =>
  db.schema
    .createTable('meta')
    .ifNotExists()
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .compile()
