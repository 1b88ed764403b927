import { tierOf } from '../../domain/usage.ts'
import { HOUR, MINUTE } from '../../kit/clock.ts'
import type { ShardRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { type Course, courseOf } from '../shards/course.ts'
import { type Ordinals, type PlanOf, planShards, putOrdinals } from '../shards/plan.ts'
import type { SharedPrefixes } from './shared-prefixes.ts'

/** A deadline that is nearer than this is not kept waiting. */
const WINDOW_MIN = 6 * HOUR
/** So long is waited for what primes; a vendor that takes longer is busy, and keeps nothing for us meanwhile. */
export const PRIMING_MS = 30 * MINUTE

/**
 * One request of every beginning that is to be kept, as a purchase of its own: once it is answered, the others find what
 * it has written. Batches read what batches have written; a call outside of them is not relied upon to prime one.
 * @param had  rows that are answered, or go ahead already
 */
export async function primerShards(
  ports: Ports,
  of: PlanOf,
  shared: readonly SharedPrefixes[],
  had: Ordinals,
): Promise<ShardRow[]> {
  const { manifest, deadline, jobId } = of
  const now = ports.clock.now()
  if (deadline !== null && deadline - now < WINDOW_MIN) return []
  const rows = new Set<number>()
  for (const { group, kept } of shared) {
    if (manifest.routes[group]?.marked === undefined) continue
    for (const { firstRow } of kept) if (!had.has(firstRow)) rows.add(firstRow)
  }
  if (rows.size === 0) return []
  const ordinals = Uint32Array.from(rows).sort()
  const name = `jobs/${jobId}/primers`
  await putOrdinals(ports, name, ordinals)
  const set = { firstOrdinal: ordinals[0] as number, count: ordinals.length, ordinals: name }
  const shards = await planShards(ports, { ...of, tier: 'batch' }, set)
  return shards
    .filter(({ lane }) => tierOf(lane) === 'batch')
    .map((shard) => ({
      ...shard,
      wakeAt: now,
      course: { ...courseOf(shard), primes: true, assignedAt: now } satisfies Course,
    }))
}
