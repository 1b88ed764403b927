import type { Flown } from '../../delivery/flown.ts'
import type { OutcomeWindow } from '../../delivery/outcome-window.ts'
import { parseUsd, usd } from '../../domain/money.ts'
import { addTally, emptyTally, outcomes, type Tally } from '../../domain/outcome.ts'
import type { Receipt } from '../../domain/receipt.ts'
import { byLane, savedOf, type Totals, totalOf, totalsBy } from '../../ledger/totals.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { entriesFor } from '../books/bill.ts'
import { adoptedName } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { courseOf } from '../shards/course.ts'
import { noteReason, type ShardTally } from '../shards/tally.ts'
import { rescuesOf } from './rescues.ts'

/** Requests by outcome, and by the lane whose answer won. */
export interface Counts {
  readonly tally: Tally
  /** Those that have the answer of another. */
  readonly identical: number
  readonly byLane: ReadonlyMap<string, number>
}

/** Counts window by window what delivery walks through. */
export class Counter implements Counts {
  readonly tally = emptyTally()
  readonly byLane = new Map<string, number>()
  identical = 0
  add(
    window: Pick<OutcomeWindow, 'outcome' | 'reason' | 'winner' | 'copied' | 'count'>,
    flown: readonly Flown[],
  ): void {
    for (let index = 0; index < window.count; index++) {
      const outcome = outcomes[window.outcome[index] as number]
      if (outcome === undefined) continue // still to come
      this.tally[outcome]++
      noteReason(this.tally, window.reason[index] as number)
      if (window.copied[index] === 1) {
        this.identical++
        continue
      }
      const lane = flown[window.winner[index] as number]?.lane
      if (lane) this.byLane.set(lane, (this.byLane.get(lane) ?? 0) + 1)
    }
  }
}

/** While a job flies: what the settled shards say, without the rows that fly again. */
export function countsSoFar(shards: readonly ShardRow[]): Counts {
  const tally = emptyTally()
  const lanes = new Map<string, number>()
  for (const shard of shards) {
    const settled = shard.tally as ShardTally | null
    if (settled === null) continue
    addTally(addTally(tally, settled.own), settled.again, -1)
    const done = outcomes.reduce((sum, outcome) => sum + settled.own[outcome] - settled.again[outcome], 0)
    lanes.set(shard.lane, (lanes.get(shard.lane) ?? 0) + done)
  }
  return { tally, byLane: lanes, identical: 0 }
}

/** The receipt as things stand: money from the ledger, outcomes as counted. */
export async function receiptOf(ports: Ports, job: JobRow, counts: Counts): Promise<Receipt> {
  const submissions = await ports.store.submissions({ jobId: job.id })
  const laneOf = new Map(submissions.map(({ id, lane }) => [id, lane]))
  const { ledger } = await entriesFor(ports, { jobId: job.id })
  const shards = await ports.store.shards(job.id)
  const totals = totalOf(ledger)
  const quoted = recommendedOf(job.quote as Quote | null)
  const saved = savedOf(totals)
  const lanes = totalsBy(
    ledger,
    byLane((id) => laneOf.get(id)),
  )
  for (const lane of counts.byLane.keys()) if (!lanes.has(lane)) lanes.set(lane, totalOf([]))
  const { tally } = counts
  const { rows } = job.input as RoutedManifest
  return {
    job: job.id,
    state: job.state,
    requests: {
      total: job.requests,
      succeeded: tally.succeeded,
      failed: tally.failed,
      expired: tally.expired,
      cancelled: tally.cancelled,
      missing: tally.missing,
      invalid: tally.invalid,
      truncated: tally.truncated,
      discarded: tally.discarded,
    },
    ...(rows && { rows: rows.count }),
    usd: {
      quotedLow: quoted?.low ?? null,
      quotedHigh: quoted?.high ?? null,
      asQuoted: job.landedAt === null || !totals.priced ? null : placeIn(quoted, totals.proven),
      charged: totals.priced ? usd(totals.proven) : null,
      unproven: usd(totals.unproven + abandonedMost(submissions)),
      duplicate: usd(totals.duplicate),
      standard: totals.standard === null ? null : usd(totals.standard),
      saved: saved === null ? null : usd(saved),
    },
    tokens: totals.tokens,
    lanes: [...lanes]
      .map(([lane, sums]) => ({
        lane,
        requests: counts.byLane.get(lane) ?? 0,
        usd: sums.priced ? usd(sums.proven) : null,
      }))
      .filter(({ requests, usd: charged }) => requests > 0 || charged !== '0'), // nothing came of it, for nothing
    ...cacheOf(totals, job.quote as Quote | null),
    ...(counts.identical > 0 ? { identical: counts.identical } : {}),
    ...adoptedIn(job),
    reused: reusedIn(shards),
    rescues: rescuesOf({ job, shards, submissions, ledger }),
    submissions: submissions.filter(({ openedAt }) => openedAt !== null).length,
    createdAt: iso(job.createdAt),
    landedAt: job.landedAt === null ? null : iso(job.landedAt),
    deadline: job.deadline === null ? null : iso(job.deadline),
    metDeadline: job.deadline === null || job.landedAt === null ? null : job.landedAt <= job.deadline,
    outputs: job.outputs,
  }
}

function cacheOf({ tokens, cacheSaved }: Totals, quote: Quote | null): Pick<Receipt, 'cache'> {
  const sum = (is: (kind: string) => boolean): number =>
    Object.entries(tokens).reduce((all, [kind, count]) => all + (is(kind) ? count : 0), 0)
  const read = sum((kind) => kind === 'cachedInput')
  const written = sum((kind) => kind.startsWith('cacheWrite'))
  const input = read + written + sum((kind) => kind === 'input')
  const predicted = quote?.cache?.read ?? null
  if (input === 0 || (read === 0 && written === 0 && predicted === null)) return {}
  const saved = cacheSaved === null ? null : usd(cacheSaved)
  return { cache: { read: read / input, written: written / input, predicted, usd: saved } }
}

function adoptedIn({ options, input }: JobRow): Pick<Receipt, 'adopted'> {
  const name = adoptedName({ options, input })
  return name === null ? {} : { adopted: name }
}

function reusedIn(shards: readonly ShardRow[]): Receipt['reused'] {
  const reused = shards.flatMap((shard) => {
    const { reusedFrom } = courseOf(shard)
    const { own, again } = (shard.tally as ShardTally | null) ?? { own: emptyTally(), again: emptyTally() }
    return reusedFrom === undefined ? [] : [{ rows: own.succeeded - again.succeeded, from: reusedFrom }]
  })
  if (reused.length === 0) return null
  return { rows: reused.reduce((sum, { rows }) => sum + rows, 0), from: [...new Set(reused.map(({ from }) => from))] }
}

/** What was left to itself and has not ended may be charged in full yet. */
const abandonedMost = (submissions: readonly SubmissionRow[]): bigint =>
  submissions
    .filter(({ abandoned, state }) => abandoned && state !== 'settled' && state !== 'refused')
    .reduce((sum, { worstNanoUsd }) => sum + (worstNanoUsd ?? 0n), 0n)

const iso = (at: number): string => new Date(at).toISOString()

/** The quoted range of the lanes the job flies: the sum over its models of the recommended lane. */
function recommendedOf(quote: Quote | null): { low: string | null; high: string | null } | undefined {
  if (quote === null || quote.recommended === null) return undefined
  const lines = quote.lanes.filter(({ lane }) => lane === quote.recommended)
  return { low: sumUsd(lines.map((line) => line.usd.low)), high: sumUsd(lines.map((line) => line.usd.high)) }
}

function placeIn(quoted: ReturnType<typeof recommendedOf>, charged: bigint): Receipt['usd']['asQuoted'] {
  if (quoted?.low == null || quoted.high === null) return null
  return charged < parseUsd(quoted.low) ? 'below' : charged > parseUsd(quoted.high) ? 'above' : 'within'
}

function sumUsd(amounts: readonly (string | null)[]): string | null {
  let sum = 0n
  for (const amount of amounts) {
    if (amount === null) return null
    sum += parseUsd(amount)
  }
  return usd(sum)
}
