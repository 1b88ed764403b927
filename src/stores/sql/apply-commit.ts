import type { CompiledQuery } from 'kysely'
import type { Commit } from '../contract.ts'
import { enterLedger, keepsBudgets } from './budget-sums.ts'
import { changedBy, firstOf, rowsOf } from './query.ts'
import type { Database } from './schema.ts'
import { insertEvents } from './statements/insert-events.ts'
import { insertShards } from './statements/insert-shards.ts'
import { insertSubmissions } from './statements/insert-submissions.ts'
import { leaseHolds } from './statements/lease-holds.ts'
import { moveJob } from './statements/move-job.ts'
import { moveShard } from './statements/move-shard.ts'
import { moveSubmission } from './statements/move-submission.ts'
import { readMeta } from './statements/read-meta.ts'
import { saveAccounts } from './statements/save-accounts.ts'
import { saveQuotas } from './statements/save-quotas.ts'

/** Thrown inside a transaction to roll it back; never leaves the store. */
export class CompareFailed extends Error {}

/**
 * Applies the commit inside the transaction.
 * @returns the highest event number it wrote, if it wrote events
 * @throws CompareFailed as soon as one compare fails; the transaction must then be rolled back
 */
export async function applyCommit(db: Database, commit: Commit): Promise<number | undefined> {
  const { lease } = commit
  if (lease !== undefined) {
    const holds = await firstOf(db, leaseHolds(db, lease.shardId, lease.owner, lease.epoch, lease.now))
    if (holds === undefined) throw new CompareFailed()
  }
  if (commit.job !== undefined) await mustChange(db, moveJob(db, commit.job), 1)
  for (const move of commit.shards ?? []) await mustChange(db, moveShard(db, move), 1)
  for (const move of commit.submissions ?? []) await mustChange(db, moveSubmission(db, move), 1)

  // A row that is there already is somebody else's: ids follow from what they name, so two authors meet here.
  await insertAll(commit.insertShards, (rows) => mustChange(db, insertShards(db, rows), rows.length))
  await insertAll(commit.insertSubmissions, (rows) => mustChange(db, insertSubmissions(db, rows), rows.length))

  await insertAll(commit.ledger, (rows) => enterLedger(db, rows))
  await insertAll(commit.quotas, (rows) => db.executeQuery(saveQuotas(db, rows)))
  if (commit.accounts !== undefined && commit.accounts.length > 0) {
    const restored = (await rowsOf(db, readMeta(db))).find(({ key }) => key === 'restored_from')
    const coldSince = restored === undefined ? null : Number(restored.value)
    await insertAll(commit.accounts, (rows) => db.executeQuery(saveAccounts(db, rows, coldSince)))
  }
  if (commit.spends !== undefined && !(await keepsBudgets(db, commit.spends))) throw new CompareFailed()
  let last: number | undefined
  await insertAll(commit.events, async (rows) => {
    for (const { seq } of await rowsOf(db, insertEvents(db, rows))) last = Math.max(last ?? 0, Number(seq))
  })
  return last
}

async function mustChange(db: Database, query: CompiledQuery, rows: number): Promise<void> {
  if ((await changedBy(db, query)) !== rows) throw new CompareFailed()
}

/** Blocks, because a statement takes some thirty thousand values at most, and a job may be thousands of shards. */
const ROWS_AT_ONCE = 200

async function insertAll<Row>(
  rows: readonly Row[] | undefined,
  insert: (block: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  let rest = rows ?? []
  while (rest.length > 0) {
    await insert(rest.slice(0, ROWS_AT_ONCE))
    rest = rest.slice(ROWS_AT_ONCE)
  }
}
