import { expect, test } from 'vitest'
import { type CachedLine, cacheSaving } from './cache-saving.ts'

const line = (kind: string, tokens: number, unitPrice: bigint | null, more: Partial<CachedLine> = {}): CachedLine => ({
  submissionId: 's',
  model: 'm',
  tier: 'batch',
  part: 'proven',
  kind,
  tokens,
  unitPrice,
  ...more,
})

test('a cache saves what reading costs less, and costs what writing costs more', () => {
  const lines = [line('input', 100, 1000n), line('cachedInput', 900, 100n), line('cacheWrite1h', 200, 2000n)]
  expect(cacheSaving(lines)).toEqual({ input: 1200, read: 900, written: 200, nanoUsd: (900n * 900n) / 1000n - 200n })
})

test('a cache that nobody reads costs money', () => {
  expect(cacheSaving([line('input', 1, 1000n), line('cacheWrite1h', 1000, 2000n)]).nanoUsd).toBe(-1000n)
})

test('without the price of plain input nothing is claimed, and output is no input', () => {
  expect(cacheSaving([line('cachedInput', 10, 100n), line('output', 50, 9000n)])).toEqual({
    input: 10,
    read: 10,
    written: 0,
    nanoUsd: null,
  })
  expect(cacheSaving([line('input', 5, 1000n, { part: 'duplicate' })]).input).toBe(0)
})
