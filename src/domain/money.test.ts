import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseUsd, picoPerToken, readAmount, roundToNano, usd, usdOfPico } from './money.ts'
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

test('amounts are read as reports print them, exactly to the nano-dollar', () => {
  expect(readAmount('1,234.50')).toEqual({ nanoUsd: 1_234_500_000_000n, decimals: 2 })
  expect(readAmount('123.78912', 2)).toEqual({ nanoUsd: 1_237_891_200n, decimals: 7 })
  expect(readAmount(8.95e-7)).toEqual({ nanoUsd: 895n, decimals: 9 })
  expect(readAmount('-$0.5')).toEqual({ nanoUsd: -500_000_000n, decimals: 1 })
  expect(readAmount('.25')).toEqual({ nanoUsd: 250_000_000n, decimals: 2 })
  expect(readAmount('0.0000000025')?.nanoUsd).toBe(2n)
  expect(readAmount('0.0000000035')?.nanoUsd).toBe(4n)
  expect(readAmount('')).toBeUndefined()
  expect(readAmount('0,06')).toBeUndefined()
  expect(readAmount('1,23,456.7')).toBeUndefined()
  expect(readAmount('12 EUR')).toBeUndefined()
})

test('pico-USD are printed exactly', () => {
  expect(usdOfPico(75_000n)).toBe('0.000000075')
  expect(usdOfPico(-1_500_000_000_001n)).toBe('-1.500000000001')
  expect(usdOfPico(0n)).toBe('0')
})
