import { describe, expect, test } from 'vitest'
import { decide } from '../../src/policy/decide.ts'
import { Flight } from './fly.ts'
import { nightOf, ordinaryWorld, scenarios, vendors } from './night.ts'
import { oracleCost } from './oracle.ts'
import { standardOnly, usualBuffer, waitForBatch } from './rivals.ts'
import { counted, cutOf, firstNight, fly } from './season.ts'

const HOUR = 3600
const season = {
  nights: 150,
  first: firstNight.tuning,
  world: ordinaryWorld,
  vendors,
  deadlines: [2 * HOUR, 4 * HOUR, 8 * HOUR],
}
const { tallies } = fly(season)
const without = fly({ ...season, world: { ...ordinaryWorld, flex: false }, deadlines: [4 * HOUR] }).tallies

describe('over some hundred nights a vendor', () => {
  test('Redeye lands at least 99 in 100 jobs in time, and all but one in a thousand when nothing was down', () => {
    expect(tallies.of('Redeye', 'all').onTime).toBeGreaterThanOrEqual(0.99)
    expect(tallies.of('Redeye', 'no outage').onTime).toBeGreaterThanOrEqual(0.999)
  })

  test('at a price within 5 % of one who knows the future', () => {
    expect(tallies.of('Redeye', 'all').ratio.mean).toBeLessThan(1.05)
    expect(tallies.of('Redeye', 'all').ratio.median).toBeLessThan(1.02)
    expect(tallies.of('Redeye', 'all').ofStandard).toBeLessThan(0.55)
  })

  test('cheaper and more punctual than the fixed buffer', () => {
    const [ours, theirs] = [tallies.of('Redeye', 'all'), tallies.of('fixed buffer', 'all')]
    expect(ours.onTime).toBeGreaterThan(theirs.onTime)
    expect(ours.ratio.mean).toBeLessThan(theirs.ratio.mean)
  })

  test.each(season.deadlines)(
    'at %i seconds cheaper than a fixed buffer widened until it is as punctual',
    (deadline) => {
      const ours = tallies.of('Redeye', 'deadline', deadline).ratio.mean
      expect(ours).toBeLessThan(tallies.of('widened buffer', 'deadline', deadline).ratio.mean)
    },
  )

  test('without flex it is still more punctual than the buffer', () => {
    expect(without.of('Redeye', 'all').onTime).toBeGreaterThan(without.of('fixed buffer', 'all').onTime)
    expect(without.of('Redeye', 'no outage').onTime).toBeGreaterThanOrEqual(0.995)
  })
})

describe('the nights', () => {
  const night = (number: number, deadline = 4 * HOUR) => nightOf('openai', deadline, number, ordinaryWorld)

  test('are the same for every policy, and differ from one another', () => {
    expect(night(7)).toEqual(night(7))
    expect(night(7).requests).not.toBe(night(8).requests)
    expect(new Set(Array.from({ length: 2000 }, (_, at) => night(at).scenario)).size).toBe(scenarios.length)
  })

  test('need 2 minutes to 3 hours of standard, log-uniformly, and hold the stated share of trouble', () => {
    const some = Array.from({ length: 4000 }, (_, at) => night(at))
    const minutes = some.map(({ standardSeconds }) => standardSeconds / 60).toSorted((a, b) => a - b)
    expect(minutes[0]).toBeGreaterThanOrEqual(2)
    expect(minutes.at(-1)).toBeLessThanOrEqual(180)
    expect(minutes[2000]).toBeGreaterThan(16)
    expect(minutes[2000]).toBeLessThan(22)
    const shareOf = (scenario: string): number => some.filter((one) => one.scenario === scenario).length / some.length
    expect(shareOf('contention')).toBeGreaterThan(0.065)
    expect(shareOf('outage')).toBeGreaterThan(0.02)
    expect(shareOf('ordinary')).toBeLessThan(0.8)
  })

  test('nobody lands a job while nothing answers', () => {
    const down = { ...night(3), outage: [60, 10 * HOUR] as const }
    for (const pilot of [{ decide }, standardOnly, usualBuffer, waitForBatch]) {
      const { landed } = new Flight(down, ordinaryWorld, pilot, cutOf(down)).run()
      expect(landed).toBeGreaterThan(10 * HOUR)
    }
    expect(oracleCost(down, ordinaryWorld, cutOf(down))).toBeUndefined()
  })
})

describe('the books of the simulator', () => {
  const nights = counted({ ...season, nights: 60 }, 'openai', 4 * HOUR, { refused: 0, impossible: 0 })

  test('standard only costs one, batch alone a half when all of it lands', () => {
    for (const { night, shardRequests } of nights) {
      const standard = new Flight(night, ordinaryWorld, standardOnly, shardRequests).run()
      expect(standard.cost / night.requests).toBeCloseTo(1, 6)
      const batch = new Flight(night, ordinaryWorld, waitForBatch, shardRequests).run()
      if (Number.isFinite(batch.landed)) expect(batch.cost / night.requests).toBeCloseTo(0.5, 6)
    }
  })

  test('nobody who lands in time with one submission a shard pays less than the oracle', () => {
    for (const { night, shardRequests, oracle } of nights) {
      for (const pilot of [{ decide }, usualBuffer, standardOnly]) {
        const { landed, cost } = new Flight(night, ordinaryWorld, pilot, shardRequests).run()
        if (landed <= night.deadline) expect(cost).toBeGreaterThan(oracle * 0.999)
      }
    }
  })

  test('an oracle with more time never pays more', () => {
    for (let number = 0; number < 200; number += 1) {
      const cost = (hours: number): number => {
        const night = { ...nightOf('anthropic', 4 * HOUR, number, ordinaryWorld), deadline: hours * HOUR }
        return oracleCost(night, ordinaryWorld, cutOf({ ...night, deadline: 4 * HOUR })) ?? Number.POSITIVE_INFINITY
      }
      expect(cost(8)).toBeLessThanOrEqual(cost(4) + 1e-6)
    }
  })
})
