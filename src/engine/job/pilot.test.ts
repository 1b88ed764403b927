import { expect, test } from 'vitest'
import { positions, shares } from './pilot.ts'

test('a pilot takes its requests one out of every stretch of the input', () => {
  const drawn = positions(1000, 10, () => 0.999)
  expect(drawn).toEqual(Array.from({ length: 10 }, (_, at) => 100 * at + 99))
  expect(positions(5, 5)).toEqual([0, 1, 2, 3, 4])
  expect(positions(0, 0)).toEqual([])
})

test('a pilot has some of every model, and most of the one that most are of', () => {
  expect(shares([9000, 1000], 50)).toEqual([37, 13])
  expect(shares([500], 50)).toEqual([50])
  expect(shares([3, 997], 50)).toEqual([3, 47])
  expect(shares([0, 20], 50)).toEqual([0, 20])
})
