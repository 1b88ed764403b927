import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseUsd, picoPerToken, roundToNano, usd } from './money.ts'
import { dearestInput } from './usage.ts'

test('a price per million tokens is a whole number of pico-USD per token', () => {
  expect(picoPerToken(1.25)).toBe(1_250_000n)
  expect(picoPerToken(0.075)).toBe(75_000n)
  expect(picoPerToken(0.0025)).toBe(2_500n)
  expect(picoPerToken(0)).toBe(0n)
})

test('a price too fine for pico-USD is refused, not rounded', () => {
  expect(() => picoPerToken(0.000_000_5)).toThrow(RangeError)
})

test('half a nano-dollar goes to the even neighbour, either side of zero', () => {
  expect([500n, 1500n, 2500n, 1501n, 1499n].map(roundToNano)).toEqual([0n, 2n, 2n, 2n, 1n])
  expect([-500n, -1500n, -2500n, -1501n].map(roundToNano)).toEqual([0n, -2n, -2n, -2n])
})

test('rounding moves an amount by half a nano-dollar at most', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 24n), 10n ** 24n), (pico) => {
      const off = roundToNano(pico) * 1000n - pico
      expect(off <= 500n && off >= -500n).toBe(true)
    }),
  )
})

test('an amount is printed exactly, without trailing zeros', () => {
  expect(usd(1_500_000n)).toBe('0.0015')
  expect(usd(0n)).toBe('0')
  expect(usd(12_000_000_000n)).toBe('12')
  expect(usd(-1n)).toBe('-0.000000001')
})

test('what is printed reads back as the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 20n), 10n ** 20n), (nano) => {
      expect(parseUsd(usd(nano))).toBe(nano)
    }),
  )
})

test.each(['', '1e3', '1,000', '0.0000000001', '.5', 'NaN', '1.'])('"%s" is no amount', (text) => {
  expect(() => parseUsd(text)).toThrow(RangeError)
})

test('a prompt is dearest as a cache write only where writing costs more than plain input', () => {
  expect(dearestInput({ input: 4n, cacheWriteDefault: 5n })).toBe('cacheWriteDefault')
  expect(dearestInput({ input: 4n, cacheWriteDefault: 4n })).toBe('input')
  expect(dearestInput({ input: 4n })).toBe('input')
})
