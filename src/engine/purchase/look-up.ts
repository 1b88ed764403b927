import { MINUTE, SECOND } from '../../kit/clock.ts'
import type { Mark } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { commit, eventOf, type Flight, type Then } from '../shards/flight.ts'
import { keepShard, keepSubmission, moveSubmission } from '../shards/move.ts'
import { suspect, unknownAmong } from './candidates.ts'
import { openedAs } from './watch.ts'

/** After `sendBy`, in vendor time. Without a fence a late create cannot be made harmless, so it is waited for longer. */
const LOOKS = [0, 30 * SECOND, 2 * MINUTE]
/** Where no fence is, an unsure purchase may still arrive for so long. */
export const LOOKED_FOR_MS = 10 * MINUTE
const LOOKS_WITHOUT_FENCE = [...LOOKS, 5 * MINUTE, LOOKED_FOR_MS]
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
  if (found.kind === 'candidates') {
    const remotes = await unknownAmong(flight, submission, found.remotes)
    if (remotes.length > 0) return suspect(flight, submission, remotes)
  }
  if (early && ports.vendors.knowsTime(shard.accountId)) return 'again'
  if (vendorNow < due) return ports.clock.now() + (due - vendorNow) + 1 // a vendor that never tells the time
  if (progress.looks + 1 < looks.length) {
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { ...progress, looks: progress.looks + 1 } })],
    })
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
  return ruleOut(flight, submission)
}

/** It never arrived: the shard is bought anew under another key, and this one is looked for on the sweep. */
export async function ruleOut(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { ports, shard } = flight
  const { looks } = (submission.progress ?? { looks: 0 }) as Progress
  await commit(flight, {
    submissions: [moveSubmission(submission, 'ruleOut')],
    shards: submission.duplicate ? [] : [keepShard(shard, { purchase: shard.purchase + 1 })],
    events: [eventOf(flight, 'absent', { looks: looks + 1 }, submission)],
  })
  ports.log.info({ submission: submission.id }, 'the unsure purchase never arrived')
  return 'again'
}
