import { expect, test } from 'vitest'
import { createClock } from './clock.ts'

test('runs at its speed, jumps, and never loses what has passed', () => {
  let real = 500
  const clock = createClock({ speed: 3600, startAt: 1_000_000, realNow: () => real })
  expect(clock.now()).toBe(1_000_000)
  real += 1000
  expect(clock.now()).toBe(1_000_000 + 3_600_000)
  clock.advance(5000)
  clock.setSpeed(1)
  real += 1000
  expect(clock.now()).toBe(1_000_000 + 3_600_000 + 5000 + 1000)
  expect(clock.seconds()).toBe(4606)
})

test('does not run backwards or stand still', () => {
  const clock = createClock({ speed: 1, startAt: 0 })
  expect(() => clock.advance(-1)).toThrow(RangeError)
  expect(() => clock.setSpeed(0)).toThrow(RangeError)
})
