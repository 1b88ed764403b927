import { ResultWalk } from '../../delivery/windows.ts'
import { NotReady, Refused } from '../../domain/errors.ts'
import { outcomes, reasonCode } from '../../domain/outcome.ts'
import type { Manifest } from '../../intake/manifest.ts'
import { SECOND } from '../../kit/clock.ts'
import type { JobRow, ShardRow } from '../../stores/contract.ts'
import { deservesRetry, eachFate, retryPause } from '../harvest/fates.ts'
import { flownOf } from '../harvest/flown.ts'
import { type AdoptedFrom, buysNothing, type JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { asRows, type RoutedManifest } from '../rows/routing.ts'
import { type RowSet, recordsOf } from '../rows/rows.ts'
import { grownOf } from '../shards/course.ts'
import { moveJob } from '../shards/move.ts'
import { ordinalsOf, planShards, putOrdinals } from '../shards/plan.ts'
import type { ShardTally } from '../shards/tally.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')

/** Requests that fly in one round, by how often their output limits have been doubled. */
type Again = ReadonlyMap<number, readonly number[]>

/** The next round: only the requests of this one that deserve another, cut anew. Planning it twice plans it once. */
export async function planRetries(ports: Ports, job: JobRow, shards: readonly ShardRow[]): Promise<void> {
  const options = job.options as JobOptions
  const submissions = await ports.store.submissions({ jobId: job.id })
  const again = new Map<number, number[]>()
  const fly = (grown: number, ordinal: number): void => {
    const ordinals = again.get(grown)
    if (ordinals === undefined) again.set(grown, [ordinal])
    else ordinals.push(ordinal)
  }
  let troubled = false
  for (const shard of shards) {
    if (shard.round !== job.round || shard.tally === null) continue
    const { again, handedOn } = shard.tally as ShardTally
    if (handedOn || outcomes.every((outcome) => again[outcome] === 0)) continue
    const submission = submissions.find(
      ({ shardId, state, duplicate }) =>
        shardId === shard.id && !duplicate && (state === 'settled' || state === 'lost'),
    )
    const grown = grownOf(shard)
    const ordinalAt = await ordinalsOf(ports, shard)
    if (submission?.collected == null) {
      for (let row = 0; row < shard.count; row++) fly(grown, ordinalAt(row))
      continue
    }
    const settling = { ports, job, shard, input: job.input as RoutedManifest, options }
    await eachFate(settling, submission, ({ reason }, fate, row) => {
      if (fate !== 'next' && fate !== 'grown') return
      troubled ||= isTrouble(reason)
      fly(fate === 'grown' ? grown + 1 : grown, ordinalAt(row))
    })
  }
  await planRound(ports, job, again, { how: 'flying', pause: troubled ? retryPause(job.round) : 0 })
}

/** The vendor could not, which says nothing of the request. */
const isTrouble = (reason: number): boolean =>
  reason === reasonCode.rate_limited || reason === reasonCode.vendor_error || reason === reasonCode.request_timeout

/**
 * One more round on the user's word.
 * @param all  also what failed for good, or was cancelled; else only what deserves a retry
 */
export async function retryJob(ports: Ports, job: JobRow, all: boolean): Promise<number> {
  if (job.state !== 'landed' && job.state !== 'cancelled') throw new NotReady(job.id, job.state)
  const options = job.options as JobOptions
  if (buysNothing(options)) throw neverBought(job, options.adopted as AdoptedFrom)
  const walk = new ResultWalk(ports.blobs, job.input as Manifest, await flownOf(ports, job.id))
  const ordinals: number[] = []
  try {
    for await (const window of walk.rows()) {
      for (let index = 0; index < window.count; index++) {
        if (window.copied[index] === 1) continue // it takes the new answer of the other
        const succeeded = window.outcome[index] === SUCCEEDED
        const again = deservesRetry(window.reason[index] as number, options)
        const reason = window.reason[index]
        if (reason === reasonCode.withdrawn || reason === reasonCode.discarded) continue // the user's word, too
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
  return planRound(ports, job, new Map([[0, ordinals]]), { how: 'reopened', pause: 0 })
}

function neverBought({ id, input }: JobRow, { remote, input: isHere }: AdoptedFrom): Refused {
  const [name = remote] = (input as Manifest).files
  return new Refused(
    'adopted',
    `Job ${id} took over ${remote}, which somebody else has bought; nothing of it is bought again.`,
    isHere
      ? `If what failed shall be bought again after all: redeye adopt ${name} --rescue, then redeye retry ${id}`
      : 'What was asked is not there any more, only its ids are: submit the requests from where they came.',
  )
}

/** Returns how many requests the rows are of. */
async function planRound(
  ports: Ports,
  job: JobRow,
  again: Again,
  { how, pause }: { how: 'flying' | 'reopened'; pause: number },
): Promise<number> {
  const round = job.round + 1
  const manifest = job.input as RoutedManifest
  const options: JobOptions = { ...(job.options as JobOptions), calm: true }
  const shards: ShardRow[] = []
  let requests = 0
  for (const [grown, unsorted] of again) {
    const ordinals = Uint32Array.from(unsorted).sort()
    const name = `jobs/${job.id}/round-${round}${grown === 0 ? '' : `-grown-${grown}`}`
    await putOrdinals(ports, name, ordinals)
    const rows = { firstOrdinal: ordinals[0] as number, count: ordinals.length, ordinals: name }
    shards.push(...(await planShards(ports, { jobId: job.id, manifest, options, deadline: null, round, grown }, rows)))
    requests += await countRequests(ports, manifest, rows)
  }
  const now = ports.clock.now()
  const set = { round, landedAt: null, cancelWanted: false, receipt: null, options }
  await ports.store.commit({
    job:
      how === 'reopened' ? moveJob(job, 'reopen', set) : { id: job.id, from: job.state, rev: job.rev, set: { round } },
    insertShards: shards.map((shard) => ({ ...shard, wakeAt: now + pause })),
    events: [
      {
        jobId: job.id,
        at: now,
        type: 'retry',
        data: {
          round,
          requests,
          ...(manifest.rows && { rows: shards.reduce((sum, { count }) => sum + count, 0) }),
          shards: shards.length,
          pauseSeconds: pause / SECOND,
        },
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
