import { describe, expect, test } from 'vitest'
import { Pacing } from './pacing.ts'

const cost = (tokens = 0) => ({ requests: 1, tokens, input: tokens, output: 0 })
/** How many go within `ms`. */
function sent(pacing: Pacing, ms: number, tokens = 0): number {
  let count = 0
  for (let now = 0; ; ) {
    const at = pacing.readyAt(now)
    if (at > ms) return count
    now = at
    pacing.take(cost(tokens), now)
    count++
  }
}

describe('Pacing', () => {
  test('lets go as many a minute as it is told, and few at once', () => {
    expect(sent(new Pacing({ requestsPerMinute: 600 }, 0), 0)).toBe(50)
    expect(sent(new Pacing({ requestsPerMinute: 600 }, 0), 60_000)).toBe(650)
  })

  test('counts tokens, of a request larger than any burst too', () => {
    const pacing = new Pacing({ tokensPerMinute: 60_000 }, 0)
    expect(pacing.readyAt(0)).toBe(0)
    pacing.take(cost(65_000), 0)
    expect(pacing.readyAt(0)).toBe(60_000)
  })

  test('goes by the tightest of the rates that the vendor states', () => {
    const pacing = new Pacing({ requestsPerMinute: 6000 }, 0)
    pacing.learn({ of: 'requests', limit: 3000, left: 2999, resetMs: 20 }, 0)
    pacing.learn({ of: 'tokens', limit: 60_000, left: 60_000, resetMs: 0 }, 0)
    // 1,000 tokens a second, and five seconds' worth at once.
    const count = sent(pacing, 60_000, 100)
    expect(count).toBeGreaterThanOrEqual(640)
    expect(count).toBeLessThanOrEqual(660)
  })

  test('goes on as soon as something is left again, and by the day where the limit is one of the day', () => {
    const pacing = new Pacing({}, 0)
    pacing.learn({ of: 'requests', limit: 60, left: 0, resetMs: 60_000 }, 0)
    expect(pacing.readyAt(0)).toBeLessThanOrEqual(2)
    pacing.learn({ of: 'requests', limit: 200, left: 0, resetMs: 432_000 }, 0)
    expect(pacing.readyAt(0)).toBe(432_000)
  })
})
