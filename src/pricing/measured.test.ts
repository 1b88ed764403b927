import { describe, expect, test } from 'vitest'
import { meanOfRest, nextMean } from './measured.ts'

/** Log-normal figures of mean 100, always the same for a seed. */
function figures(seed: number, count: number, spread: number): number[] {
  let state = seed
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(chance())) * Math.cos(2 * Math.PI * chance())
  for (let turn = 0; turn < 20; turn++) chance()
  return Array.from({ length: count }, () => 100 * Math.exp(spread * normal() - spread ** 2 / 2))
}

const mean = (of: readonly number[]): number => of.reduce((sum, one) => sum + one, 0) / of.length

describe('what was not drawn', () => {
  test.each([
    [50, 500, 0.5],
    [50, 500, 1],
    [20, 60, 0.8],
    [100, 1000, 1],
  ])(
    'has its mean within the range of a sample of %i, with %i left and a spread of %d, 19 times in 20',
    (n, rest, spread) => {
      const runs = 120
      let inside = 0
      for (let run = 1; run <= runs; run++) {
        const all = figures(run * 7919, n + rest, spread)
        const { low, high } = meanOfRest(all.slice(0, n), rest)
        const left = mean(all.slice(n))
        if (low <= left && left <= high) inside++
      }
      expect(inside / runs).toBeGreaterThanOrEqual(0.94)
    },
  )

  test('is nothing where all was drawn, and wide where next to nothing was', () => {
    expect(meanOfRest([3, 5], 0)).toEqual({ low: 4, high: 4 })
    const { low, high } = meanOfRest([100, 140], 1000)
    expect(high / low).toBeGreaterThan(5)
    expect(meanOfRest([7], 10)).toEqual({ low: 7 / 4, high: 28 })
  })

  test('is not taken for sure where all that was drawn is the same', () => {
    const { low, high } = meanOfRest(
      Array.from({ length: 20 }, () => 5),
      100,
    )
    expect(low).toBeLessThan(5)
    expect(high).toBeGreaterThan(5)
  })
})

describe('the next job', () => {
  const job = (of: number, requests = 1000) => ({ mean: of, requests, spread: 1 })

  test('is about as the last one, and more surely so the more there were', () => {
    const one = nextMean([job(100)], { requests: 1000, drift: 0.08 })
    expect(one.low).toBeGreaterThan(70)
    expect(one.high).toBeLessThan(140)
    const five = nextMean(
      [98, 103, 100, 99, 101].map((of) => job(of)),
      { requests: 1000, drift: 0.08 },
    )
    expect(five.high / five.low).toBeLessThan(one.high / one.low)
  })

  test('is less sure when it or the others are small, or when they differed', () => {
    const width = (jobs: Parameters<typeof nextMean>[0], requests: number): number => {
      const { low, high } = nextMean(jobs, { requests, drift: 0.08 })
      return high / low
    }
    const large = width([job(100)], 1000)
    expect(width([job(100)], 20)).toBeGreaterThan(large)
    expect(width([job(100, 20)], 1000)).toBeGreaterThan(large)
    expect(
      width(
        [50, 200, 100].map((of) => job(of)),
        1000,
      ),
    ).toBeGreaterThan(2 * large)
  })
})
