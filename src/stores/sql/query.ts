import type { CompiledQuery } from 'kysely'
import type { Database } from './schema.ts'

export async function rowsOf<Row>(db: Database, query: CompiledQuery<Row>): Promise<Row[]> {
  return (await db.executeQuery(query)).rows
}

export async function firstOf<Row>(db: Database, query: CompiledQuery<Row>): Promise<Row | undefined> {
  return (await db.executeQuery(query)).rows[0]
}

/** How many rows the statement inserted, changed or deleted. */
export async function changedBy(db: Database, query: CompiledQuery): Promise<number> {
  return Number((await db.executeQuery(query)).numAffectedRows ?? 0n)
}
