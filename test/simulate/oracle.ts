import {
  type Course,
  cancelLag,
  courseOf,
  expiryOf,
  habits,
  type Night,
  paceAt,
  paceChanges,
  tailOf,
  type World,
} from './night.ts'

/** A submission's results take at least so long to reach us. */
const COLLECT_SECONDS = 10

/**
 * The least that anybody could have paid to land in time, knowing the night before it begins: the better of two
 * submissions of each shard, cancelled at the last moment where that returns more than it loses; the rest on flex as
 * far as flex reaches, the rest of that on standard. Requests are taken as divisible and moves as free, so that no
 * policy that buys so many submissions can be cheaper. Undefined: nobody could.
 */
export function oracleCost(night: Night, world: World, shardRequests: number): number | undefined {
  const count = Math.ceil(night.requests / shardRequests)
  const rows = night.requests / count
  let batch = 0
  for (let shard = 0; shard < count; shard += 1)
    batch += Math.max(returned(night, world, shard, 0, rows), returned(night, world, shard, 1, rows))
  const rest = night.requests - batch
  let [all, flex] = [0, 0]
  const last = night.deadline - tailOf(night, 'standard', 0)
  for (let at = 0; at < last; ) {
    const until = Math.min(last, paceChanges(night, at))
    all += paceAt(night, 'standard', at) * (until - at)
    flex += night.flexPace === 0 ? 0 : paceAt(night, 'flex', at) * (until - at)
    at = until
  }
  if (rest > all) return undefined
  return 0.5 * batch + 0.5 * Math.min(rest, flex) + Math.max(0, rest - flex)
}

/** Rows that one submission, bought at the start, has returned by the deadline. */
function returned(night: Night, world: World, shard: number, attempt: number, rows: number): number {
  const course = courseOf(night, world, shard, attempt, rows)
  const by = working(night, night.deadline - COLLECT_SECONDS)
  const ends = course.stall < 1 ? Number.POSITIVE_INFINITY : course.queue + course.work + course.hang
  if (ends <= by && ends <= expiryOf(night.vendor)) return rows
  if (!habits[night.vendor].partial) return 0
  const cancelled = Math.max(0, night.deadline - COLLECT_SECONDS - cancelLag(night, shard, attempt))
  return rows * Math.max(0, Math.min(course.stall, shareAt(course, working(night, cancelled)), 1))
}

const shareAt = ({ queue, work }: Course, seconds: number): number => (seconds - queue) / Math.max(1, work)

/** Seconds until `time` in which the vendor was there. */
const working = ({ outage: [from, until] }: Night, time: number): number =>
  time <= from ? time : time - (Math.min(time, until) - from)
