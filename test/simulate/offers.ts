import { priorOf } from '../../src/policy/landing.ts'
import type { Offer } from '../../src/policy/view.ts'
import { habits, type Night } from './night.ts'

export type Lane = 'batch' | 'flex' | 'standard'
export const prices: Readonly<Record<Lane, number>> = { batch: 0.5, flex: 0.5, standard: 1 }
/** So long the executor waits for requests in flight of what is cancelled. */
export const DRAIN_SECONDS = 120
/** What vendors say, or users report, about how long a cancelled submission may take. */
const cancelSeconds = { openai: 600, anthropic: 120, gemini: 300, vertex: 300 }

/** What a policy is told before anything has been measured: the quote's figures and the published priors. */
export function quotedOffers({ vendor, requests, standardSeconds }: Night, shardRequests: number): Record<Lane, Offer> {
  const landing = priorOf(`${vendor}/batch`, shardRequests)
  if (landing === undefined) throw new Error(`no prior for ${vendor}`)
  const quoted = requests / standardSeconds
  const named = (lane: Lane) => ({
    name: `${vendor}/${lane}`,
    lane: `${vendor}/${lane}`,
    account: vendor,
    price: prices[lane],
    down: false,
    room: Number.POSITIVE_INFINITY,
  })
  const paced = (perSecond: number, sigma: number, sheds: boolean) =>
    ({ kind: 'sync', pace: { perSecond, sigma }, sheds, window: null, cancelSeconds: DRAIN_SECONDS }) as const
  return {
    batch: {
      ...named('batch'),
      kind: 'batch',
      landing,
      cancelSeconds: cancelSeconds[vendor],
      returnsPartial: habits[vendor].partial,
    },
    flex: { ...named('flex'), ...paced(0.6 * quoted, 0.6, true) },
    standard: { ...named('standard'), ...paced(quoted, 0.12, false) },
  }
}
