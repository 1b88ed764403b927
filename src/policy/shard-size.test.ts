import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { MINUTE } from '../kit/clock.ts'
import { earliestDeadline } from './promise.ts'
import { type Cut, shardSize } from './shard-size.ts'

const cut = (facts: Partial<Cut>): Cut => ({
  requests: 100_000,
  requestsMax: 50_000,
  fewSubmissions: false,
  cachePrimed: false,
  createSeconds: 0,
  window: 8 * 3600,
  ...facts,
})
const shards = (facts: Partial<Cut>): number => Math.ceil((facts.requests ?? 100_000) / shardSize(cut(facts)))

test('a job flies in twenty shards, so that a stuck one is a twentieth of it', () => {
  expect(shards({})).toBe(20)
  expect(shards({ requests: 1000 })).toBe(20)
})

test('where submissions only queue behind each other, or each has to warm a cache, there are few', () => {
  expect(shards({ fewSubmissions: true })).toBe(4)
  expect(shards({ cachePrimed: true })).toBe(4)
})

test('a handful of requests is not cut into crumbs', () => {
  expect(shards({ requests: 20 })).toBe(1)
  expect(shards({ requests: 100 })).toBe(4)
})

test('creates that go one at a time do not use up the window', () => {
  expect(shards({ createSeconds: 6 })).toBe(20)
  expect(shards({ createSeconds: 60 })).toBe(9)
  expect(shards({ createSeconds: 60, window: null })).toBe(20)
})

test('--shard-requests is what the user says, up to what the vendor takes', () => {
  expect(shardSize(cut({ wanted: 700 }))).toBe(700)
  expect(shardSize(cut({ wanted: 70_000 }))).toBe(50_000)
})

test('whatever the job, no shard is empty or larger than the vendor takes', () => {
  const natural = fc.integer({ min: 1, max: 10_000_000 })
  fc.assert(
    fc.property(
      natural,
      fc.integer({ min: 1, max: 200_000 }),
      fc.boolean(),
      fc.nat(90_000),
      (requests, max, few, window) => {
        const size = shardSize(cut({ requests, requestsMax: max, fewSubmissions: few, window, createSeconds: 6 }))
        expect(size).toBeGreaterThanOrEqual(1)
        expect(size).toBeLessThanOrEqual(max)
        expect(Number.isInteger(size)).toBe(true)
      },
    ),
  )
})

test('a quote accepts the deadline that standard alone would meet a quarter slower and five minutes late', () => {
  const standard = { perSecond: 1, sigma: 0.1 }
  expect(earliestDeadline(3600, [standard], 0)).toBe(80 * MINUTE)
  expect(earliestDeadline(3600, [standard, standard], 0)).toBe(42.5 * MINUTE)
  expect(earliestDeadline(3600, [], 0)).toBeUndefined()
})
