import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import { SQLITE_BUSY, sqliteCode, sqliteTrouble } from './sqlite-trouble.ts'

/**
 * Kysely over one connection of node:sqlite. Kysely's own driver is for better-sqlite3 and begins transactions that take
 * the right to write late; every transaction of ours writes, and one that reads first must not find that another wrote
 * in between.
 * @param busyMs  how long a statement waits for other connections
 */
export function nodeSqliteDriver(database: DatabaseSync, path: string, busyMs: number): Driver {
  const connection = connectionTo(database, path, busyMs)
  const run = async (text: string) => void (await connection.executeQuery(CompiledQuery.raw(text)))
  return {
    init: async () => {},
    acquireConnection: async () => connection, // Kysely hands it to one at a time
    releaseConnection: async () => {},
    beginTransaction: () => run('begin immediate'),
    commitTransaction: () => run('commit'),
    rollbackTransaction: async () => {
      // A full disk makes SQLite roll back by itself; a second rollback would hide the reason behind its own complaint.
      if (database.isTransaction) await run('rollback')
    },
    destroy: async () => database.close(),
  }
}

/** More than the store has texts, so that lists of different lengths do not pile up. */
const PREPARED_MAX = 200

function connectionTo(database: DatabaseSync, path: string, busyMs: number): DatabaseConnection {
  const prepared = new Map<string, Prepared>()
  const prepare = (text: string): Prepared => {
    const known = prepared.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    const made = { statement, answers: statement.columns().length > 0 }
    if (prepared.size >= PREPARED_MAX) prepared.clear()
    prepared.set(text, made)
    return made
  }
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      try {
        return await patiently(busyMs, () => execute<Row>(prepare(sql), parameters as SQLInputValue[]))
      } catch (error) {
        throw sqliteTrouble(error, path)
      }
    },
    /** Kysely wants it; no statement of ours streams. */
    streamQuery() {
      throw new Error('streaming is not supported')
    },
  }
}

interface Prepared {
  readonly statement: StatementSync
  /** It answers with rows. */
  readonly answers: boolean
}

function execute<Row>({ statement, answers }: Prepared, parameters: SQLInputValue[]): QueryResult<Row> {
  if (answers) return { rows: statement.all(...parameters) as Row[] }
  return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) }
}

/**
 * Acts, and again while another connection is in the way. SQLite's own waiting would stop the whole process, and for
 * ever where the other connection is one of the same process that waits for its turn.
 */
export async function patiently<T>(busyMs: number, act: () => T): Promise<T> {
  const giveUpAt = performance.now() + busyMs
  for (let pause = 1; ; pause = Math.min(2 * pause, 20)) {
    try {
      return act()
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_BUSY || performance.now() > giveUpAt) throw error
    }
    await sleep(pause)
  }
}
