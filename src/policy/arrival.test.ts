import { describe, expect, test } from 'vitest'
import { arrivalOf, fleetsOf } from './arrival.ts'
import { landingOf, priorOf } from './landing.ts'

const curve = priorOf('openai/batch', 100)
if (curve === undefined) throw new Error('no prior')
const fleet = (age: number, submissions = 1) => [{ curve, submissions, age }]

describe('when what flies is home', () => {
  test('what is bought now lands as the quote of the same curve says', () => {
    const quoted = landingOf('openai/batch', { requests: 100, submissions: 5 })
    const { p50, p90 } = arrivalOf(fleet(0, 5))
    expect(p50).toBeCloseTo(quoted?.p50 ?? 0, 3)
    expect(p90).toBeCloseTo(quoted?.p90 ?? 0, 3)
  })

  test('an hour without an answer means that more than usual is still to come, and never more than the vendor allows', () => {
    const { p50 } = arrivalOf(fleet(0))
    expect(arrivalOf(fleet(3600)).p50).toBeGreaterThan(p50)
    expect(arrivalOf(fleet(80_000)).p90).toBeLessThanOrEqual(86_400 - 80_000)
  })

  test('the last one decides: more submissions land later, and a young one holds up the old', () => {
    expect(arrivalOf(fleet(600, 50)).p50).toBeGreaterThan(arrivalOf(fleet(600)).p50)
    expect(arrivalOf([...fleet(600), ...fleet(0)]).p50).toBeGreaterThan(arrivalOf(fleet(600)).p50)
  })

  test('ten thousand submissions bought over a night are a few dozen fleets that hold all of them', () => {
    const fleets = fleetsOf(
      curve,
      Array.from({ length: 10_000 }, (_, at) => 3 * at),
    )
    expect(fleets.length).toBeLessThan(110)
    expect(fleets.reduce((sum, { submissions }) => sum + submissions, 0)).toBe(10_000)
  })
})
