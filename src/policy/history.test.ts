import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { learned, trusted } from './history.ts'
import { priorOf } from './landing.ts'
import { measure, paceOf } from './pace.ts'
import { chanceWithin, tonight } from './survival.ts'

const prior = priorOf('openai/batch', 100)
if (prior === undefined) throw new Error('no prior')
const times = (seconds: number, count: number, ended = true) =>
  Array.from({ length: count }, () => ({ seconds, ended }))

describe('what an account has seen', () => {
  test('moves the published prior: ten submissions weigh as much, a hundred far more', () => {
    const ten = learned(prior, times(60, 10)).mu
    expect(ten).toBeCloseTo((prior.mu + Math.log(60)) / 2, 1)
    expect(learned(prior, times(60, 100)).mu).toBeLessThan(ten)
    expect(learned(prior, [])).toMatchObject({ mu: prior.mu })
  })

  test('what was cancelled after four hours is taken as slower than that, not as four hours', () => {
    const ended = learned(prior, times(14_400, 10))
    const cut = learned(prior, times(14_400, 10, false))
    expect(cut.mu).toBeGreaterThan(ended.mu)
    expect(cut.mu).toBeGreaterThan(learned(prior, times(600, 10, false)).mu)
  })

  test('steady times make a narrow curve, whatever the order they came in', () => {
    const steady = learned(prior, times(600, 40))
    expect(steady.sigma).toBeLessThan(prior.sigma)
    const mixed = [...times(60, 20), ...times(6000, 20)]
    expect(learned(prior, mixed.toReversed()).mu).toBeCloseTo(learned(prior, mixed).mu, 9)
  })
})

describe('the night itself', () => {
  test('siblings that landed slowly make the rest be expected later, quick ones sooner', () => {
    expect(tonight(prior, [7200, 7200, 7200], []).mu).toBeGreaterThan(prior.mu)
    expect(tonight(prior, [30, 30, 30], []).mu).toBeLessThan(prior.mu)
  })

  test('twenty that still fly after hours tell of a slow night; after a second they tell nothing', () => {
    const ages = (seconds: number) => Array.from({ length: 20 }, () => seconds)
    expect(tonight(prior, [], ages(4 * 3600)).mu).toBeGreaterThan(prior.mu + 1)
    expect(tonight(prior, [], ages(1)).mu).toBeCloseTo(prior.mu, 2)
  })

  test('a chance is one, grows with time, and is gone past the vendor’s cap', () => {
    const seconds = fc.integer({ min: 0, max: 90_000 })
    fc.assert(
      fc.property(seconds, seconds, (age, more) => {
        const chance = chanceWithin(prior, age, more)
        expect(chance).toBeGreaterThanOrEqual(0)
        expect(chance).toBeLessThanOrEqual(1)
        expect(chanceWithin(prior, age, more + 600)).toBeGreaterThanOrEqual(chance - 1e-9)
      }),
    )
    expect(chanceWithin(prior, 86_400, 3600)).toBe(0)
  })
})

describe('a pace', () => {
  const quoted = { perSecond: 10, sigma: 0.12 }

  test('is believed less far from the quote the longer it was measured', () => {
    const after = (seconds: number) => paceOf(quoted, measure({ requests: 0, seconds: 0 }, 5 * seconds, seconds))
    expect(after(10)).toEqual(quoted)
    expect(after(300).perSecond).toBeGreaterThan(after(3600).perSecond)
    expect(after(3600).perSecond).toBeGreaterThan(5)
    expect(after(3600).perSecond).toBeLessThan(6)
    expect(after(3600).sigma).toBeLessThan(quoted.sigma)
  })

  test('follows a lane that dries up: old answers fade', () => {
    let seen = measure({ requests: 0, seconds: 0 }, 36_000, 3600)
    const wet = paceOf({ perSecond: 10, sigma: 0.6 }, seen).perSecond
    for (let minute = 0; minute < 60; minute += 1) seen = measure(seen, 0, 60)
    const dry = paceOf({ perSecond: 10, sigma: 0.6 }, seen).perSecond
    expect(wet).toBeCloseTo(10, 0)
    expect(dry).toBeLessThan(3)
    expect(dry).toBeGreaterThan(0)
  })

  test('of a quote is trusted as far as earlier jobs kept to theirs, and the margin follows', () => {
    const kept = trusted(
      10,
      Array.from({ length: 50 }, () => 1),
    )
    const wild = trusted(
      10,
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? 0.5 : 2)),
    )
    const slow = trusted(
      10,
      Array.from({ length: 50 }, () => 0.8),
    )
    expect(kept.sigma).toBeLessThan(0.08)
    expect(wild.sigma).toBeGreaterThan(0.5)
    expect(slow.perSecond).toBeLessThan(8.5)
    expect(trusted(10, [])).toEqual({ perSecond: 10, sigma: 0.12 })
  })
})
