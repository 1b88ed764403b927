import { HOUR, MINUTE } from '../../kit/clock.ts'
import type { Remote } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { collect } from '../harvest/collect.ts'
import { settle } from '../harvest/settle.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { idBehind, unknownAmong } from '../purchase/candidates.ts'
import { prove } from '../purchase/prove.ts'
import { openedAs } from '../purchase/watch.ts'
import { type RoutedManifest, routedFor, sentManifest } from '../rows/routing.ts'
import { commit, eventOf, type Flight, type ShardFlight } from '../shards/flight.ts'
import { keepSubmission, moveSubmission } from '../shards/move.ts'
import { endStrayRun } from './sync-flight.ts'

/** How long a key that never arrived is looked for, and how often. */
const SWEEP_FOR_MS = 72 * HOUR
export const SWEEP_EVERY_MS = 10 * MINUTE

/**
 * Looks for purchases that were ruled out and arrived all the same. One that is found is cancelled, harvested, charged
 * as `duplicate`, and shown in the receipt. Returns true while there is something to sweep for.
 */
export async function sweep(ports: Ports, accountId: string): Promise<boolean> {
  const after = ports.clock.now() - SWEEP_FOR_MS
  const absent = (await ports.store.submissions({ accountId, states: ['absent'] })).filter(
    ({ createdAt }) => createdAt > after,
  )
  const strays = (
    await ports.store.submissions({ accountId, states: ['candidate', 'open', 'cancelling', 'ended', 'collected'] })
  ).filter(({ duplicate, abandoned }) => duplicate || abandoned)
  if (absent.length > 0) strays.push(...(await arrivals(ports, accountId, absent)))
  for (const stray of strays) await driveStray(ports, stray)
  return absent.length + strays.length > 0
}

async function arrivals(ports: Ports, accountId: string, absent: readonly SubmissionRow[]): Promise<SubmissionRow[]> {
  const byKey = new Map(absent.map((submission) => [submission.key, submission]))
  const byFile = new Map(
    absent.flatMap((submission) => (submission.fileId === null ? [] : [[submission.fileId, submission]])),
  )
  const since = Math.min(...absent.map(({ sentAt, createdAt }) => sentAt ?? createdAt)) - 10 * MINUTE
  const first = absent[0] as SubmissionRow
  const found: SubmissionRow[] = []
  for await (const remote of ports.vendors.batch(first.lane).list(ports.vendors.call(accountId), since)) {
    const submission =
      byKey.get(remote.key ?? '') ?? byFile.get(remote.fileId ?? '') ?? (await provenOf(ports, remote, absent))
    if (submission === undefined || found.some(({ id }) => id === submission.id)) continue
    // Refused late means that the fence held: nothing ran and nothing is owed.
    if (remote.state === 'refused') continue
    const flight = await flightOf(ports, submission)
    const { move, facts } = openedAs(flight, submission, 'appear', remote, { duplicate: true })
    await commit(flight, { submissions: [move], events: [eventOf(flight, 'arrived-late', facts, submission)] })
    ports.log.warn(
      { submission: submission.id, remote: remote.id },
      'a purchase that was ruled out has arrived: cancelling it',
    )
    found.push({ ...submission, ...move.set })
  }
  return found
}

/** Without a mark it is an id in its results, once it has ended, that says which of the absent ones it is. */
async function provenOf(
  ports: Ports,
  remote: Remote,
  absent: readonly SubmissionRow[],
): Promise<SubmissionRow | undefined> {
  for (const submission of absent) {
    if (remote.counts !== null && remote.counts.total !== submission.rows) continue
    if (remote.createdAt < (submission.sentAt ?? submission.createdAt) - CLOCKS_APART_MS) continue
    const flight = await flightOf(ports, submission)
    if (remote.key !== null || flight.lane.marks || (await unknownAmong(flight, submission, [remote])).length === 0)
      continue
    const id = await idBehind(flight, remote)
    if (id === null) continue
    if (id.startsWith(`${submission.key}-`)) return submission
    const { strangers = [], ...progress } = (submission.progress ?? {}) as { strangers?: readonly string[] }
    const set = { progress: { ...progress, strangers: [...strangers, remote.id] } }
    await commit(flight, { submissions: [keepSubmission(submission, set)] })
  }
  return undefined
}
const CLOCKS_APART_MS = 5 * MINUTE

async function driveStray(ports: Ports, submission: SubmissionRow): Promise<void> {
  const sync = ports.vendors.sync(submission.lane)
  if (sync !== undefined) return endStrayRun({ ...(await shardFlightOf(ports, submission)), lane: sync }, submission)
  const flight = await flightOf(ports, submission)
  const { lane, call } = flight
  switch (submission.state) {
    case 'candidate':
      await prove(flight, submission)
      return
    case 'open':
    case 'cancelling': {
      const id = submission.remoteId ?? ''
      const remote = submission.state === 'open' ? await lane.cancel(call, id) : await lane.poll(call, id)
      if (remote?.state === 'ended') {
        const set = { vendorState: remote.vendorState, counts: remote.counts, endedAt: ports.clock.now() }
        await commit(flight, { submissions: [moveSubmission(submission, 'end', set)] })
      } else if (remote?.state === 'refused')
        await commit(flight, { submissions: [moveSubmission(submission, 'refuse')] })
      else if (submission.state === 'open' && remote !== undefined) {
        await commit(flight, {
          submissions: [moveSubmission(submission, 'cancel', { vendorState: remote.vendorState })],
        })
      }
      return
    }
    case 'ended':
      await collect(flight, submission)
      return
    default:
      await settle(flight, submission)
  }
}

const flightOf = async (ports: Ports, submission: SubmissionRow): Promise<Flight> => ({
  ...(await shardFlightOf(ports, submission)),
  lane: ports.vendors.batch(submission.lane),
})

/** Without a lease: a stray is guarded by its own state alone, and doing a step of it twice changes nothing. */
async function shardFlightOf(ports: Ports, submission: SubmissionRow): Promise<ShardFlight> {
  const job = await ports.store.job(submission.jobId)
  const shard = await ports.store.shard(submission.shardId)
  if (job === undefined || shard === undefined) throw new Error(`Submission ${submission.id} has no job or shard.`)
  const input = routedFor(job.input as RoutedManifest, shard)
  return {
    ports,
    claim: null,
    job,
    shard,
    input,
    manifest: sentManifest(input, shard.group),
    options: job.options as JobOptions,
    call: ports.vendors.call(submission.accountId),
  }
}
