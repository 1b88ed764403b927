import type { Decision, Offer, View } from '../../src/policy/view.ts'
import type { Pilot } from './fly.ts'

const offerOf = ({ offers }: View, tier: string): Offer => {
  const found = offers.find(({ lane }) => lane.endsWith(`/${tier}`))
  if (found === undefined) throw new Error(`no lane ${tier}`)
  return found
}

/** Buys all that does not fly, as far as there is room. */
function submit(view: View, tier: string): Decision | undefined {
  const offer = offerOf(view, tier)
  const shards: string[] = []
  let room = offer.room
  for (const { id, flight, requests } of view.shards) {
    if (flight !== null || requests > room) continue
    room -= requests
    shards.push(id)
  }
  return shards.length === 0 ? undefined : { do: 'submit', shards, offer, reason: tier }
}

const rest = (now: number, until: number): Decision => ({
  do: 'wait',
  until: Math.max(until, now + 1000),
  for: 'landing',
  reason: '',
})

/** Buys batch and waits, however long it takes. */
export const waitForBatch: Pilot = {
  decide: (view, now) => submit(view, 'batch') ?? rest(now, now + 600_000),
}

export const standardOnly: Pilot = {
  decide: (view, now) => submit(view, 'standard') ?? rest(now, now + 600_000),
}

/**
 * Buys batch, and moves what is left to standard so many seconds before the deadline. What it cancels is in its hands
 * at once, which no vendor offers.
 */
export function fixedBuffer(secondsOf: (window: number) => number): Pilot {
  return {
    cancelsAtOnce: true,
    decide(view, now) {
      const deadline = view.deadline ?? Number.POSITIVE_INFINITY
      const leaves = deadline - secondsOf((deadline - view.startedAt) / 1000) * 1000
      if (now < leaves) return submit(view, 'batch') ?? rest(now, leaves)
      const flying = view.shards.filter(({ flight }) => flight?.offer.endsWith('/batch') === true)
      if (flying.length > 0) return { do: 'cancel', shards: flying.map(({ id }) => id), to: null, reason: 'buffer' }
      return submit(view, 'standard') ?? rest(now, now + 600_000)
    },
  }
}

/** 15 % of the window, at least one minute and at most ten. */
export const usualBuffer = fixedBuffer((window) => Math.min(600, Math.max(60, 0.15 * window)))
