import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CamelCasePlugin, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { StoreUnavailable } from '../../domain/errors.ts'
import { SECOND } from '../../kit/clock.ts'
import type { ControlStore } from '../contract.ts'
import { makeFolder } from '../durable-folder.ts'
import { fileTrouble } from '../file-trouble.ts'
import type { SqlDialect } from './dialect.ts'
import { networkFileSystem } from './network-file-system.ts'
import { nodeSqliteDriver, patiently } from './node-sqlite-driver.ts'
import type { Schema } from './schema.ts'
import { openSqlStore } from './sql-store.ts'
import { SQLITE_BUSY, sqliteCode, sqliteTrouble } from './sqlite-trouble.ts'
import { openWitnessFile } from './witness-file.ts'

export interface SqliteOptions {
  /** Real time, epoch ms. Default: the machine's. */
  readonly real?: () => number
  /** How long a statement waits for other processes before the store counts as unavailable, ms. Default 10 s. */
  readonly busyMs?: number
  /** Type of the file system a folder lies on. Default: statfs(2) on Linux; elsewhere the numbers mean other things. */
  readonly fileSystemType?: (folder: string) => Promise<number>
}

/**
 * Opens the store of a home, making it where there is none. Several processes may use one home at once.
 * @param folder  the home; holds `redeye.sqlite` and `witness.json`
 * @throws StoreUnavailable (`store_unavailable`) naming what to do, when the home cannot be used as it is
 */
export async function openSqliteStore(folder: string, options: SqliteOptions = {}): Promise<ControlStore> {
  const home = resolve(folder)
  const path = join(home, 'redeye.sqlite')
  try {
    await makeFolder(home)
    await refuseNetwork(home, options.fileSystemType ?? linuxFileSystemType)
    const busyMs = options.busyMs ?? 10 * SECOND
    const database = await openDatabase(path, busyMs)
    let dialect: SqlDialect | undefined
    try {
      dialect = sqliteOver(database, home, path, busyMs)
      return await openSqlStore(dialect, options)
    } catch (error) {
      dialect?.witness.close()
      database.close()
      throw error
    }
  } catch (error) {
    throw sqliteTrouble(fileTrouble(error, home), path)
  }
}

async function linuxFileSystemType(folder: string): Promise<number> {
  return process.platform === 'linux' ? (await statfs(folder)).type : 0
}

async function refuseNetwork(home: string, typeOf: (folder: string) => Promise<number>): Promise<void> {
  const name = networkFileSystem(await typeOf(home))
  if (name === undefined) return
  throw new StoreUnavailable(
    `${home} lies on a network file system (${name}), where several processes cannot share a SQLite store safely.`,
    'Point REDEYE_HOME (or --home) at a folder on a local disk.',
  )
}

/**
 * WAL lets readers go on while one writes; `synchronous=FULL` fsyncs the WAL before a commit returns; macOS needs
 * `fullfsync`, for its fsync stops at the cache of the drive.
 */
async function openDatabase(path: string, busyMs: number): Promise<DatabaseSync> {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  try {
    await patiently(busyMs, () => {
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on')
    })
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function sqliteOver(database: DatabaseSync, home: string, path: string, busyMs: number): SqlDialect {
  return {
    home,
    db: new Kysely<Schema>({
      dialect: {
        createDriver: () => nodeSqliteDriver(database, path, busyMs),
        createQueryCompiler: () => new SqliteQueryCompiler(),
        createAdapter: () => new SqliteAdapter(),
        createIntrospector: (db) => new SqliteIntrospector(db),
      },
      plugins: [new CamelCasePlugin()],
    }),
    dataVersion: versionReader(database),
    witness: openWitnessFile(join(home, 'witness.json')),
    counter: 'integer primary key autoincrement',
  }
}

function versionReader(database: DatabaseSync): () => number {
  const pragma = database.prepare('pragma data_version')
  let version = 0
  return () => {
    try {
      version = pragma.get()?.['data_version'] as number
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_BUSY) throw error // busy: somebody recovers the WAL; the next look will tell
    }
    return version
  }
}
