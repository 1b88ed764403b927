import { KEY_LENGTH } from '../../delivery/result-index.ts'
import { quotaHoldingStates } from '../../domain/states.ts'
import { MINUTE } from '../../kit/clock.ts'
import type { Remote } from '../../providers/contract.ts'
import type { ForgottenRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { commit, eventOf, type Flight, slowLook } from '../shards/flight.ts'
import { keepShard, moveShard, moveSubmission } from '../shards/move.ts'
import { idBehind } from './candidates.ts'
import { keyOf, submissionRow } from './submission-row.ts'
import { openedAs } from './watch.ts'
import { worstOf } from './worst.ts'

/** Purchases of one shard that a backup may be behind by. */
const PURCHASES_AHEAD = 4

/**
 * Before anything is bought from a store that may be a restored backup: the vendor's list is read back to when the
 * store was last alive, and what bears our keys is taken over. Null when the account is warm.
 */
export async function warm(flight: Flight): Promise<number | null> {
  const { ports, lane, call, shard } = flight
  const since = await ports.store.coldSince(shard.accountId)
  if (since === null) return null
  const expected = await expectedKeys(flight)
  const known = new Set((await ports.store.submissions({ accountId: shard.accountId })).map(({ key }) => key))
  const forgotten: ForgottenRow[] = []
  let doubtful = 0
  for await (const remote of lane.list(call, since)) {
    const key = remote.key ?? (lane.idIn === undefined ? null : await keyBehind(flight, remote, since, expected))
    if (key === 'perhaps') doubtful++
    if (key === null || key === 'perhaps') continue
    const hit = expected.get(key)
    if (hit !== undefined) await adopt(flight, hit, remote)
    else if (!known.has(key)) forgotten.push({ key, remoteId: remote.id, createdAt: remote.createdAt })
  }
  if (doubtful > 0) return untilProven(flight, doubtful)
  await ports.store.warmed(shard.accountId, forgotten)
  ports.log.info({ account: shard.accountId, since }, 'the store may have been restored: the vendor was listed first')
  return ports.clock.now() // look again: what was adopted may be this very shard's
}

/**
 * A shard that was planned after the backup was made, and is planned again: the same rows under the same keys. What was
 * bought for it then is taken over now. Null when there is nothing of it.
 */
export async function recall(flight: Flight, submission: SubmissionRow): Promise<number | null> {
  const { ports, shard, lane, call } = flight
  for (let purchase = shard.purchase; purchase < shard.purchase + PURCHASES_AHEAD; purchase++) {
    const id = await ports.store.forgotten(shard.accountId, keyOf(ports.store.homeId, shard.id, purchase))
    const remote = id === undefined ? undefined : await lane.poll(call, id)
    if (remote === undefined) continue
    const own = purchase === submission.purchase ? submission : undefined
    await adopt(flight, { shard, purchase, submission: own }, remote)
    return ports.clock.now()
  }
  return null
}

/**
 * The key of what bears no mark, by its results: null for a stranger's, `perhaps` while it has not ended and its count
 * is that of something we may have bought.
 */
async function keyBehind(
  flight: Flight,
  remote: Remote,
  since: number,
  expected: ReadonlyMap<string, Expected>,
): Promise<string | null> {
  const may = [...expected.values()].some(({ shard }) => shard.count === (remote.counts?.total ?? shard.count))
  if (!may || remote.createdAt < since) return null
  const known = await flight.ports.store.submissions({ accountId: flight.shard.accountId })
  if (known.some(({ remoteId }) => remoteId === remote.id)) return null
  if (remote.state !== 'ended') return 'perhaps'
  return (await idBehind(flight, remote))?.slice(0, KEY_LENGTH) ?? null
}

/** Nothing is bought while something there may be ours. */
async function untilProven(flight: Flight, candidates: number): Promise<number> {
  const { ports, shard } = flight
  if (shard.held !== 'unsure') {
    const message =
      'the store may have been restored, and what is at the vendor may be ours; it shows when it has ended'
    await commit(flight, {
      shards: [
        shard.state === 'held' ? keepShard(shard, { held: 'unsure' }) : moveShard(shard, 'hold', { held: 'unsure' }),
      ],
      events: [eventOf(flight, 'held', { reason: 'unsure', candidates, message })],
    })
  }
  return slowLook(ports, MINUTE)
}

interface Expected {
  readonly shard: ShardRow
  readonly purchase: number
  readonly submission: SubmissionRow | undefined
}

async function expectedKeys({ ports, shard: { accountId } }: Flight): Promise<Map<string, Expected>> {
  const expected = new Map<string, Expected>()
  const jobs = await ports.store.jobs({ states: ['planned', 'held', 'flying'] })
  for (const job of jobs) {
    const submissions = await ports.store.submissions({ jobId: job.id })
    for (const shard of await ports.store.shards(job.id)) {
      if (shard.state === 'settled' || shard.accountId !== accountId) continue
      for (let purchase = 0; purchase < shard.purchase + PURCHASES_AHEAD; purchase++) {
        const key = keyOf(ports.store.homeId, shard.id, purchase)
        expected.set(key, { shard, purchase, submission: submissions.find((submission) => submission.key === key) })
      }
    }
  }
  return expected
}

async function adopt(flight: Flight, { shard, purchase, submission }: Expected, remote: Remote): Promise<void> {
  const { ports } = flight
  const at = ports.clock.now()
  const event = { jobId: shard.jobId, shardId: shard.id, at, type: 'adopted', data: { remote: remote.id, purchase } }
  if (submission !== undefined) {
    if (submission.state !== 'prepared' && submission.state !== 'buying' && submission.state !== 'unsure') return
    // prepared → buying → unsure → open is what happened, as far as the restored rows know it.
    let row = submission
    const worstNanoUsd = await worst(flight, shard)
    if (row.state === 'prepared') row = await step(flight, row, 'claim', { worstNanoUsd })
    if (row.state === 'buying') row = await step(flight, row, 'doubt')
    const { move } = openedAs(flight, row, 'find', remote)
    await ports.store.commit({ submissions: [move], events: [event] })
    return
  }
  const row: SubmissionRow = {
    ...submissionRow({ ports, shard: { ...shard, purchase } }, { state: 'open', fileId: remote.fileId }),
    vendorState: remote.vendorState,
    remoteId: remote.id,
    sentAt: remote.createdAt,
    sendBy: remote.createdAt,
    collectBy: remote.createdAt + flight.lane.limits.collectWithinMs,
    worstNanoUsd: await worst(flight, shard),
    counts: remote.counts,
  }
  await ports.store.commit({
    insertSubmissions: [row],
    shards: [{ id: shard.id, from: shard.state, set: { state: 'flying', held: null, purchase, wakeAt: at } }],
    events: [event],
  })
}

/** It counts against budgets as what was bought here does. */
async function worst({ ports, job }: Flight, shard: ShardRow): Promise<bigint | null> {
  const own = shard.jobId === job.id ? job : await ports.store.job(shard.jobId)
  return own === undefined ? null : worstOf(ports, own, shard)
}

async function step(
  flight: Flight,
  row: SubmissionRow,
  event: 'claim' | 'doubt',
  set: Pick<Partial<SubmissionRow>, 'worstNanoUsd'> = {},
): Promise<SubmissionRow> {
  const move = moveSubmission(row, event, set)
  await flight.ports.store.commit({ submissions: [move] })
  return { ...row, ...move.set }
}

export const isLive = (submission: SubmissionRow): boolean =>
  quotaHoldingStates.includes(submission.state) || ['prepared', 'ended', 'collected'].includes(submission.state)

/** How long a key that never arrived stays on the sweep. */
export const SWEEP_MS = 72 * 60 * MINUTE
