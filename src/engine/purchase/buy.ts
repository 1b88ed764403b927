import { SECOND } from '../../kit/clock.ts'
import type { Purchase } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import { knownReferences } from '../shards/attach.ts'
import { commit, eventOf, type Flight, LeaseLost, leased, type Then } from '../shards/flight.ts'
import { moveSubmission } from '../shards/move.ts'
import { nextOf, overBudget, spending } from './budget.ts'
import { uploadOf, waitForRoom } from './prepare.ts'
import { quotaClaim } from './quota.ts'
import { refused } from './refusal.ts'
import { recall, warm } from './restore.ts'
import { openedAs } from './watch.ts'

/** Real time to spare on the lease when the last byte leaves, and how long it may be held back at all. */
const SPARE_MS = 10 * SECOND
const HOLD_MS = 10 * SECOND
/** Where the rows travel in the purchase, their writing comes before the last byte: as slow as a poor line is. */
const BYTES_PER_MS = 256

/**
 * The paid call, once: intent row → held-back call → record. What is unsure afterwards is looked up, never sent again.
 */
export async function buy(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { ports, lane, call, shard, job, claim, options } = flight
  const worstNanoUsd = nextOf(flight)
  if (claim === null) throw new Error('Buying needs the lease.')
  const wait =
    restOf(flight, submission) ??
    (await warm(flight)) ??
    (await recall(flight, submission)) ??
    (await overBudget(flight, worstNanoUsd))
  if (wait !== null) return wait
  const references = await knownReferences(flight)
  const sentAt = ports.vendors.now(shard.accountId)
  const holdMs = HOLD_MS + (lane.prepare === undefined ? submission.bytes / BYTES_PER_MS : 0)
  const sendByReal = ports.clock.real() + holdMs
  const bought = moveSubmission(submission, 'claim', {
    sentAt,
    worstNanoUsd,
    sendBy: Math.round(sentAt + holdMs * ports.clock.speed),
  })
  const claimed = await ports.store.claim(
    await quotaClaim(flight),
    leased(flight, {
      submissions: [bought],
      ...spending(flight),
      events: [eventOf(flight, 'buying', {}, submission)],
    }),
  )
  if (claimed === 'lost') throw new LeaseLost(shard.id)
  if (claimed === 'full') return waitForRoom(flight)
  if (claimed === 'busy') return ports.clock.now() + Math.max(SECOND / 5, 40 * ports.clock.speed)
  ports.step('claimed')
  const release = async (): Promise<boolean> => {
    ports.step('sending')
    const spare = ports.clock.real() + SPARE_MS
    if (!(await ports.store.holdsLease(shard.id, claim.owner, claim.epoch, spare))) return false
    // What the user has withdrawn meanwhile may be in it.
    const now = (await ports.store.job(job.id))?.options as JobOptions | undefined
    if (now?.withdrawn !== options.withdrawn) return false
    return ports.clock.real() <= sendByReal && !claim.signal.aborted
  }
  const upload = uploadOf(flight, submission.key, references)
  const { key, endpoint, model, rows } = upload
  const prepared = { fileId: submission.fileId, key, endpoint, model, rows }
  const purchase = await lane.buy(call, prepared, release, upload)
  ports.step('sent')
  return record(flight, { ...submission, ...bought.set, state: 'buying' }, purchase)
}

/**
 * A vendor may need a moment before it finds what was uploaded. It is asked without one, as most do not; once it has
 * refused, the next file gets some, and more each time.
 */
function restOf({ ports, shard }: Flight, submission: SubmissionRow): number | null {
  if (shard.refusals === 0) return null
  const until = submission.createdAt + REST_MS * 2 ** Math.min(shard.refusals, 4)
  return until > ports.clock.now() ? until : null
}
const REST_MS = 2 * SECOND

async function record(flight: Flight, submission: SubmissionRow, purchase: Purchase): Promise<Then> {
  const { ports, shard } = flight
  switch (purchase.kind) {
    case 'bought': {
      const opened = openedAs(flight, submission, 'accept', purchase.remote)
      await commit(flight, {
        submissions: [opened.move],
        events: [eventOf(flight, 'bought', opened.facts, submission)],
      })
      ports.step('bought')
      ports.log.info({ submission: submission.id, remote: purchase.remote.id, rows: submission.rows }, 'bought')
      return 'again'
    }
    case 'withheld':
      await commit(flight, {
        submissions: [moveSubmission(submission, 'withhold', { sentAt: null, sendBy: null })],
        events: [eventOf(flight, 'withheld', {}, submission)],
      })
      return 'again'
    case 'refused':
      return refused(flight, submission, purchase.refusal)
    case 'unsure': {
      // Our own call has come back, so no byte of it leaves any more: the look-ups may start now.
      const sendBy = Math.min(submission.sendBy ?? Number.MAX_SAFE_INTEGER, ports.vendors.now(shard.accountId))
      await commit(flight, {
        submissions: [moveSubmission(submission, 'doubt', { sendBy, progress: { looks: 0 } })],
        events: [eventOf(flight, 'unsure', { why: purchase.why }, submission)],
      })
      ports.log.warn(
        { submission: submission.id, why: purchase.why },
        'purchase unsure: looking it up, never sending again',
      )
      return 'again'
    }
  }
}
