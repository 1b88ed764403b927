import { expect, test } from 'vitest'
import { cachedInput, isWorthKeeping } from './cache-worth.ts'

const hits = { low: 0.3, likely: 0.7, high: 0.98 }
/** pico-USD: an hour's write costs twice the input, a read a tenth. */
const prices = { input: 1000n, cachedInput: 100n, cacheWrite1h: 2000n }

test('a write is worth its price from some requests on', () => {
  const worth = [1, 2, 4, 5, 6, 100].map((requests) => isWorthKeeping(requests, prices, 'cacheWrite1h', hits))
  expect(worth).toEqual([false, false, false, true, true, true])
})

test('nothing is written where reading costs as much as sending, or has no price', () => {
  expect(isWorthKeeping(1000, { ...prices, cachedInput: 1000n }, 'cacheWrite1h', hits)).toBe(false)
  expect(isWorthKeeping(1000, { input: 1000n, cachedInput: 100n }, 'cacheWrite1h', hits)).toBe(false)
  expect(isWorthKeeping(1000, { input: 1000n, cacheWrite1h: 2000n }, 'cacheWrite1h', hits)).toBe(false)
})

test('input is split by how often what is shared is found, and no token is lost', () => {
  const shared = { share: 0.9, first: 0.1, prefixes: 1, hits }
  expect(cachedInput(1000, { ...shared, writes: 'cacheWrite1h' }, 0.5)).toEqual({
    input: 100,
    cachedInput: 400,
    cacheWrite1h: 500,
  })
  expect(cachedInput(1000, { ...shared, writes: null }, 1)).toEqual({ input: 200, cachedInput: 800 })
})
