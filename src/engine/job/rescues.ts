import { type NanoUsd, usd } from '../../domain/money.ts'
import { outcomes } from '../../domain/outcome.ts'
import type { Rescue } from '../../domain/receipt.ts'
import { totalOf } from '../../ledger/totals.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow, LedgerRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { courseOf } from '../shards/course.ts'
import type { ShardTally } from '../shards/tally.ts'

interface Rows {
  readonly job: JobRow
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
  readonly ledger: readonly LedgerRow[]
}

/**
 * What left a lane before it was done, where its rest went, and what that came to: the answers that were kept need not
 * be bought on the lane it went to, which is the saving; what that lane costs more for the rest is the price.
 */
export function rescuesOf({ job, shards, submissions, ledger }: Rows): Rescue[] {
  const charged = new Map<string, NanoUsd>()
  for (const [shardId, own] of Map.groupBy(submissions, ({ shardId }) => shardId)) {
    const ids = new Set(own.map(({ id }) => id))
    const { proven, duplicate } = totalOf(ledger.filter(({ submissionId }) => ids.has(submissionId)))
    charged.set(shardId, proven + duplicate)
  }
  const childrenOf = Map.groupBy(shards, (shard) => courseOf(shard).from)
  return submissions.flatMap(({ shardId, cancelWanted, abandoned }) => {
    const shard = shards.find(({ id }) => id === shardId)
    const children = (childrenOf.get(shardId) ?? []).filter((child) => courseOf(child).notBefore === undefined)
    if (shard === undefined || children.length === 0 || !(cancelWanted || abandoned)) return []
    const moved = children.reduce((sum, { count }) => sum + count, 0)
    return [
      {
        lane: shard.lane,
        at: iso(courseOf(shard).cancelledAt),
        kept: abandoned ? 0 : keptOf(shard),
        moved,
        to: [...new Set(children.map(({ lane }) => lane))],
        abandoned,
        usd: moneyOf(job, shard, children, charged),
      },
    ]
  })
}

function keptOf({ tally }: ShardRow): number {
  if (tally === null) return 0
  const { own, again } = tally as ShardTally
  return outcomes.reduce((sum, outcome) => sum + own[outcome] - again[outcome], 0)
}

function moneyOf(
  job: JobRow,
  shard: ShardRow,
  children: readonly ShardRow[],
  charged: ReadonlyMap<string, NanoUsd>,
): Rescue['usd'] {
  const [first] = children as [ShardRow]
  const [left, taken] = [priceOf(job, shard), priceOf(job, first)]
  if (left === undefined || taken === undefined || left === 0 || taken === 0) return null
  const kept = Number(charged.get(shard.id) ?? 0n)
  const rest = children.reduce((sum, { id }) => sum + Number(charged.get(id) ?? 0n), 0)
  return {
    saved: usd(BigInt(Math.round((kept * taken) / left))),
    cost: usd(BigInt(Math.round(Math.max(0, rest * (1 - left / taken))))),
  }
}

/** By the quote, of all of the job on that lane. */
function priceOf({ quote }: JobRow, { lane, model }: ShardRow): number | undefined {
  const high = (quote as Quote | null)?.lanes.find((line) => line.lane === lane && line.model === model)?.usd.high
  return high == null ? undefined : Number(high)
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
