import { type Lane, laneOf, type Tier } from '../../domain/usage.ts'
import type { Ports } from '../ports.ts'
import { pastOn } from './pace-for.ts'

/** How long submissions of this home have taken, seconds. */
export interface LandingSeen {
  readonly p50: number
  readonly p90: number
  readonly submissions: number
}

/** So few say nothing yet. */
const FEW = 5

/** Of each lane that this home has flown often enough, all its accounts and models together. */
export async function landingsSeen({
  store,
  vendors,
}: Pick<Ports, 'store' | 'vendors'>): Promise<Map<Lane, LandingSeen>> {
  const seconds = new Map<Lane, number[]>()
  for (const { id: accountId, vendor } of await store.accounts()) {
    const provider = vendors.accounts().find(({ row }) => row.vendor === vendor)?.provider
    const tiers = [...(provider?.batch === undefined ? [] : ['batch']), ...Object.keys(provider?.sync ?? {})] as Tier[]
    for (const lane of tiers.map((tier) => laneOf(vendor, tier))) {
      const ended = (await pastOn({ store }, { lane, accountId })).filter((one) => one.ended)
      seconds.set(lane, [...(seconds.get(lane) ?? []), ...ended.map((one) => one.seconds)])
    }
  }
  const often = [...seconds].filter(([, all]) => all.length >= FEW)
  return new Map(often.map(([lane, all]) => [lane, seenIn(all.toSorted((a, b) => a - b))]))
}

/** The least time within which half, and nine in ten, had ended. */
function seenIn(sorted: readonly number[]): LandingSeen {
  const within = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] as number
  return { p50: within(0.5), p90: within(0.9), submissions: sorted.length }
}
