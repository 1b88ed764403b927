import { type NanoUsd, roundToNano, usd } from '../../domain/money.ts'
import { type Tier, vendorOf } from '../../domain/usage.ts'
import {
  byDay,
  byLane,
  byModel,
  byTag,
  inMonth,
  type LedgerLine,
  savedOf,
  type Totals,
  totalOf,
  totalsBy,
} from '../../ledger/totals.ts'
import { cacheSaving } from '../../pricing/cache-saving.ts'
import type { LedgerRow, SubmissionRow } from '../../stores/contract.ts'
import { isTakenOver, type JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'

/** What a bill is cut by: a job, a model, a lane, a UTC day, or the value of a tag (`tag:team`). */
export type BillPer = 'job' | 'model' | 'lane' | 'day' | `tag:${string}`

/** Decimal USD; null where a price is not known. */
export interface BillLine {
  /** Of the group; empty for what has no such tag. */
  readonly name: string
  readonly usd: {
    readonly charged: string | null
    readonly unproven: string
    readonly duplicate: string
    readonly standard: string | null
    readonly saved: string | null
    /** Part of what was charged less than plain input in the same lane: by cache hits, less what writes cost more. */
    readonly cacheSaved: string | null
  }
  /** Of what is charged, by kind. */
  readonly tokens: Readonly<Record<string, number>>
}

export interface Bill {
  readonly per: BillPer
  readonly lines: readonly BillLine[]
  readonly total: Omit<BillLine, 'name'>
  /** Of what is charged in all, what others have bought and jobs took over; null: a price is not known. */
  readonly adopted: string | null
}

/** Which part of the ledger. */
export interface BillOf {
  readonly jobId?: string
  /** YYYY-MM, in UTC, of when it was settled. */
  readonly month?: string
}

/** The ledger of a job, or of the whole home, summed. */
export async function billOf(ports: Ports, what: BillOf & { readonly per: BillPer }): Promise<Bill> {
  const { ledger, submissions } = await entriesFor(ports, what)
  const groups = totalsBy(ledger, grouping(what.per, submissions))
  return {
    per: what.per,
    lines: [...groups].map(([name, totals]) => ({ name, ...lineOf(totals) })),
    total: lineOf(totalOf(ledger)),
    adopted: lineOf(totalOf(await takenOver(ports, ledger, submissions))).usd.charged,
  }
}

async function takenOver(
  { store }: Ports,
  ledger: readonly BilledEntry[],
  submissions: ReadonlyMap<string, SubmissionRow>,
): Promise<BilledEntry[]> {
  const options = new Map((await store.jobs()).map((job) => [job.id, job.options as JobOptions]))
  return ledger.filter(({ jobId, submissionId }) => {
    const [of, submission] = [options.get(jobId), submissions.get(submissionId)]
    return of !== undefined && submission !== undefined && isTakenOver(of, submission)
  })
}

export type BilledEntry = LedgerRow & LedgerLine & { readonly cacheSaved: NanoUsd | null }

/** Ledger entries, with what caching saved of each, and the submissions that they are of. */
export async function entriesFor(ports: Ports, { jobId, month }: BillOf) {
  const of = jobId === undefined ? {} : { jobId }
  const submissions = new Map((await ports.store.submissions(of)).map((submission) => [submission.id, submission]))
  const rows = (await ports.store.ledger(of)).filter((row) => month === undefined || inMonth(month)(row))
  const ledger = rows.map((row): BilledEntry => ({ ...row, cacheSaved: savedByCache(ports, row, submissions) }))
  return { ledger, submissions }
}

function savedByCache(
  { vendors }: Ports,
  row: LedgerRow,
  submissions: ReadonlyMap<string, SubmissionRow>,
): NanoUsd | null {
  const submission = submissions.get(row.submissionId)
  if (submission === undefined || row.unitPrice === null) return null
  const vendor = vendorOf(submission.lane)
  const model = vendors.prices.resolve({ requested: submission.model, answered: row.model, vendor }) ?? row.model
  const at = submission.sentAt ?? submission.createdAt
  const query = { model, vendor, tier: row.tier as Tier, at }
  const saving = cacheSaving(query, row.kind, row.unitPrice)
  return saving === undefined ? null : roundToNano(saving * BigInt(row.tokens))
}

function grouping(per: BillPer, submissions: ReadonlyMap<string, SubmissionRow>): (row: LedgerRow) => string {
  switch (per) {
    case 'job':
      return ({ jobId }) => jobId
    case 'model':
      return byModel
    case 'day':
      return byDay
    case 'lane':
      return byLane((id) => submissions.get(id)?.lane)
    default:
      return byTag(per.slice('tag:'.length))
  }
}

export function lineOf(totals: Totals): Omit<BillLine, 'name'> {
  const saved = savedOf(totals)
  return {
    usd: {
      charged: totals.priced ? usd(totals.proven) : null,
      unproven: usd(totals.unproven),
      duplicate: usd(totals.duplicate),
      standard: totals.standard === null ? null : usd(totals.standard),
      saved: saved === null ? null : usd(saved),
      cacheSaved: totals.cacheSaved === null ? null : usd(totals.cacheSaved),
    },
    tokens: totals.tokens,
  }
}
