import { parseUsd, usd } from '../domain/money.ts'
import { quotaHoldingStates } from '../domain/states.ts'
import { MINUTE } from '../kit/clock.ts'
import { totalOf } from '../ledger/totals.ts'
import type { Quote } from '../pricing/quote.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../stores/contract.ts'
import { grownOf } from './course.ts'
import { commit, eventOf, type ShardFlight, slowLook, type Then } from './flight.ts'
import { keepShard, moveShard } from './move.ts'
import { type RoutedManifest, routesOf } from './routing.ts'

/**
 * A budget is a wall: a shard is not bought when what is spent, what is in the air at its high estimate and the shard
 * itself could pass it. Null: it may be bought.
 */
export async function overBudget(flight: ShardFlight): Promise<Then | null> {
  const { ports, job, shard, options } = flight
  if (options.budget === null) return null
  // In this order: what settles in between is counted twice rather than not at all.
  const live = await ports.store.submissions({ jobId: job.id, states: [...quotaHoldingStates, 'ended', 'collected'] })
  const totals = totalOf(await ports.store.ledger({ jobId: job.id }))
  const spent = totals.proven + totals.unproven + totals.duplicate
  const shards = await ports.store.shards(job.id)
  const inAir = live.reduce((sum, submission) => sum + highOf(job, submission, shards), 0n)
  const next = highOf(job, { ...shard, shardId: shard.id }, shards)
  if (spent + inAir + next <= parseUsd(options.budget)) return null
  if (shard.held !== 'budget') {
    const facts = { reason: 'budget', budget: options.budget, spent: usd(spent), inAir: usd(inAir), next: usd(next) }
    await commit(flight, { shards: [held(shard)], events: [eventOf(flight, 'held', facts)] })
  }
  return slowLook(ports, MINUTE)
}

/**
 * The job's row as it was when the budget was looked at, one revision on: of two purchases that looked at once, only one
 * goes through, and the other looks again.
 */
export const touched = ({ id, state, rev }: JobRow) => ({ id, from: state, rev, set: {} })

const held = (shard: ShardRow) =>
  shard.state === 'held' ? keepShard(shard, { held: 'budget' }) : moveShard(shard, 'hold', { held: 'budget' })

/**
 * The quote's worst case, shared out by tokens; so often doubled as the output limits are.
 * @param shards  of the job
 */
export function highOf(
  job: JobRow,
  { lane, model, tokens, shardId }: Pick<SubmissionRow, 'lane' | 'model' | 'tokens' | 'shardId'>,
  shards: readonly ShardRow[],
): bigint {
  const quote = job.quote as Quote | null
  const lines = [...(quote?.lanes ?? []), ...(quote?.alternatives ?? [])]
  const line = lines.find((candidate) => candidate.lane === lane && candidate.model === model)
  const most = line?.usd.most ?? line?.usd.high // quotes of old have no worst case of their own
  if (most == null) return 0n
  const manifest = job.input as RoutedManifest
  const all = manifest.groups.reduce((sum, { tokens: ofGroup }, at) => {
    const flies = routesOf(manifest, at).some((route) => route.model === model)
    return flies ? sum + ofGroup - (manifest.spared?.tokens[at] ?? 0) : sum
  }, 0)
  const shard = shards.find(({ id }) => id === shardId)
  const high = parseUsd(most) * 2n ** BigInt(shard === undefined ? 0 : grownOf(shard))
  return all === 0 ? high : (high * BigInt(tokens)) / BigInt(all)
}
