import { MINUTE, SECOND } from '../kit/clock.ts'
import { triesOf } from './feed.ts'
import { SUBMISSIONS_MAX } from './launch.ts'
import type { Flying, Outlook } from './outlook.ts'
import { chanceWithin } from './survival.ts'
import type { Decision } from './view.ts'
import { percent, sharesOf, span } from './words.ts'

/** Stuck: fewer than one in fifty of tonight's submissions would fly for so long. */
const STUCK_BELOW = 0.02
/** By so much another try must be more likely to land than what flies. */
const BETTER_BY = 0.15

/** A submission that flies for longer than tonight's others can explain is cancelled while there is time for another try. */
export function freeStuck(outlook: Outlook): Decision | undefined {
  const { view, now, safeUntil, flying, batches } = outlook
  if (view.deadline === null) return undefined
  for (const offer of batches) {
    const mine = flying.filter((one) => one.offer === offer && one.flight.cancelledAt === null)
    if (mine.length === 0 || offer.down) continue
    const curve = outlook.curveOf(offer)
    const other = outlook.shedding.some(({ down }) => !down)
    const fresh = chanceWithin(curve, 0, (safeUntil - now) / SECOND - offer.cancelSeconds)
    const stuck = mine.filter((one) => {
      const age = (now - one.flight.since) / SECOND
      if (1 - chanceWithin({ ...curve, stuck: null }, 0, age) > STUCK_BELOW || isMoving(one, now)) return false
      if (other) return true
      return (
        triesOf(one.shard, offer) < SUBMISSIONS_MAX - 1 &&
        fresh > chanceWithin(curve, age, (safeUntil - now) / SECOND) + BETTER_BY
      )
    })
    const [first] = stuck
    if (first === undefined) continue
    const age = span((now - first.flight.since) / SECOND)
    const reason = `Cancels ${sharesOf(stuck.length, view.shards.length)} as stuck: after ${age} on ${offer.lane} fewer than ${percent(STUCK_BELOW)} of tonight's submissions would still fly; the rest of it is tried anew.`
    return { do: 'cancel', shards: stuck.map(({ shard }) => shard.id), to: null, reason }
  }
  return undefined
}

/** Its counts still grow: slow, not stuck. */
const isMoving = ({ flight }: Flying, now: number): boolean =>
  flight.movedAt !== null && now - flight.movedAt < Math.max(5 * MINUTE, (now - flight.since) / 10)
