import { CompiledQuery } from 'kysely'
import { StoreUnavailable } from '../../domain/errors.ts'
import { randomId } from '../../kit/ids.ts'
import type { Migration, SqlDialect } from './dialect.ts'
import { firstOf, rowsOf } from './query.ts'
import type { Database } from './schema.ts'
import { createMeta } from './statements/create-meta.ts'
import { lastLease } from './statements/last-lease.ts'
import { readMeta } from './statements/read-meta.ts'
import { writeMeta } from './statements/write-meta.ts'

/**
 * Brings the store to the version of this program, and gives a new one its identity.
 * @param real  real time, epoch ms
 * @throws StoreUnavailable when the store is newer than this program, or older while somebody works with it
 */
export async function migrate(dialect: SqlDialect, migrations: readonly Migration[], real: number): Promise<void> {
  const { db, home } = dialect
  const latest = migrations.at(-1)?.version ?? 0
  await db.executeQuery(createMeta(db))
  if ((await versionOf(db)) === latest) return

  // The right to write is exclusive: of several that open an old or a new home at once, the first migrates it.
  await db.transaction().execute(async (trx) => {
    const version = await versionOf(trx)
    if (version === latest) return
    if (version > latest) throw newer(home, version, latest)
    if (version === 0) await christen(trx, real)
    else await refuseWhileLeased(trx, home, version, latest, real)
    for (const migration of migrations) {
      if (migration.version <= version) continue
      for (const text of migration.statements(dialect)) await trx.executeQuery(CompiledQuery.raw(text))
      await migration.rewrite?.(trx)
    }
    await trx.executeQuery(writeMeta(trx, 'version', latest))
  })
}

async function versionOf(db: Database): Promise<number> {
  const entry = (await rowsOf(db, readMeta(db))).find(({ key }) => key === 'version')
  return Number(entry?.value ?? 0)
}

async function christen(db: Database, real: number): Promise<void> {
  await db.executeQuery(writeMeta(db, 'home_id', randomId('home')))
  for (const key of ['made_at', 'alive_at', 'alive_real']) await db.executeQuery(writeMeta(db, key, real))
}

async function refuseWhileLeased(db: Database, home: string, from: number, to: number, real: number): Promise<void> {
  const until = Number((await firstOf(db, lastLease(db)))?.until ?? 0)
  if (until <= real) return
  throw new StoreUnavailable(
    `The store in ${home} has version ${from} and is to become ${to}, but somebody works with it.`,
    `Stop the other redeye processes of this home, or try again in ${Math.ceil((until - real) / 1000)} s.`,
  )
}

function newer(home: string, version: number, latest: number): StoreUnavailable {
  return new StoreUnavailable(
    `The store in ${home} has version ${version}; this redeye knows versions up to ${latest}.`,
    'A newer redeye wrote it. Use that one (npm install redeye@latest), or another home.',
  )
}
