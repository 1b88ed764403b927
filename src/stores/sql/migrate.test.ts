import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CamelCasePlugin, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Migration, SqlDialect } from './dialect.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { nodeSqliteDriver } from './node-sqlite-driver.ts'
import type { Schema } from './schema.ts'

const next: Migration = { version: 2, statements: () => ['create table project (id text primary key)'] }
const broken: Migration = { version: 2, statements: () => ['create table project (id text)', 'create nonsense'] }

describe('migrating', () => {
  let folder: string
  let database: DatabaseSync
  let dialect: SqlDialect

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redeye-migrate-'))
    const path = join(folder, 'redeye.sqlite')
    database = new DatabaseSync(path)
    dialect = {
      home: folder,
      db: new Kysely<Schema>({
        dialect: {
          createDriver: () => nodeSqliteDriver(database, path, 1_000),
          createQueryCompiler: () => new SqliteQueryCompiler(),
          createAdapter: () => new SqliteAdapter(),
          createIntrospector: (db) => new SqliteIntrospector(db),
        },
        plugins: [new CamelCasePlugin()],
      }),
      dataVersion: () => 0,
      witness: { read: () => undefined, write: () => {}, close: () => {} },
      counter: 'integer primary key autoincrement',
    }
    await migrate(dialect, migrations, 1_000)
  })
  afterEach(async () => {
    database.close()
    await rm(folder, { recursive: true, force: true })
  })

  const meta = (key: string) => database.prepare('select value from meta where key = ?').get(key)?.['value']
  const tables = () => database.prepare("select name from sqlite_master where name = 'project'").all().length

  test('an older store becomes the newer version and keeps its identity', async () => {
    const id = meta('home_id')
    await migrate(dialect, [...migrations, next], 5_000)
    expect([meta('version'), meta('home_id'), meta('made_at'), tables()]).toEqual(['2', id, '1000', 1])
    await migrate(dialect, [...migrations, next], 6_000)
    expect(meta('version')).toBe('2')
  })

  test('is refused while somebody works with the store, and says for how long', async () => {
    database.exec(
      "insert into attendant (owner, pid, host, command, jobs, since, until) values ('a', 1, 'h', 'run', '[]', 0, 8000)",
    )
    await expect(migrate(dialect, [...migrations, next], 5_000)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/version 1 and is to become 2/),
      hint: expect.stringContaining('in 3 s'),
    })
    expect([meta('version'), tables()]).toEqual(['1', 0])
    await migrate(dialect, [...migrations, next], 8_000)
    expect(meta('version')).toBe('2')
  })

  test('that fails half way leaves the store as it was', async () => {
    await expect(migrate(dialect, [...migrations, broken], 5_000)).rejects.toThrow('nonsense')
    expect([meta('version'), tables()]).toEqual(['1', 0])
  })
})
