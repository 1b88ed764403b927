import type { Lane } from '../../domain/usage.ts'
import { SECOND } from '../../kit/clock.ts'
import { type Flown, type HourOfWeek, hoursOfWeek, type LatencyLine, latencyLines } from '../../policy/latency.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import type { ShardTally } from '../shards/tally.ts'

/** How long one account has waited on one lane. */
export interface LaneLatency {
  readonly account: string
  readonly vendor: string
  readonly baseUrl: string
  readonly lane: Lane
  readonly submissions: number
  readonly since: string
  readonly lines: readonly LatencyLine[]
  readonly hours: readonly HourOfWeek[]
}

/** From the home's own submissions; lanes that have flown most first. */
export async function latencyOf({ store }: Pick<Ports, 'store'>): Promise<LaneLatency[]> {
  const told: LaneLatency[] = []
  for (const { id, vendor, baseUrl } of await store.accounts()) {
    const rows = await store.submissions({ accountId: id, states: ['ended', 'collected', 'settled'] })
    const expired = await expiredOf(store, new Set(rows.map(({ jobId }) => jobId)))
    for (const [lane, some] of Map.groupBy(rows, (row) => row.lane)) {
      const flown = some.flatMap((row) => flownOf(row, expired.has(row.shardId)))
      if (flown.length === 0) continue
      const since = Math.min(...flown.map(({ endedAt, seconds }) => endedAt - seconds * SECOND))
      told.push({
        account: id,
        vendor,
        baseUrl,
        lane,
        submissions: flown.length,
        since: new Date(since).toISOString(),
        lines: latencyLines(lane, flown),
        hours: hoursOfWeek(flown),
      })
    }
  }
  return told.sort((a, b) => b.submissions - a.submissions)
}

/** The shards with requests that the vendor let expire. */
async function expiredOf(store: Ports['store'], jobs: ReadonlySet<string>): Promise<Set<string>> {
  const expired = new Set<string>()
  for (const id of jobs) {
    for (const shard of await store.shards(id)) {
      const tally = shard.tally as ShardTally | null
      if (tally !== null && tally.own.expired + tally.again.expired > 0) expired.add(shard.id)
    }
  }
  return expired
}

function flownOf(row: SubmissionRow, expired: boolean): Flown[] {
  const { model, rows, openedAt, endedAt, cancelWanted, abandoned } = row
  if (openedAt === null || endedAt === null) return []
  const end = cancelWanted || abandoned ? 'cancelled' : expired ? 'expired' : 'ended'
  return [{ model, requests: rows, seconds: (endedAt - openedAt) / SECOND, endedAt, end }]
}
