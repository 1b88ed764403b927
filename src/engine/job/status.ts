import { emptyTally } from '../../domain/outcome.ts'
import type { Receipt } from '../../domain/receipt.ts'
import { quotaHoldingStates, type SubmissionState } from '../../domain/states.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow } from '../../stores/contract.ts'
import { expectedOf } from '../flight/expected.ts'
import { sightOf } from '../flight/view-of.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { type WallFacts, wallHolding } from '../purchase/budget.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { countOutcomes } from './deliver.ts'
import { type Counts, countsSoFar, receiptOf } from './receipt.ts'

/** A job as `show` and the progress line see it. */
export interface JobStatus {
  readonly receipt: Receipt
  readonly held: JobRow['held']
  /** The budget that holds it; null: none does. */
  readonly heldBy: WallFacts | null
  /** Rows at the vendor, by its own counts: what it says is done of what is still there. */
  readonly atVendor: { readonly rows: number; readonly done: number }
  readonly shards: { readonly total: number; readonly settled: number; readonly held: number }
  readonly submissions: Partial<Record<SubmissionState, number>>
  readonly attendants: readonly { readonly pid: number; readonly host: string; readonly command: string }[]
  /** Why it was stopped; null: it was not. */
  readonly error: string | null
  readonly key: string | null
  readonly tags: Readonly<Record<string, string>>
  /** Where its vendors were told to work; null: nowhere in particular. */
  readonly region: string | null
  readonly round: number
  /** As it was when the job was made. */
  readonly quote: Quote | null
  /** When it is likely home, by what flies now: half of such jobs by `p50`, nine in ten by `p90`; null: it cannot be told. */
  readonly lands: { readonly p50: string; readonly p90: string } | null
}

export async function statusOf(ports: Ports, job: JobRow): Promise<JobStatus> {
  const sight = await sightOf(ports, job)
  const { shards, submissions } = sight
  const expected = await expectedOf(ports, sight)
  const byState: Partial<Record<SubmissionState, number>> = {}
  const atVendor = { rows: 0, done: 0 }
  for (const { state, rows, counts } of submissions) {
    byState[state] = (byState[state] ?? 0) + 1
    if (!quotaHoldingStates.includes(state)) continue
    const counted = counts as { completed?: number; failed?: number } | null
    atVendor.rows += rows
    atVendor.done += (counted?.completed ?? 0) + (counted?.failed ?? 0)
  }
  const attendants = (await ports.store.attendants(ports.clock.real())).filter(
    ({ jobs }) => jobs === 'all' || jobs.includes(job.id),
  )
  const receipt = await currentReceipt(ports, job)
  return {
    receipt,
    held: job.held,
    heldBy: job.held === 'budget' ? ((await wallHolding(ports, job, shards)) ?? null) : null,
    atVendor,
    shards: {
      total: shards.length,
      settled: shards.filter(({ state }) => state === 'settled').length,
      held: shards.filter(({ state }) => state === 'held').length,
    },
    submissions: byState,
    attendants: attendants.map(({ pid, host, command }) => ({ pid, host, command })),
    error: job.error,
    key: job.key,
    tags: job.tags,
    region: (job.options as JobOptions).region ?? null,
    round: job.round,
    quote: job.quote as Quote | null,
    lands: expected && { p50: new Date(expected.p50).toISOString(), p90: new Date(expected.p90).toISOString() },
  }
}

/** One purchase at the vendor. */
export interface SubmissionStatus {
  readonly id: string
  readonly shard: string
  readonly lane: string
  readonly model: string
  readonly state: SubmissionState
  /** The vendor's own word for the state, its id, and its counts. */
  readonly vendorState: string | null
  readonly remoteId: string | null
  readonly counts: unknown
  readonly rows: number
  readonly createdAt: string
  readonly openedAt: string | null
  readonly endedAt: string | null
  /** Until when the vendor keeps the results. */
  readonly collectBy: string | null
  /** Bought twice, or given up for another while it may still come. */
  readonly duplicate: boolean
  readonly abandoned: boolean
  readonly error: unknown
}

export async function submissionsOf(ports: Ports, jobId: string): Promise<SubmissionStatus[]> {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
  return (await ports.store.submissions({ jobId })).map((row) => ({
    id: row.id,
    shard: row.shardId,
    lane: row.lane,
    model: row.model,
    state: row.state,
    vendorState: row.vendorState,
    remoteId: row.remoteId,
    counts: row.counts,
    rows: row.rows,
    createdAt: new Date(row.createdAt).toISOString(),
    openedAt: iso(row.openedAt),
    endedAt: iso(row.endedAt),
    collectBy: iso(row.collectBy),
    duplicate: row.duplicate,
    abandoned: row.abandoned,
    error: row.error,
  }))
}

/** Outcomes as they were counted at landing, or as far as shards have settled; money always afresh from the ledger. */
export async function currentReceipt(ports: Ports, job: JobRow): Promise<Receipt> {
  const landed = job.receipt as Receipt | null
  if (landed === null) {
    // Of a request that is several rows, or takes another's answer, shards only know their own.
    const { rows, spared } = job.input as RoutedManifest
    const apart = rows !== undefined || spared?.twins !== undefined
    const counts = apart ? await countOutcomes(ports, job) : countsSoFar(await ports.store.shards(job.id))
    return receiptOf(ports, job, counts)
  }
  const { total: _, ...ended } = landed.requests
  const counts: Counts = {
    tally: { ...emptyTally(), ...ended },
    identical: landed.identical ?? 0,
    byLane: new Map(landed.lanes.map(({ lane, requests }) => [lane, requests])),
  }
  return receiptOf(ports, job, counts)
}
