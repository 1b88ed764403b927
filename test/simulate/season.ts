import { decide } from '../../src/policy/decide.ts'
import { shardSize } from '../../src/policy/shard-size.ts'
import { Flight, type Pilot } from './fly.ts'
import { habits, type Night, nightOf, type Vendor, vendors, type World } from './night.ts'
import { oracleCost } from './oracle.ts'
import { fixedBuffer, standardOnly, usualBuffer, waitForBatch } from './rivals.ts'
import { Tallies } from './tally.ts'

/** Nights that the policy was tuned on, and nights that it is judged by. */
export const firstNight = { tuning: 1_000_000, judging: 2_000_000 } as const

export const policies = ['wait for batch', 'standard only', 'fixed buffer', 'Redeye'] as const
export type Policy = (typeof policies)[number]
const pilots: Readonly<Record<Policy, Pilot>> = {
  'wait for batch': waitForBatch,
  'standard only': standardOnly,
  'fixed buffer': usualBuffer,
  Redeye: { decide },
}

export interface Season {
  readonly nights: number
  readonly first: number
  readonly world: World
  readonly vendors: readonly Vendor[]
  /** Seconds. */
  readonly deadlines: readonly number[]
}

/** A night that counts: the quote takes the job, and the oracle lands it. */
export interface Counted {
  readonly night: Night
  readonly shardRequests: number
  readonly oracle: number
}

/** Nights that do not count, and why. */
export interface Apart {
  refused: number
  impossible: number
}

/** Refused by the quote: standard alone, a quarter more and five minutes, do not fit. Written out, not asked of it. */
export const isRefused = ({ standardSeconds, deadline }: Night): boolean => 1.25 * standardSeconds + 300 > deadline

export function counted(season: Season, vendor: Vendor, deadline: number, apart: Apart): Counted[] {
  const nights: Counted[] = []
  for (let number = 0; number < season.nights; number += 1) {
    const night = nightOf(vendor, deadline, season.first + number, season.world)
    if (isRefused(night)) {
      apart.refused += 1
      continue
    }
    const shardRequests = cutOf(night)
    const oracle = oracleCost(night, season.world, shardRequests)
    if (oracle === undefined) apart.impossible += 1
    else nights.push({ night, shardRequests, oracle })
  }
  return nights
}

/** Every policy flies the same shards, so that what is compared is when they move. */
export const cutOf = ({ vendor, requests, deadline }: Night): number =>
  shardSize({
    requests,
    requestsMax: 50_000,
    fewSubmissions: vendor === 'vertex',
    cachePrimed: false,
    createSeconds: habits[vendor].createSeconds,
    window: deadline,
  })

export const headroomOf = ({ standardSeconds, deadline }: Night): string => {
  const share = 1 - (1.25 * standardSeconds + 300) / deadline
  return share < 0.25 ? 'under 25 %' : share < 0.5 ? '25 to 50 %' : share < 0.75 ? '50 to 75 %' : 'over 75 %'
}

export const isLong = (deadline: number): boolean => deadline >= 2 * 3600

/** Flies every night with every policy. Names: policy, then `deadline`, `vendor`, `scenario`, `headroom` or `all`. */
export function fly(season: Season): { tallies: Tallies; apart: Map<number, Apart>; widened: Map<number, number> } {
  const tallies = new Tallies()
  const apart = new Map<number, Apart>()
  const widened = new Map<number, number>()
  for (const deadline of season.deadlines) {
    const aside = { refused: 0, impossible: 0 }
    apart.set(deadline, aside)
    const nights = season.vendors.flatMap((vendor) => counted(season, vendor, deadline, aside))
    for (const policy of policies) flyAll(tallies, nights, season.world, policy, pilots[policy])
    const wide = widen(nights, season.world, tallies.of('Redeye', 'deadline', deadline).onTime)
    widened.set(deadline, wide)
    flyAll(
      tallies,
      nights,
      season.world,
      'widened buffer',
      fixedBuffer((window) => wide * window),
    )
  }
  return { tallies, apart, widened }
}

function flyAll(tallies: Tallies, nights: readonly Counted[], world: World, policy: string, pilot: Pilot): void {
  for (const { night, shardRequests, oracle } of nights) {
    const { landed, cost } = new Flight(night, world, pilot, shardRequests).run()
    const { deadline, vendor, scenario, requests } = night
    const groups: (readonly (string | number)[])[] = [
      ['deadline', deadline],
      ['vendor', vendor, deadline],
    ]
    if (isLong(deadline)) {
      groups.push(['all'], ['scenario', scenario], ['headroom', headroomOf(night)])
      if (scenario !== 'outage') groups.push(['no outage'], ['no outage', deadline])
      if (deadline >= 8 * 3600) groups.push(['8 h and more'])
    }
    for (const group of groups) tallies.of(policy, ...group).add(landed <= deadline, cost, oracle, requests)
  }
}

const STEPS = 5

/** The narrowest fixed buffer, as a share of the window, that is as punctual as Redeye; 1 when none is. */
function widen(nights: readonly Counted[], world: World, onTime: number): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2
    const pilot = fixedBuffer((window) => middle * window)
    const landed = nights.filter(
      ({ night, shardRequests }) => new Flight(night, world, pilot, shardRequests).run().landed <= night.deadline,
    )
    if (landed.length / nights.length >= onTime) high = middle
    else low = middle
  }
  return high
}

export const everyVendor = vendors
