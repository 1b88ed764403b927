import { MINUTE, SECOND } from '../kit/clock.ts'
import { abandon, feed, patience } from './feed.ts'
import { freeStuck } from './free-stuck.ts'
import { launch } from './launch.ts'
import { lastMoment, type Outlook, outlookOf } from './outlook.ts'
import type { Decision, View, Waits } from './view.ts'
import { fromNow, requestsOf, sharesOf, span } from './words.ts'

const LOOK_MIN_MS = 15 * SECOND
const LOOK_MAX_MS = 30 * MINUTE

/**
 * The next step of a job: one at a time, since each is decided on what the one before has left. Pure: the same view
 * and moment give the same decision.
 * @param now  epoch ms
 */
export function decide(view: View, now: number): Decision {
  if (view.shards.every(({ requests }) => requests === 0)) {
    return { do: 'finish', reason: 'Every request has an outcome.' }
  }
  const outlook = outlookOf(view, now)
  return climbInTime(outlook) ?? useShedding(outlook) ?? launch(outlook) ?? freeStuck(outlook) ?? wait(outlook)
}

/** From the latest safe moment on, the sure lanes are kept at work, each dearer one only where the cheaper are not enough. */
function climbInTime(outlook: Outlook): Decision | undefined {
  for (const [at, level] of outlook.sure.entries()) {
    const cheaper = outlook.sure[at - 1]
    const from = cheaper === undefined ? outlook.safeUntil : lastMoment(outlook, cheaper.carefulPace)
    if (outlook.now < from) return undefined
    const seconds = outlook.left / level.pace
    const why = `the ${requestsOf(outlook.left)} left need about ${span(seconds)} there, and ${inTime(outlook)}`
    for (const offer of level.offers) {
      const step = feed(outlook, offer, why, 'any') ?? abandon(outlook, offer, level.carefulPace)
      if (step !== undefined) return step
    }
  }
  return undefined
}

/** Lanes that answer only when they have room cost no more than submissions; they start while a dearer one still could. */
function useShedding(outlook: Outlook): Decision | undefined {
  const { now, view, shedFrom, safeUntil, left } = outlook
  for (const offer of outlook.shedding) {
    const due = now >= shedFrom
    const cheap = outlook.batches.every(({ price }) => offer.price < price)
    if (view.deadline === null && !cheap) continue
    const why = due
      ? `it has to do the ${requestsOf(left)} left before a dearer lane must start ${fromNow(now, safeUntil)}`
      : cheap
        ? 'it costs less than any submission'
        : `submissions have less than an even chance to land in the next ${span(patience(outlook))}`
    const step = feed(outlook, offer, why, due ? 'any' : cheap ? 'none' : 'slow')
    if (step !== undefined) return step
  }
  return undefined
}

function wait(outlook: Outlook): Decision {
  const { view, now, flying, idle, safeUntil, shedFrom, left } = outlook
  const all = view.shards.length
  const oldest = Math.max(0, ...flying.map(({ flight }) => now - flight.since))
  const next = [safeUntil, shedFrom].filter((at) => at > now)
  const patient = idle.length === 0 && now < safeUntil && next.length > 0
  const soon = patient ? Math.min(LOOK_MAX_MS, Math.max(MINUTE, oldest / 7)) : MINUTE
  const until = Math.max(now + LOOK_MIN_MS, Math.min(now + soon, ...next))
  const fly =
    flying.length === 0
      ? `nothing is in flight, ${requestsOf(left)} left`
      : `${sharesOf(flying.length, all)} in flight with ${requestsOf(left)} left, the oldest for ${span(oldest / SECOND)}`
  const because = (what: Waits, why: string): Decision => ({ do: 'wait', until, for: what, reason: `${why}; ${fly}.` })
  if (view.offers.every(({ down }) => down)) return because('vendor', 'No lane answers')
  const waiting = sharesOf(idle.length, all)
  if (idle.length > 0) {
    const smallest = Math.min(...idle.map(({ requests }) => requests))
    const cheapest = Math.min(...view.offers.map(({ price }) => price))
    if (view.budgetLeft !== null && cheapest * smallest > view.budgetLeft) {
      return because('budget', `The budget has no room for ${waiting}`)
    }
    if (outlook.batches.length > 0 && outlook.batches.every(({ room }) => room < smallest)) {
      return because('quota', `No quota has room for ${waiting}`)
    }
    return because('turn', `${waiting} not in flight, until a lane has its turn`)
  }
  if (view.deadline === null) return because('landing', 'Nothing presses')
  if (now >= safeUntil) return because('landing', 'The lane that has to meet the deadline is at work')
  return because('landing', `A dearer lane has to start ${fromNow(now, safeUntil)} at the latest`)
}

const inTime = ({ view, now }: Outlook): string =>
  view.deadline === null || view.deadline <= now
    ? 'the deadline has passed'
    : `the deadline is ${span((view.deadline - now) / SECOND)} away`
