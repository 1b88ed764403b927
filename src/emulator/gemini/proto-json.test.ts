import { expect, test } from 'vitest'
import { masked } from './fields-mask.ts'
import { field, strangeKey, timestamp } from './proto-json.ts'

test('a time has 0, 3, 6 or 9 digits of a second', () => {
  const at = Date.parse('2026-11-23T10:00:00Z')
  expect(timestamp(at)).toBe('2026-11-23T10:00:00Z')
  expect(timestamp(at + 120)).toBe('2026-11-23T10:00:00.120Z')
  expect(timestamp(at + 0.25)).toBe('2026-11-23T10:00:00.000250Z')
  expect(timestamp(at + 0.25 + 1 / 4096)).toBe('2026-11-23T10:00:00.000250244Z')
  expect(timestamp(at + 0.25 + 1 / 4096, 6)).toBe('2026-11-23T10:00:00.000250Z')
})

test('a field is read in either spelling, and null is none', () => {
  expect(field({ max_output_tokens: 5 }, 'maxOutputTokens')).toBe(5)
  expect(field({ maxOutputTokens: 0 }, 'maxOutputTokens')).toBe(0)
  expect(field({ maxOutputTokens: null }, 'maxOutputTokens')).toBeUndefined()
  expect(strangeKey({ max_output_tokens: 5, bogus: 1 }, new Set(['maxOutputTokens']))).toBe('bogus')
})

test('a mask keeps what it names, however deep', () => {
  const value = { a: { b: 1, c: [{ d: 2, e: 3 }] }, f: 4 }
  expect(masked(value, 'f')).toEqual({ f: 4 })
  expect(masked(value, 'a(c/d),f')).toEqual({ a: { c: [{ d: 2 }] }, f: 4 })
  expect(masked(value, 'a/b,a/c(e)')).toEqual({ a: { b: 1, c: [{ e: 3 }] } })
  expect(masked(value, '*')).toEqual(value)
  expect(masked(value, 'none')).toEqual({})
  expect(masked(value, 'a(b')).toBeUndefined()
})
