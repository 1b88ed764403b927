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

const latest = migrations.length
const next: Migration = { version: latest + 1, statements: () => ['create table project (id text primary key)'] }
const broken: Migration = {
  version: latest + 1,
  statements: () => ['create table project (id text)', 'create nonsense'],
}

const dialectOf = (database: DatabaseSync, home: string, path: string): SqlDialect => ({
  home,
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
})

describe('migrating', () => {
  let folder: string
  let database: DatabaseSync
  let dialect: SqlDialect

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redeye-migrate-'))
    const path = join(folder, 'redeye.sqlite')
    database = new DatabaseSync(path)
    dialect = dialectOf(database, folder, path)
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
    expect([meta('version'), meta('home_id'), meta('made_at'), tables()]).toEqual([`${latest + 1}`, id, '1000', 1])
    await migrate(dialect, [...migrations, next], 6_000)
    expect(meta('version')).toBe(`${latest + 1}`)
  })

  test('is refused while somebody works with the store, and says for how long', async () => {
    database.exec(
      "insert into attendant (owner, pid, host, command, jobs, since, until) values ('a', 1, 'h', 'run', '[]', 0, 8000)",
    )
    await expect(migrate(dialect, [...migrations, next], 5_000)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`version ${latest} and is to become ${latest + 1}`),
      hint: expect.stringContaining('in 3 s'),
    })
    expect([meta('version'), tables()]).toEqual([`${latest}`, 0])
    await migrate(dialect, [...migrations, next], 8_000)
    expect(meta('version')).toBe(`${latest + 1}`)
  })

  test('that fails half way leaves the store as it was', async () => {
    await expect(migrate(dialect, [...migrations, broken], 5_000)).rejects.toThrow('nonsense')
    expect([meta('version'), tables()]).toEqual([`${latest}`, 0])
  })
})

test('version 2 gives older jobs the routes that their shards flew', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redeye-migrate-'))
  const path = join(folder, 'redeye.sqlite')
  const database = new DatabaseSync(path)
  const dialect = dialectOf(database, folder, path)
  await migrate(dialect, migrations.slice(0, 1), 1_000)
  const groups = ['gpt-5-mini', 'claude-haiku-4-5'].map((model) => ({ endpoint: '/v1/x', model, bodyBytes: 360 }))
  const insert = (id: string, options: object) =>
    database
      .prepare(
        `insert into job (id, state, rev, digest, input, options, tags, requests, round, cancel_wanted, created_at, outputs)
         values (?, 'flying', 0, 'd', ?, ?, '{}', 2, 0, 0, 0, '[]')`,
      )
      .run(id, JSON.stringify({ version: 1, groups }), JSON.stringify(options))
  insert('job_a', {})
  insert('job_b', { model: 'gpt-4o' })
  for (const [group, lane] of ['openai/batch', 'anthropic/batch'].entries())
    database
      .prepare(
        `insert into shard (id, job_id, round, first_ordinal, count, "group", model, lane, account_id, inputs, bytes,
         tokens, state, purchase, refusals, wake_at, epoch, lease_until)
         values (?, 'job_a', 0, 0, 1, ?, 'm', ?, ?, 1, 1, 1, 'flying', 0, 0, 0, 0, 0)`,
      )
      .run(`shd_${group}`, group, lane, `acc_${group}`)
  await migrate(dialect, migrations, 2_000)
  const inputOf = (id: string) =>
    JSON.parse(String(database.prepare('select input from job where id = ?').get(id)?.['input']))
  expect(inputOf('job_a')).toEqual({
    version: 2,
    groups: groups.map((group) => ({ ...group, tokens: 100 })),
    routes: [
      { lane: 'openai/batch', accountId: 'acc_0', model: 'gpt-5-mini', endpoint: '/v1/x', translated: null },
      { lane: 'anthropic/batch', accountId: 'acc_1', model: 'claude-haiku-4-5', endpoint: '/v1/x', translated: null },
    ],
  })
  expect(inputOf('job_b').routes.map(({ model }: { model: string }) => model)).toEqual(['gpt-4o', 'gpt-4o'])
  database.close()
  await rm(folder, { recursive: true, force: true })
})

test('version 5 sums what older jobs have spent, by tag and month', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redeye-migrate-'))
  const path = join(folder, 'redeye.sqlite')
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  const dialect = dialectOf(database, folder, path)
  await migrate(dialect, migrations.slice(0, 4), 1_000)
  database.exec(`insert into job (id, state, rev, digest, tags, requests, round, cancel_wanted, created_at, outputs)
    values ('job_a', 'landed', 0, 'd', '{"team":"search","run":"1"}', 2, 0, 0, 0, '[]'),
           ('job_b', 'landed', 0, 'd', '{}', 2, 0, 0, 0, '[]')`)
  const entry = database.prepare(
    `insert into ledger (submission_id, job_id, model, tier, kind, unit_price, entry, part, tokens, nano_usd, tags, at)
     values (?, ?, 'm', 'batch', 'input', 1, 0, 'proven', 1, ?, ?, ?)`,
  )
  const tags = '{"team":"search","run":"1"}'
  entry.run('sub_1', 'job_a', 5n, tags, Date.UTC(2026, 9, 31, 23, 59))
  entry.run('sub_2', 'job_a', 7n, tags, Date.UTC(2026, 10, 1))
  entry.run('sub_3', 'job_a', null, tags, Date.UTC(2026, 10, 1))
  entry.run('sub_4', 'job_b', 9_007_199_254_740_993n, '{}', Date.UTC(2026, 10, 24))
  await migrate(dialect, migrations, 2_000)
  const rows = (text: string) =>
    database
      .prepare(text)
      .all()
      .map((row) => Object.values(row))
  expect(rows('select tag, value, month, cast(nano_usd as text) from spent order by tag, month')).toEqual([
    ['', '', '2026-10', '5'],
    ['', '', '2026-11', '9007199254741000'],
    ['run', '1', '2026-10', '5'],
    ['run', '1', '2026-11', '7'],
    ['team', 'search', '2026-10', '5'],
    ['team', 'search', '2026-11', '7'],
  ])
  expect(rows('select job_id, tag, value from job_tag order by tag')).toEqual([
    ['job_a', 'run', '1'],
    ['job_a', 'team', 'search'],
  ])
  database.close()
  await rm(folder, { recursive: true, force: true })
})
