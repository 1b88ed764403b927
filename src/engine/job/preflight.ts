import { type Collected, emptyResult, NO_FILE, RESULT_BYTES, readResult } from '../../delivery/result-index.ts'
import { errorOf } from '../../delivery/vendor-line.ts'
import { reasonCode } from '../../domain/outcome.ts'
import { tierOf, vendorOf } from '../../domain/usage.ts'
import { emptyRecord, RECORD_BYTES, readRecord } from '../../intake/manifest.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { touched } from '../purchase/budget.ts'
import { readWhole } from '../rows/read-whole.ts'
import type { Route } from '../rows/routing.ts'
import { firstRows } from '../rows/spread-rows.ts'
import { PRIMING_MS } from '../savings/prime.ts'
import { type Course, courseOf, isSteered } from '../shards/course.ts'
import { ladderOf, lanesOf } from '../shards/ladder.ts'
import { keepShard } from '../shards/move.ts'
import { type Ordinals, type PlanOf, planShards, putOrdinals } from '../shards/plan.ts'
import type { ShardTally } from '../shards/tally.ts'

/** Jobs of fewer requests lose little when all of them are wrong. */
const REQUESTS_MIN = 1000
/** A vendor that has not answered by then says nothing against the rest. */
const PATIENCE_MS = 2 * MINUTE
const PATIENCE_REAL_MS = 10 * SECOND

/**
 * One request of every set of parameters, to go ahead of the others at once: vendors take a batch whose every row is
 * wrong, and say so hours later. None where the job is small, or flies request by request anyway.
 * @param bought  rows that have an answer already
 */
export async function preflightShards(ports: Ports, of: PlanOf, bought: Ordinals = new Set()): Promise<ShardRow[]> {
  const { manifest, options, deadline, jobId } = of
  if (options.preflight === false || manifest.requests < REQUESTS_MIN) return []
  const requests: number[] = []
  for (const request of [...(manifest.variants ?? [])].sort((a, b) => a - b)) {
    const route = manifest.routes[await groupOf(ports, manifest.index, request)] as Route
    const [first = route.lane] = lanesOf(ports.vendors, route, ladderOf(options, deadline))
    if (tierOf(first) === 'batch' && lanesOf(ports.vendors, route, ['standard']).length > 0) requests.push(request)
  }
  if (requests.length === 0) return []
  const ordinals = (await firstRows(ports, manifest, requests)).filter((row) => !bought.has(row))
  if (ordinals.length === 0) return []
  const name = `jobs/${jobId}/preflight`
  await putOrdinals(ports, name, Uint32Array.from(ordinals))
  const rows = { firstOrdinal: ordinals[0] as number, count: ordinals.length, ordinals: name }
  const shards = await planShards(ports, { ...of, tier: 'standard' }, rows)
  const now = ports.clock.now()
  return shards.map((shard) => ({
    ...shard,
    wakeAt: now,
    course: { ...courseOf(shard), preflight: true, assignedAt: now } satisfies Course,
  }))
}

async function groupOf({ blobs }: Ports, index: string, request: number): Promise<number> {
  const bytes = new Uint8Array(RECORD_BYTES)
  const blob = await blobs.openLocal(index)
  try {
    await blob.read(bytes, request * RECORD_BYTES)
    return readRecord(new DataView(bytes.buffer), 0, emptyRecord()).group
  } finally {
    await blob.close()
  }
}

const isTest = (shard: ShardRow): boolean => courseOf(shard).preflight === true
const isAhead = (shard: ShardRow): boolean => isTest(shard) || courseOf(shard).primes === true

/** The others wait for those that went ahead. */
export const waitsForPreflight = (shards: readonly ShardRow[]): boolean =>
  shards.some((shard) => isAhead(shard) && shard.state !== 'settled')

/**
 * Lets the rest of a job go once those that went ahead have come back, or ends it when the vendor has turned one down.
 * @returns `shut`: not yet · `moved`: something was written, look again · `open`
 */
export async function preflightGate(
  ports: Ports,
  job: JobRow,
  shards: readonly ShardRow[],
): Promise<'shut' | 'moved' | 'open'> {
  const ahead = shards.filter(isAhead)
  if (ahead.length === 0 || job.cancelWanted) return 'open'
  const submissions = await ports.store.submissions({ jobId: job.id })
  const others = shards.filter((shard) => !isAhead(shard) && courseOf(shard).reusedFrom === undefined)
  const followed = submissions.some(({ shardId }) => others.some(({ id }) => id === shardId))
  if (!followed) {
    if (await isPending(ports, ahead, submissions)) return 'shut'
    const rejection = await rejectionIn(ports, ahead.filter(isTest), submissions)
    if (rejection !== undefined) return (await reject(ports, job, shards, rejection)) ? 'moved' : 'shut'
  }
  if (isSteered(job)) return 'open'
  const waiting = shards.filter(({ state, wakeAt }) => state === 'planned' && wakeAt === null)
  if (waiting.length === 0) return 'open'
  const wakeAt = ports.clock.now()
  const released = await ports.store.commit({
    job: touched(job),
    shards: waiting.map((shard) => keepShard(shard, { wakeAt })),
  })
  return released ? 'moved' : 'shut'
}

async function isPending(
  { clock }: Ports,
  ahead: readonly ShardRow[],
  submissions: readonly SubmissionRow[],
): Promise<boolean> {
  const flying = ahead.filter(({ state }) => state !== 'settled')
  if (flying.length === 0 || flying.some(({ held }) => held !== null)) return false // the others will meet the same
  return flying.some((shard) => {
    const patience = isTest(shard) ? Math.max(PATIENCE_MS, PATIENCE_REAL_MS * clock.speed) : PRIMING_MS
    const submission = submissions.find(({ shardId }) => shardId === shard.id)
    return submission === undefined || clock.now() - submission.createdAt < patience
  })
}

/** What the vendor said against a request for what it is; not that it had no time for it. */
async function rejectionIn(
  ports: Ports,
  ahead: readonly ShardRow[],
  submissions: readonly SubmissionRow[],
): Promise<string | undefined> {
  for (const shard of ahead) {
    if (((shard.tally as ShardTally | null)?.own.failed ?? 0) === 0) continue
    const submission = submissions.find(({ shardId, state }) => shardId === shard.id && state === 'settled')
    if (submission === undefined) continue
    const { index, files } = submission.collected as Collected
    const bytes = await readWhole(ports, index)
    const result = emptyResult()
    for (let at = 0; at < bytes.length; at += RESULT_BYTES) {
      readResult(new DataView(bytes.buffer), at, result)
      if (result.reason !== reasonCode.request_rejected || result.file === NO_FILE) continue
      const name = files[result.file] as string
      const line = Buffer.concat(
        await Array.fromAsync(ports.blobs.get(name, { from: result.offset, to: result.offset + result.length })),
      )
      return `${vendorOf(shard.lane)} turns down ${shard.model}: ${errorOf(line, 0, line.length) ?? 'no reason was given'}`
    }
  }
  return undefined
}

async function reject(ports: Ports, job: JobRow, shards: readonly ShardRow[], error: string): Promise<boolean> {
  const now = ports.clock.now()
  return ports.store.commit({
    job: { id: job.id, from: job.state, rev: job.rev, set: { cancelWanted: true, error } },
    shards: shards.filter(({ state }) => state === 'planned').map((shard) => keepShard(shard, { wakeAt: now })),
    events: [{ jobId: job.id, at: now, type: 'preflight-rejected', data: { message: error } }],
  })
}
