import { expect, test } from 'vitest'
import { cacheSaving } from './cache-saving.ts'
import { priceFor } from './price.ts'

const at = Date.parse('2026-11-24')
const of = (model: string, vendor: string, tier: 'batch' | 'standard') => ({ model, vendor, tier, at })
const perToken = (query: ReturnType<typeof of>, more: object = {}) => priceFor({ ...query, ...more })?.perToken ?? {}

test('a cache hit saves what plain input in the same lane costs more; a write that costs more saves less than nothing', () => {
  const query = of('claude-haiku-4-5', 'anthropic', 'batch')
  const { input = 0n, cachedInput = 0n, cacheWrite1h = 0n } = perToken(query)
  expect(cacheSaving(query, 'cachedInput', cachedInput)).toBe(input - cachedInput)
  expect(cacheSaving(query, 'cacheWrite1h', cacheWrite1h)).toBe(input - cacheWrite1h)
  expect(cacheSaving(query, 'cacheWrite1h', cacheWrite1h)).toBeLessThan(0n)
  expect(cacheSaving(query, 'output', 1n)).toBe(0n)
})

test('where batch has no cached price, caching saved nothing', () => {
  const query = of('gpt-4.1', 'openai', 'batch')
  expect(cacheSaving(query, 'cachedInput', perToken(query).cachedInput ?? 0n)).toBe(0n)
})

test('the price of an entry tells whether its prompts were long', () => {
  const query = of('gemini-2.5-pro', 'gemini', 'standard')
  const { input = 0n, cachedInput = 0n } = perToken(query, { long: true })
  expect(cacheSaving(query, 'cachedInput', cachedInput)).toBe(input - cachedInput)
})

test('beside a price that is not the catalogue’s, plain input is not known', () => {
  expect(cacheSaving(of('gpt-5.4-mini', 'openai', 'batch'), 'cachedInput', 7n)).toBeUndefined()
})
