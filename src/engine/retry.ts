import { type Collected, emptyResult, RESULT_BYTES, readResult } from '../delivery/result-index.ts'
import { ResultWalk, readOrdinals } from '../delivery/windows.ts'
import { NotReady, Refused } from '../domain/errors.ts'
import { outcomes } from '../domain/outcome.ts'
import type { Manifest } from '../intake/manifest.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../stores/contract.ts'
import { flownOf } from './flown.ts'
import { moveJob } from './move.ts'
import type { JobOptions } from './options.ts'
import { planShards, putOrdinals } from './plan.ts'
import type { Ports } from './ports.ts'
import { asRows, type RoutedManifest } from './routing.ts'
import { type RowSet, recordsOf } from './rows.ts'
import { deservesRetry, readWhole, type ShardTally } from './settle.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')

/** The next round: only the requests of this one that deserve another, cut anew. Planning it twice plans it once. */
export async function planRetries(ports: Ports, job: JobRow, shards: readonly ShardRow[]): Promise<void> {
  const options = job.options as JobOptions
  const submissions = await ports.store.submissions({ jobId: job.id })
  const ordinals: number[] = []
  for (const shard of shards) {
    if (shard.round !== job.round || shard.tally === null) continue
    const { again, handedOn } = shard.tally as ShardTally
    if (handedOn || outcomes.every((outcome) => again[outcome] === 0)) continue
    const submission = submissions.find(
      ({ shardId, state, duplicate }) =>
        shardId === shard.id && !duplicate && (state === 'settled' || state === 'lost'),
    )
    // One by one: there may be more of them than a call takes arguments.
    for (const ordinal of await retryOrdinals(ports, shard, submission, options)) ordinals.push(ordinal)
  }
  await planRound(ports, job, Uint32Array.from(ordinals).sort(), 'flying')
}

/**
 * One more round on the user's word.
 * @param all  also what failed for good, or was cancelled; else only what deserves a retry
 */
export async function retryJob(ports: Ports, job: JobRow, all: boolean): Promise<number> {
  if (job.state !== 'landed' && job.state !== 'cancelled') throw new NotReady(job.id, job.state)
  const options = job.options as JobOptions
  const walk = new ResultWalk(ports.blobs, job.input as Manifest, await flownOf(ports, job.id))
  const ordinals: number[] = []
  try {
    for await (const window of walk.rows()) {
      for (let index = 0; index < window.count; index++) {
        const succeeded = window.outcome[index] === SUCCEEDED
        const again = deservesRetry(window.reason[index] as number, options)
        if (succeeded ? again : all || again || window.outcome[index] === outcomes.indexOf('cancelled'))
          ordinals.push(window.first + index)
      }
    }
  } finally {
    await walk.close()
  }
  if (ordinals.length === 0) {
    throw new Refused(
      'nothing_to_retry',
      `Job ${job.id} has no request that deserves a retry.`,
      'Requests that failed for good fly again with --all.',
    )
  }
  return planRound(ports, job, Uint32Array.from(ordinals), 'reopened')
}

/** Returns how many requests the rows are of. */
async function planRound(
  ports: Ports,
  job: JobRow,
  ordinals: Uint32Array,
  how: 'flying' | 'reopened',
): Promise<number> {
  const round = job.round + 1
  const name = `jobs/${job.id}/round-${round}`
  await putOrdinals(ports, name, ordinals)
  const manifest = job.input as RoutedManifest
  const options: JobOptions = { ...(job.options as JobOptions), calm: true }
  const rows = { firstOrdinal: ordinals[0] as number, count: ordinals.length, ordinals: name }
  const shards = await planShards(ports, { jobId: job.id, manifest, options, deadline: null, round }, rows)
  const requests = await countRequests(ports, manifest, rows)
  const set = { round, landedAt: null, cancelWanted: false, receipt: null, options }
  await ports.store.commit({
    job:
      how === 'reopened' ? moveJob(job, 'reopen', set) : { id: job.id, from: job.state, rev: job.rev, set: { round } },
    insertShards: shards,
    events: [
      {
        jobId: job.id,
        at: ports.clock.now(),
        type: 'retry',
        data: { round, requests, ...(manifest.rows && { rows: rows.count }), shards: shards.length },
      },
    ],
  })
  return requests
}

/** How many requests some rows are of. */
async function countRequests(ports: Ports, manifest: RoutedManifest, rows: RowSet): Promise<number> {
  if (manifest.rows === undefined) return rows.count
  let requests = 0
  let last = -1
  for await (const records of recordsOf(ports.blobs, asRows(manifest), rows)) {
    for (const { carryOffset } of records) {
      if (carryOffset !== last) requests++ // each has its own id, in one place
      last = carryOffset
    }
  }
  return requests
}

async function retryOrdinals(
  ports: Ports,
  shard: ShardRow,
  submission: SubmissionRow | undefined,
  options: JobOptions,
): Promise<number[]> {
  const sparse = shard.ordinals === null ? null : await readOrdinals(ports.blobs, shard.ordinals)
  const ordinalAt = (row: number): number => (sparse === null ? shard.firstOrdinal + row : (sparse[row] as number))
  const collected = submission?.collected as Collected | null | undefined
  if (collected === null || collected === undefined)
    return Array.from({ length: shard.count }, (_, row) => ordinalAt(row))
  const bytes = await readWhole(ports, collected.index)
  const view = new DataView(bytes.buffer)
  const result = emptyResult()
  const ordinals: number[] = []
  for (let row = 0; row < shard.count; row++) {
    readResult(view, row * RESULT_BYTES, result)
    if (outcomes[result.outcome] !== undefined && deservesRetry(result.reason, options)) ordinals.push(ordinalAt(row))
  }
  return ordinals
}
