import type { CompiledQuery } from 'kysely'
import { StoreUnavailable } from '../../domain/errors.ts'
import type { AttachmentUse, Commit, ControlStore, QuotaClaim } from '../contract.ts'
import { applyCommit, CompareFailed } from './apply-commit.ts'
import { budgetStates, committedBy } from './budget-sums.ts'
import type { SqlDialect } from './dialect.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { changedBy, firstOf, rowsOf } from './query.ts'
import {
  accountRows,
  attachmentRows,
  attendantRows,
  type Codec,
  endingRows,
  eventRows,
  jobRows,
  ledgerRows,
  quotaRows,
  shardRows,
  submissionRows,
} from './rows.ts'
import type { Database } from './schema.ts'
import { claimJob } from './statements/claim-job.ts'
import { claimShard } from './statements/claim-shard.ts'
import { countCreates } from './statements/count-creates.ts'
import { countDoubtful } from './statements/count-doubtful.ts'
import { deleteAttachmentUsers } from './statements/delete-attachment-users.ts'
import { deleteAttachmentUses } from './statements/delete-attachment-uses.ts'
import { deleteAttendant } from './statements/delete-attendant.ts'
import { deleteBudget } from './statements/delete-budget.ts'
import { dropJobLeases } from './statements/drop-job-leases.ts'
import { dropShardLeases } from './statements/drop-shard-leases.ts'
import { findAttachment } from './statements/find-attachment.ts'
import { findForgotten } from './statements/find-forgotten.ts'
import { findJob } from './statements/find-job.ts'
import { findShard } from './statements/find-shard.ts'
import { findSubmission } from './statements/find-submission.ts'
import { insertAttachmentUse } from './statements/insert-attachment-use.ts'
import { insertJobTags } from './statements/insert-job-tags.ts'
import { insertJobs } from './statements/insert-jobs.ts'
import { leaseHolds } from './statements/lease-holds.ts'
import { listAccounts } from './statements/list-accounts.ts'
import { listAttachmentUsers } from './statements/list-attachment-users.ts'
import { listAttachments } from './statements/list-attachments.ts'
import { listAttendants } from './statements/list-attendants.ts'
import { listEndings } from './statements/list-endings.ts'
import { listEvents } from './statements/list-events.ts'
import { listJobs } from './statements/list-jobs.ts'
import { listLedger } from './statements/list-ledger.ts'
import { listQuotas } from './statements/list-quotas.ts'
import { listShards } from './statements/list-shards.ts'
import { listSubmissions } from './statements/list-submissions.ts'
import { listUnusedAttachments } from './statements/list-unused-attachments.ts'
import { markAttachmentGone } from './statements/mark-attachment-gone.ts'
import { nextWake } from './statements/next-wake.ts'
import { quotaUsage } from './statements/quota-usage.ts'
import { readMeta } from './statements/read-meta.ts'
import { releaseJob } from './statements/release-job.ts'
import { releaseShard } from './statements/release-shard.ts'
import { renewJobLeases } from './statements/renew-job-leases.ts'
import { renewShardLeases } from './statements/renew-shard-leases.ts'
import { saveAttachment } from './statements/save-attachment.ts'
import { saveAttendant } from './statements/save-attendant.ts'
import { saveBudget } from './statements/save-budget.ts'
import { sleepShards } from './statements/sleep-shards.ts'
import { keepVigil, type Vigil } from './vigil.ts'

/**
 * The control store over any SQL database that a dialect is written for.
 * @throws StoreUnavailable when the store is newer than this program, or older while somebody works with it
 */
export async function openSqlStore(
  dialect: SqlDialect,
  { real = Date.now }: { readonly real?: () => number } = {},
): Promise<ControlStore> {
  await migrate(dialect, migrations, real())
  const { db, home } = dialect
  const meta = new Map((await rowsOf(db, readMeta(db))).map(({ key, value }) => [key, value]))
  const homeId = meta.get('home_id')
  if (homeId === undefined) throw new StoreUnavailable(`The store in ${home} has no id.`, 'Restore it from a backup.')
  const vigil = await keepVigil(dialect, real)
  let closed: Promise<void> | undefined
  return {
    homeId,
    home,
    version: Number(meta.get('version')),
    madeAt: Number(meta.get('made_at')),
    ...changes(db, vigil),
    ...reads(db),
    ...leases(db),
    ...attachments(db),
    attend: async (attendant) => void (await db.executeQuery(saveAttendant(db, attendant))),
    saveBudget: async (budget) => void (await db.executeQuery(saveBudget(db, budget))),
    deleteBudget: async (budget) => (await changedBy(db, deleteBudget(db, budget))) > 0,
    leave: async (owner) => void (await db.executeQuery(deleteAttendant(db, owner))),
    dataVersion: () => dialect.dataVersion(),
    coldSince: (accountId) => vigil.coldSince(accountId),
    warmed: (accountId, forgotten) => vigil.warmed(accountId, forgotten),
    forgotten: async (accountId, key) => (await firstOf(db, findForgotten(db, accountId, key)))?.remoteId,
    beat: (now) => vigil.beat(now),
    close: () => {
      closed ??= db.destroy().then(() => dialect.witness.close())
      return closed
    },
  }
}

type Changes = Pick<ControlStore, 'commit' | 'claim' | 'createJob'>

function changes(db: Database, vigil: Vigil): Changes {
  /** Applies the commit whole, or, when a compare fails, not at all. `full` and `busy` write nothing either. */
  const write = async (commit: Commit, before: (trx: Database) => Promise<'go' | 'full' | 'busy'>) => {
    let seen: number | undefined
    try {
      const said = await db.transaction().execute(async (trx) => {
        const answer = await before(trx)
        if (answer === 'go') seen = await applyCommit(trx, commit)
        return answer
      })
      if (seen !== undefined) vigil.seen(seen)
      return said
    } catch (error) {
      if (error instanceof CompareFailed) return 'lost'
      throw error
    }
  }
  return {
    commit: async (commit) => (await write(commit, async () => 'go')) === 'go',
    claim: async (claim, commit) => {
      const said = await write(commit, async (trx) => {
        if (await isBusy(trx, claim)) return 'busy'
        return (await hasRoom(trx, claim)) ? 'go' : 'full'
      })
      return said === 'go' ? 'claimed' : said
    },
    createJob: async (job, shards, events, submissions = []) => {
      const insert = async (trx: Database) => {
        if ((await changedBy(trx, insertJobs(trx, [job]))) === 0) throw new CompareFailed()
        if (Object.keys(job.tags).length > 0) await trx.executeQuery(insertJobTags(trx, job))
        return 'go' as const
      }
      return (await write({ insertShards: shards, insertSubmissions: submissions, events }, insert)) === 'go'
    },
  }
}

const fits = (used: unknown, more: number, max: number | null): boolean =>
  max === null || Number(used ?? 0) + more <= max

async function isBusy(db: Database, { accountId, doubtSince }: QuotaClaim): Promise<boolean> {
  if (doubtSince === null) return false
  return Number((await firstOf(db, countDoubtful(db, accountId, doubtSince)))?.count ?? 0) > 0
}

async function hasRoom(db: Database, claim: QuotaClaim): Promise<boolean> {
  const used = await firstOf(db, quotaUsage(db, claim))
  const creates = await firstOf(db, countCreates(db, claim.accountId, claim.createsSince))
  return (
    fits(used?.tokens, claim.tokens, claim.tokensMax) &&
    fits(used?.inputs, claim.inputs, claim.inputsMax) &&
    fits(used?.open, 1, claim.openMax) &&
    fits(creates?.count, 1, claim.createsMax)
  )
}

type Reads = Pick<
  ControlStore,
  | 'job'
  | 'jobs'
  | 'shard'
  | 'shards'
  | 'submission'
  | 'submissions'
  | 'inUse'
  | 'endings'
  | 'events'
  | 'ledger'
  | 'accounts'
  | 'quotas'
  | 'budgets'
  | 'committed'
  | 'createdSince'
  | 'attendants'
>

function reads(db: Database): Reads {
  const all = async <Row>(codec: Codec<Row>, query: CompiledQuery<object>) =>
    (await rowsOf(db, query)).map((columns) => codec.decode(columns))
  const one = async <Row>(codec: Codec<Row>, query: CompiledQuery<object>) => {
    const columns = await firstOf(db, query)
    return columns && codec.decode(columns)
  }
  return {
    job: (id) => one(jobRows, findJob(db, id)),
    jobs: (filter = {}) => all(jobRows, listJobs(db, filter.states, filter.limit)),
    shard: (id) => one(shardRows, findShard(db, id)),
    shards: (jobId) => all(shardRows, listShards(db, jobId)),
    submission: (id) => one(submissionRows, findSubmission(db, id)),
    submissions: (filter) => all(submissionRows, listSubmissions(db, filter)),
    inUse: async ({ accountId, lane, model }) => {
      const endedHoldSince = Number.MAX_SAFE_INTEGER
      const used = await firstOf(db, quotaUsage(db, { accountId, lane, model, endedHoldSince }))
      return { open: Number(used?.open ?? 0), tokens: Number(used?.tokens ?? 0) }
    },
    endings: (filter) => all(endingRows, listEndings(db, filter)),
    events: (jobId, after = 0, limit) => all(eventRows, listEvents(db, jobId, after, limit)),
    ledger: (filter = {}) => all(ledgerRows, listLedger(db, filter.jobId)),
    accounts: () => all(accountRows, listAccounts(db)),
    quotas: (accountId) => all(quotaRows, listQuotas(db, accountId)),
    budgets: (of) => budgetStates(db, of),
    committed: (jobId) => committedBy(db, jobId),
    createdSince: async (accountId, since) => Number((await firstOf(db, countCreates(db, accountId, since)))?.count),
    attendants: (now) => all(attendantRows, listAttendants(db, now)),
  }
}

type LeaseHalf = Pick<
  ControlStore,
  | 'claimShard'
  | 'renewLeases'
  | 'holdsLease'
  | 'releaseShard'
  | 'sleepShards'
  | 'dropLeases'
  | 'nextWake'
  | 'claimJob'
  | 'releaseJob'
>

/** Of a list in a statement: all its lengths are statements of their own, and one that is long takes long to make. */
const IDS_AT_ONCE = 500

function leases(db: Database): LeaseHalf {
  return {
    claimShard: async (claim) => {
      const columns = await firstOf(db, claimShard(db, claim))
      return columns && shardRows.decode(columns)
    },
    renewLeases: (owner, leaseUntil, now) =>
      db.transaction().execute(async (trx) => {
        await trx.executeQuery(renewJobLeases(trx, owner, leaseUntil, now))
        return (await rowsOf(trx, renewShardLeases(trx, owner, leaseUntil, now))).map(({ id }) => id)
      }),
    holdsLease: async (shardId, owner, epoch, until) =>
      (await firstOf(db, leaseHolds(db, shardId, owner, epoch, until))) !== undefined,
    releaseShard: async (shardId, owner, epoch, wakeAt) =>
      void (await changedBy(db, releaseShard(db, shardId, owner, epoch, wakeAt))),
    sleepShards: (request) =>
      db.transaction().execute(async (trx) => {
        for (let at = 0; at < request.shardIds.length; at += IDS_AT_ONCE) {
          const shardIds = request.shardIds.slice(at, at + IDS_AT_ONCE)
          await trx.executeQuery(sleepShards(trx, { ...request, shardIds }))
        }
      }),
    dropLeases: (owner) =>
      db.transaction().execute(async (trx) => {
        await trx.executeQuery(dropShardLeases(trx, owner))
        await trx.executeQuery(dropJobLeases(trx, owner))
      }),
    nextWake: async (jobs, now) => (await firstOf(db, nextWake(db, jobs, now)))?.wakeAt ?? null,
    claimJob: async (jobId, owner, leaseUntil, now) =>
      (await changedBy(db, claimJob(db, jobId, owner, leaseUntil, now))) > 0,
    releaseJob: async (jobId, owner) => void (await changedBy(db, releaseJob(db, jobId, owner))),
  }
}

type Attachments = Pick<
  ControlStore,
  'attachments' | 'attachmentFor' | 'saveAttachment' | 'usersOf' | 'forgetAttachment' | 'releaseAttachments'
>

function attachments(db: Database): Attachments {
  const decoded = (columns: object) => attachmentRows.decode(columns)
  /** In the transaction in which it is found, so that no other job releases it meanwhile. */
  const use = async (trx: Database, job: AttachmentUse, until: number) => {
    const columns = await firstOf(trx, findAttachment(trx, job, until))
    if (columns === undefined) return undefined
    await trx.executeQuery(insertAttachmentUse(trx, job))
    return decoded(columns)
  }
  return {
    attachments: async () => (await rowsOf(db, listAttachments(db))).map(decoded),
    attachmentFor: (job, until) => db.transaction().execute((trx) => use(trx, job, until)),
    saveAttachment: (row, until) =>
      db.transaction().execute(async (trx) => {
        const other = await use(trx, row, until)
        if (other !== undefined) return other
        await trx.executeQuery(saveAttachment(trx, row))
        await trx.executeQuery(insertAttachmentUse(trx, row))
        return row
      }),
    usersOf: async (attachment) => (await rowsOf(db, listAttachmentUsers(db, attachment))).map(({ jobId }) => jobId),
    forgetAttachment: (attachment) =>
      db.transaction().execute(async (trx) => {
        await trx.executeQuery(deleteAttachmentUsers(trx, attachment))
        await trx.executeQuery(markAttachmentGone(trx, attachment))
      }),
    releaseAttachments: (jobId) =>
      db.transaction().execute(async (trx) => {
        if ((await changedBy(trx, deleteAttachmentUses(trx, jobId))) === 0) return []
        const unused = (await rowsOf(trx, listUnusedAttachments(trx))).map(decoded)
        for (const row of unused) await trx.executeQuery(markAttachmentGone(trx, row))
        return unused
      }),
  }
}
