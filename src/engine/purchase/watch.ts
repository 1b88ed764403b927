import type { SubmissionState } from '../../domain/states.ts'
import { DAY, MINUTE } from '../../kit/clock.ts'
import type { BatchLane, Remote } from '../../providers/contract.ts'
import type { Move, SubmissionRow } from '../../stores/contract.ts'
import { commit, eventOf, type Flight, type Then } from '../shards/flight.ts'
import { keepShard, keepSubmission, moveShard, moveSubmission } from '../shards/move.ts'
import { withdrawnIn } from '../shards/withdrawn.ts'
import { refused } from './refusal.ts'
import {
  asleepUntil,
  type Look,
  looksApart,
  POLL_MAX_MS,
  POLL_MIN_MS,
  POLL_REAL_MIN_MS,
  type Watcher,
} from './watcher.ts'

/** A 404 is common just after create; for a day afterwards it may still be the vendor's trouble, not ours. */
const LISTED_FIRST_MS = 15 * MINUTE
const LOST_AFTER_MS = DAY

/** A submission that the vendor has, however we came to know: its id, its word, and until when it keeps the results. */
export function openedAs(
  { ports, lane }: Pick<Flight, 'ports' | 'lane'>,
  submission: SubmissionRow,
  event: 'accept' | 'find' | 'prove' | 'appear',
  remote: Remote,
  set: Partial<Omit<SubmissionRow, 'id' | 'state'>> = {},
): { move: Move<SubmissionRow, SubmissionState>; facts: object } {
  const move = moveSubmission(submission, event, {
    remoteId: remote.id,
    // A word that no contract explains is left to the first look, which logs and shows it.
    vendorState: remote.state === 'unknown' ? null : remote.vendorState,
    openedAt: ports.clock.now(),
    collectBy: remote.createdAt + lane.limits.collectWithinMs,
    counts: remote.counts,
    progress: null,
    ...set,
  })
  return { move, facts: { remote: remote.id, vendorState: remote.vendorState } }
}

/** Whether it has ended with all that it has; `rest` says that it was cut short. */
export const isOver = ({ countsGrow }: BatchLane, { state, counts, rest }: Remote, rows: number): boolean =>
  state === 'ended' && (countsGrow !== true || rest !== undefined || (counts?.total ?? 0) >= rows)

/**
 * When to look again: often while young, at most once a minute, and where looks are counted, each in its turn. What is
 * looked at with many others is woken when something has changed.
 */
function pollAt({ ports: { clock }, lane, options }: Flight, openedAt: number | null, look: Look): number {
  const { inTurn, listed } = look
  if (listed && options.withdrawn === undefined) return asleepUntil(clock)
  const age = clock.now() - (openedAt ?? clock.now())
  const pause = Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, age / 10))
  return clock.now() + Math.max(pause, inTurn * looksApart(lane), POLL_REAL_MIN_MS * clock.speed)
}

/** One look at an open or cancelling submission; writes only when something changed. */
export async function watch(flight: Flight, submission: SubmissionRow, watcher: Watcher): Promise<Then> {
  const { ports, lane, call } = flight
  const look = await watcher.look(flight, submission)
  const { remote } = look
  const released = remote?.state !== 'refused' && (await release(flight, remote))
  if (remote === undefined) return unseen(flight, submission, look)
  if (isOver(lane, remote, submission.rows)) {
    await commit(flight, {
      submissions: [
        moveSubmission(submission, 'end', {
          vendorState: remote.vendorState,
          counts: remote.counts,
          endedAt: ports.clock.now(),
          progress: null,
        }),
      ],
      events: [eventOf(flight, 'ended', { vendorState: remote.vendorState, counts: remote.counts }, submission)],
    })
    ports.step('ended')
    return 'again'
  }
  if (remote.state === 'refused') return refused(flight, submission, remote.refusal ?? unexplained(remote))
  if (submission.state === 'open' && (await isUnwanted(flight, submission))) {
    const answer = (await lane.cancel(call, submission.remoteId ?? '')) ?? remote
    if (answer.state === 'ended') return watch(flight, submission, watcher)
    await commit(flight, {
      submissions: [moveSubmission(submission, 'cancel', { vendorState: answer.vendorState })],
      events: [eventOf(flight, 'cancelling', { vendorState: answer.vendorState }, submission)],
    })
    return pollAt(flight, ports.clock.now(), { ...look, listed: false })
  }
  const noted = await noteChange(flight, submission, remote)
  const then = pollAt(flight, submission.openedAt, look)
  return released || noted ? then : { quietUntil: then }
}

/** Somebody wants its end, or the user has withdrawn all that is in it. */
const isUnwanted = async ({ ports, job, options, shard }: Flight, { cancelWanted }: SubmissionRow): Promise<boolean> =>
  job.cancelWanted ||
  cancelWanted ||
  (shard.count > 0 && (await withdrawnIn(ports, options, shard)).size === shard.count)

/**
 * The vendor answers again about what was bought: whatever the shard was held for is over. Refusals are forgotten only
 * once it runs, for until then it may be refused again. True when that was news.
 */
async function release(flight: Flight, remote: Remote | undefined): Promise<boolean> {
  const { shard } = flight
  const runs = remote !== undefined && (remote.counts === null || remote.counts.total > 0)
  const refusals = runs ? 0 : shard.refusals
  if (shard.state !== 'held' && refusals === shard.refusals) return false
  const set = { held: null, refusals }
  await commit(flight, {
    shards: [shard.state === 'held' ? moveShard(shard, 'fly', set) : keepShard(shard, set)],
    events: shard.state === 'held' ? [eventOf(flight, 'released')] : [],
  })
  return true
}

async function noteChange(flight: Flight, submission: SubmissionRow, remote: Remote): Promise<boolean> {
  const cancelled = remote.state === 'cancelling' && submission.state === 'open'
  const moved = remote.vendorState !== submission.vendorState
  const counted = JSON.stringify(remote.counts) !== JSON.stringify(submission.counts)
  const seenAgain = submission.progress !== null // it was gone for a while: that it came back is news too
  if (!cancelled && !moved && !counted && !seenAgain) return false
  const set = { vendorState: remote.vendorState, counts: remote.counts, progress: null }
  if (remote.state === 'unknown' && moved) {
    flight.ports.log.warn(
      { submission: submission.id, vendorState: remote.vendorState },
      'the vendor reports a state that no contract explains; waiting on',
    )
  }
  await commit(flight, {
    submissions: [cancelled ? moveSubmission(submission, 'cancel', set) : keepSubmission(submission, set)],
    events: moved
      ? [
          eventOf(
            flight,
            'vendor-state',
            { vendorState: remote.vendorState, known: remote.state !== 'unknown' },
            submission,
          ),
        ]
      : [],
  })
  return true
}

const unexplained = (remote: Remote) =>
  ({ kind: 'whole', code: null, message: `the vendor ended it as "${remote.vendorState}" without a reason` }) as const

/** 404: wait; then ask the list; gone for a day is lost, its outcomes missing and its money unproven. */
async function unseen(flight: Flight, submission: SubmissionRow, look: Look): Promise<Then> {
  const { ports, lane, call } = flight
  const now = ports.clock.now()
  const progress = (submission.progress ?? {}) as { goneSince?: number }
  const goneSince = progress.goneSince ?? now
  if (progress.goneSince === undefined) {
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { goneSince } })],
      events: [eventOf(flight, 'unseen', { remote: submission.remoteId }, submission)],
    })
  }
  const young = now - (submission.openedAt ?? now) < LISTED_FIRST_MS
  if (!young) {
    for await (const remote of lane.list(call, (submission.sentAt ?? 0) - LISTED_FIRST_MS)) {
      if (remote.id === submission.remoteId) return pollAt(flight, submission.openedAt, look)
    }
  }
  if (now - goneSince < LOST_AFTER_MS) return pollAt(flight, submission.openedAt, look)
  await commit(flight, {
    submissions: [moveSubmission(submission, 'vanish', { endedAt: now })],
    events: [eventOf(flight, 'lost', { remote: submission.remoteId, goneSince }, submission)],
  })
  return 'again'
}
