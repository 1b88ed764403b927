import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lane } from '../domain/usage.ts'
import { landingOf, priorOf } from './landing.ts'
import data from './priors/latency.json' with { type: 'json' }

const landing = (lane: Lane, requests = 100, submissions = 1) => {
  const found = landingOf(lane, { requests, submissions })
  if (!found) throw new Error(`no prior for ${lane}`)
  return found
}

const prior = (requests: number) => priorOf('openai/batch', requests)?.mu ?? Number.NaN

describe('when a submission lands', () => {
  test('a lane nobody measured lands as the mixed vendors do: half in 7 minutes, nine in ten within the hour', () => {
    const { p50, p90, chanceWithin } = landing('openai-compatible/batch')
    expect(p50).toBeCloseTo(420, 0)
    expect(p90 / 3600).toBeCloseTo(1, 2)
    expect(chanceWithin(3600)).toBeCloseTo(0.9, 3)
  })

  test.each(['openai/batch', 'anthropic/batch', 'gemini/batch', 'vertex/batch'] as const)(
    '%s at 100 requests lies by its stated quantiles, the stuck share making it slower',
    (lane) => {
      const { implied } = data.priors[lane]
      const { p50, p90 } = landing(lane)
      expect(p50 / implied.p50).toBeGreaterThanOrEqual(0.999)
      expect(p50 / implied.p50).toBeLessThan(1.15)
      expect(p90 / implied.p90).toBeGreaterThan(1)
      expect(p90 / implied.p90).toBeLessThan(1.7)
    },
  )

  test('ten thousand requests take about four times as long as a hundred, and no size more than six times', () => {
    expect(Math.exp(prior(10_000) - prior(100))).toBeCloseTo(100 ** 0.3, 6)
    expect(Math.exp(prior(50_000_000) - prior(100))).toBeCloseTo(6, 6)
    expect(Math.exp(prior(1) - prior(100))).toBeCloseTo(0.3, 6)
  })

  test('a handful of requests at Anthropic lands as the tiny submissions that people timed', () => {
    expect(landing('anthropic/batch', 10).p50).toBeCloseTo(95, -1)
    expect(landing('anthropic/batch', 11).p50).toBeGreaterThan(150)
  })

  test('it is never later than the vendor’s cap, and an expired one is not on time', () => {
    const { p90, chanceWithin } = landing('openai/batch', 50_000, 400)
    expect(p90).toBe(86_400)
    expect(chanceWithin(1e9)).toBe(chanceWithin(86_400))
    expect(chanceWithin(1e9)).toBeLessThan(1)
  })

  test('the chance grows with time, shrinks with the number of submissions, and is one half at p50', () => {
    const seconds = fc.double({ min: 1, max: 86_400, noNaN: true })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 1, max: 50 }),
        seconds,
        (requests, n, time) => {
          const one = landing('openai/batch', requests, n)
          const more = landing('openai/batch', requests, n + 1)
          expect(one.chanceWithin(time)).toBeLessThanOrEqual(one.chanceWithin(time * 1.5))
          expect(more.chanceWithin(time)).toBeLessThanOrEqual(one.chanceWithin(time))
          expect(one.p50).toBeLessThanOrEqual(one.p90)
          if (one.p50 < 86_400) expect(one.chanceWithin(one.p50)).toBeCloseTo(0.5, 6)
        },
      ),
    )
  })

  test('no time has passed, nothing has landed', () => {
    expect(landing('openai/batch').chanceWithin(0)).toBe(0)
    expect(landing('openai/batch').chanceWithin(-5)).toBe(0)
  })

  test('sync lanes have no landing time here: their pace is ours', () => {
    expect(landingOf('openai/flex', { requests: 10 })).toBeUndefined()
  })
})
