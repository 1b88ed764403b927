import { MINUTE, SECOND } from '../kit/clock.ts'
import type { Mark } from '../providers/contract.ts'
import type { SubmissionRow } from '../stores/contract.ts'
import { commit, eventOf, type Flight, slowLook, type Then } from './flight.ts'
import { keepShard, keepSubmission, moveShard, moveSubmission } from './move.ts'
import { openedAs } from './watch.ts'

/** After `sendBy`, in vendor time. Without a fence a late create cannot be made harmless, so it is waited for longer. */
const LOOKS = [0, 30 * SECOND, 2 * MINUTE]
const LOOKS_WITHOUT_FENCE = [...LOOKS, 5 * MINUTE, 10 * MINUTE]
const AFTER_FENCE = MINUTE

interface Progress {
  /** Look-ups made so far that found nothing. */
  readonly looks: number
  /** Vendor time of the fence. */
  readonly fencedAt?: number
}

export const markOf = (submission: SubmissionRow): Mark => ({
  key: submission.key,
  fileId: submission.fileId,
  rows: submission.rows,
  sentAt: submission.sentAt ?? submission.createdAt,
  sendBy: submission.sendBy ?? submission.createdAt,
})

/** A `buying` row that nobody is buying: the process died between intent and record. */
export async function doubt(flight: Flight, submission: SubmissionRow): Promise<Then> {
  await commit(flight, {
    submissions: [moveSubmission(submission, 'doubt', { progress: { looks: 0 } })],
    events: [
      eventOf(
        flight,
        'unsure',
        { why: 'the process that was buying ended before it wrote down the answer' },
        submission,
      ),
    ],
  })
  return 'again'
}

/** One look at the vendor for an unsure purchase; fence and last look when it stays unseen; then it is ruled out. */
export async function lookUp(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { ports, lane, call, shard } = flight
  const progress = (submission.progress ?? { looks: 0 }) as Progress
  const mark = markOf(submission)
  const fenced = lane.fence !== undefined
  const looks = fenced ? LOOKS : LOOKS_WITHOUT_FENCE
  const vendorNow = ports.vendors.now(shard.accountId)
  const due =
    progress.fencedAt === undefined ? mark.sendBy + (looks[progress.looks] ?? 0) : progress.fencedAt + AFTER_FENCE
  // A process that has not heard the vendor's time yet looks at once; such a look counts for nothing but its answer.
  const early = !ports.vendors.knowsTime(shard.accountId)
  if (vendorNow < due && !early) return ports.clock.now() + (due - vendorNow) + 1

  const found = await lane.find(call, mark)
  if (found.kind === 'found') {
    const opened = openedAs(flight, submission, 'find', found.remote)
    await commit(flight, { submissions: [opened.move], events: [eventOf(flight, 'found', opened.facts, submission)] })
    ports.log.info(
      { submission: submission.id, remote: found.remote.id },
      'the unsure purchase was found at the vendor',
    )
    return 'again'
  }
  if (found.kind === 'candidates') return holdUnsure(flight, submission, found.remotes.length)
  if (early && ports.vendors.knowsTime(shard.accountId)) return 'again'
  if (vendorNow < due) return ports.clock.now() + (due - vendorNow) + 1 // a vendor that never tells the time
  if (progress.looks + 1 < looks.length) {
    await commit(flight, { submissions: [keepSubmission(submission, { progress: { looks: progress.looks + 1 } })] })
    return 'again'
  }
  if (progress.fencedAt === undefined && lane.fence !== undefined) {
    await lane.fence(call, mark)
    const fencedAt = ports.vendors.now(shard.accountId)
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { ...progress, fencedAt } })],
      events: [eventOf(flight, 'fenced', { file: submission.fileId }, submission)],
    })
    return 'again'
  }
  await commit(flight, {
    submissions: [moveSubmission(submission, 'ruleOut')],
    shards: [keepShard(shard, { purchase: shard.purchase + 1 })],
    events: [eventOf(flight, 'absent', { looks: looks.length }, submission)],
  })
  ports.log.info({ submission: submission.id }, 'the unsure purchase never arrived; buying anew under another key')
  return 'again'
}

/** Somebody's, perhaps ours: polled by whoever knows how to prove it, never cancelled, never bought again. */
async function holdUnsure(flight: Flight, submission: SubmissionRow, candidates: number): Promise<Then> {
  const { shard, ports } = flight
  if (shard.state !== 'held') {
    await commit(flight, {
      shards: [moveShard(shard, 'hold', { held: 'unsure' })],
      events: [eventOf(flight, 'held', { reason: 'unsure', candidates }, submission)],
    })
  }
  return slowLook(ports, MINUTE)
}
