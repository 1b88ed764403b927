import { describe, expect, test } from 'vitest'
import { Throttle } from './throttle.ts'

const throttle = (start: number, max = 1000) => new Throttle({ start, max, random: () => 1 })
/** Rounds of answers: so many as the window holds, each taking `ms`. */
function run(of: Throttle, rounds: number, ms = 1000, from = 0, outputTokens = 100): number {
  let now = from
  for (let round = 0; round < rounds; round++) {
    const begunAt = now
    now += ms
    const inFlight = of.window
    for (let each = 0; each < inFlight; each++) of.answered({ begunAt, now, inFlight, outputTokens })
  }
  return now
}

describe('The number of requests in flight', () => {
  test('doubles with each round until there is a refusal, then grows by one', () => {
    const one = throttle(4)
    let now = run(one, 3)
    expect(one.window).toBe(32)
    one.refused({ begunAt: now, now: now + 10 })
    expect(one.window).toBe(16)
    now = run(one, 3, 1000, now + 20)
    expect(one.window).toBeGreaterThanOrEqual(18)
    expect(one.window).toBeLessThanOrEqual(19)
  })

  test('is halved once for all the refusals of one round', () => {
    const one = throttle(64)
    for (let each = 0; each < 64; each++) one.refused({ begunAt: 0, now: 100 + each, retryAfterMs: 0 })
    expect(one.window).toBe(32)
    one.refused({ begunAt: 200, now: 300, retryAfterMs: 0 })
    expect(one.window).toBe(16)
  })

  test('stays between one and the most', () => {
    const one = throttle(4, 10)
    run(one, 5)
    expect(one.window).toBe(10)
    for (let each = 1; each < 50; each++) one.refused({ begunAt: each * 1000, now: each * 1000 + 1, retryAfterMs: 0 })
    expect(one.window).toBe(1)
  })

  test('does not grow while it is not used', () => {
    const one = throttle(8)
    for (let each = 0; each < 100; each++) one.answered({ begunAt: 0, now: 1000, inFlight: 1, outputTokens: 10 })
    expect(one.window).toBe(8)
  })

  test('falls when answers become much slower, token for token, and never far', () => {
    const one = throttle(64, 64)
    let now = run(one, 3, 1000)
    expect(one.window).toBe(64)
    now = run(one, 3, 20_000, now)
    expect(one.window).toBeLessThan(64)
    run(one, 100, 20_000, now)
    expect(one.window).toBeGreaterThanOrEqual(6)
  })

  test('does not fall when answers are longer, or when none takes long', () => {
    const one = throttle(64, 64)
    const now = run(one, 3, 1000, 0, 100)
    run(one, 20, 20_000, now, 3000)
    expect(one.window).toBe(64)
    const fast = throttle(64, 64)
    run(fast, 20, 1500, run(fast, 3, 2))
    expect(fast.window).toBe(64)
  })
})

describe('A pause', () => {
  test('is as long as the vendor says', () => {
    const one = throttle(4)
    one.refused({ begunAt: 0, now: 100, retryAfterMs: 5000 })
    expect(one.pausedUntil).toBe(5100)
    one.refused({ begunAt: 0, now: 200, retryAfterMs: 1000 })
    expect(one.pausedUntil).toBe(5100)
  })

  test('grows where it does not, up to a minute, until there is an answer', () => {
    const one = throttle(4)
    const pauses: number[] = []
    for (let each = 1; each <= 9; each++) {
      const now = each * 100_000
      one.refused({ begunAt: now, now })
      pauses.push(one.pausedUntil - now)
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    one.answered({ begunAt: 1_000_000, now: 1_000_001, inFlight: 1, outputTokens: 1 })
    one.refused({ begunAt: 1_000_002, now: 1_000_002 })
    expect(one.pausedUntil - 1_000_002).toBe(500)
  })
})
