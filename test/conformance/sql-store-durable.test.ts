import { expect, test } from 'vitest'
import { traced, whyNoStrace } from './child-process.ts'
import { named, sqlStores } from './implementations.ts'

/** For SQLite alone: a database on another machine syncs out of our sight. */
const sqlite = named(sqlStores, 'sqlite')
const skipped = whyNoStrace === undefined ? '' : ` (skipped: ${whyNoStrace})`

test.skipIf(skipped !== '')(`a commit is on the disk before it resolves${skipped}`, async () => {
  const home = await sqlite.newHome()
  const calls = await traced('sql-store-child.ts', sqlite.name, home.at, 'commitAloud')
  const begins = calls.findIndex(({ text }) => text.includes('commit begins'))
  const done = calls.findIndex(({ text }) => text.includes('commit done'))
  expect(begins).toBeGreaterThan(-1)
  expect(done).toBeGreaterThan(begins)
  const synced = calls
    .slice(begins, done)
    .filter(({ name, text }) => ['fsync', 'fdatasync'].includes(name) && text.includes('redeye.sqlite-wal'))
  expect(synced.length).toBeGreaterThan(0)
  expect(synced.every(({ ended }) => ended < (calls[done]?.began ?? 0))).toBe(true)
  await home.remove()
})
