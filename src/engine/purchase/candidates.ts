import { type Remote, ResultsGone } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { commit, eventOf, type Flight, type Then } from '../shards/flight.ts'
import { keepShard, moveShard, moveSubmission } from '../shards/move.ts'
import { openedAs } from './watch.ts'

/**
 * Purchases at a vendor that bears no mark of ours. What may be one is a candidate: waited for, never cancelled, for it
 * may be a stranger's; once it has ended, an id in its results says whose it is.
 */
interface Progress {
  readonly looks: number
  /** Remote ids that turned out to be somebody else's. */
  readonly strangers?: readonly string[]
}

export const progressOf = (submission: SubmissionRow): Progress => (submission.progress ?? { looks: 0 }) as Progress

/** Of what the vendor shows, what is neither known to us nor was found to be a stranger's. */
export async function unknownAmong(
  { ports }: Flight,
  submission: SubmissionRow,
  remotes: readonly Remote[],
): Promise<Remote[]> {
  const ours = await ports.store.submissions({ accountId: submission.accountId })
  const known = new Set(ours.map(({ remoteId }) => remoteId))
  const { strangers = [] } = progressOf(submission)
  return remotes.filter(({ id }) => !known.has(id) && !strangers.includes(id))
}

/** Taken over at once where the account is ours alone and only one can be meant; else a candidate to be proven. */
export async function suspect(flight: Flight, submission: SubmissionRow, remotes: readonly Remote[]): Promise<Then> {
  const { ports, shard } = flight
  const [only, ...more] = remotes
  if (only !== undefined && more.length === 0 && ports.vendors.exclusive(shard.accountId)) {
    const others = await ports.store.submissions({ accountId: shard.accountId, states: ['candidate'] })
    if (!others.some(({ rows }) => rows === submission.rows)) {
      const opened = openedAs(flight, submission, 'find', only)
      await commit(flight, { submissions: [opened.move], events: [eventOf(flight, 'found', opened.facts, submission)] })
      return 'again'
    }
  }
  const facts = { reason: 'unsure', candidates: remotes.length, remotes: remotes.map(({ id }) => id), message: WAITING }
  await commit(flight, {
    submissions: [moveSubmission(submission, 'suspect')],
    shards: [
      shard.state === 'held' ? keepShard(shard, { held: 'unsure' }) : moveShard(shard, 'hold', { held: 'unsure' }),
    ],
    events: [eventOf(flight, 'held', facts, submission)],
  })
  ports.log.warn({ submission: submission.id, candidates: facts.remotes }, WAITING)
  return 'again'
}
const WAITING = 'a purchase may have arrived; whose it is will show when it has ended'

/** An id in the results of what has ended; null while it has not, or where there are none. */
export async function idBehind({ lane, call }: Pick<Flight, 'lane' | 'call'>, remote: Remote): Promise<string | null> {
  if (remote.state !== 'ended' || remote.files.length === 0 || lane.idIn === undefined) return null
  return lane.idIn(call, remote).catch((error: unknown) => {
    if (error instanceof ResultsGone) return null
    throw error
  })
}
