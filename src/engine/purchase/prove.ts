import { HOUR, MINUTE } from '../../kit/clock.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { commit, eventOf, type Flight, slowLook, type Then } from '../shards/flight.ts'
import { keepShard, keepSubmission } from '../shards/move.ts'
import { idBehind, progressOf, unknownAmong } from './candidates.ts'
import { LOOKED_FOR_MS, markOf, ruleOut } from './look-up.ts'
import { openedAs } from './watch.ts'

/** One look at a candidate. */
export async function prove(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { ports, lane, call, shard } = flight
  const mark = markOf(submission)
  const found = await lane.find(call, mark)
  const shown = found.kind === 'candidates' ? found.remotes : found.kind === 'found' ? [found.remote] : []
  const remotes = await unknownAmong(flight, submission, shown)
  const strangers: string[] = []
  for (const remote of remotes) {
    const id = await idBehind(flight, remote)
    if (id === null) continue
    if (!id.startsWith(`${submission.key}-`)) {
      strangers.push(remote.id)
      continue
    }
    const opened = openedAs(flight, submission, 'prove', remote)
    await commit(flight, { submissions: [opened.move], events: [eventOf(flight, 'proven', opened.facts, submission)] })
    ports.log.info({ submission: submission.id, remote: remote.id }, 'a candidate is proven to be ours by its ids')
    return 'again'
  }
  const waited = ports.vendors.now(shard.accountId) - mark.sendBy
  const left = remotes.length - strangers.length
  // Later than this nothing can still be on its way; what then shows no id of ours is nobody's proof.
  if ((left === 0 && waited >= LOOKED_FOR_MS) || waited > lane.limits.windowMs + HOUR) {
    return ruleOut(flight, submission)
  }
  if (strangers.length > 0) {
    const progress = progressOf(submission)
    const all = [...(progress.strangers ?? []), ...strangers]
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { ...progress, strangers: all } })],
      events: [eventOf(flight, 'stranger', { remotes: strangers }, submission)],
    })
  }
  if (flight.options.onUnsure === 'rebuy' && !submission.duplicate && waited >= LOOKED_FOR_MS)
    return rebuy(flight, submission)
  return slowLook(ports, MINUTE)
}

/** The user would rather pay twice than wait. If the candidate is ours after all, it counts as duplicate. */
async function rebuy(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { shard } = flight
  await commit(flight, {
    submissions: [keepSubmission(submission, { duplicate: true })],
    shards: [keepShard(shard, { purchase: shard.purchase + 1 })],
    events: [eventOf(flight, 'rebuy', {}, submission)],
  })
  return 'again'
}
