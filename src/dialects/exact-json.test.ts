import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseExact, pathOfWideNumber } from './exact-json.ts'

describe('a number comes through as the number it was', () => {
  test.each([
    '0.1',
    '-1.5e10',
    '1e23',
    '9007199254740991',
    '9007199254740993', // one more than a double holds
    '12345678901234567890',
    '0.12345678901234567890123',
    '1e400',
    '-1e-400',
    '5e-324',
    '212986993862499.12', // JavaScript's own way to write a double
    '0.1000000000000000055511151231257827021181583404541015625', // the double that 0.1 is
    '100000000000000000000000000',
    '0.00000000000000000000000001',
  ])('%s', (text) => {
    const { value, wide } = parseExact(`{"a":[${text}]}`)
    const written = JSON.stringify(value)
    if (wide) expect(written).toBe(`{"a":[${text}]}`)
    else expect(Number(/-?[\d.e+-]+(?=\])/.exec(written)?.[0])).toBe(Number(text))
  })
})

test.each([
  ['9007199254740993', true],
  ['9007199254740992', false],
  ['1.00000000000000000000', false],
  ['0.30000000000000004', false],
  ['0.3000000000000000444', false],
  ['0.3000000000000000445', true],
  ['0.300000000000000044408920985006261616945266723632812', true],
  ['0.3000000000000000444089209850062616169452667236328125', false],
  ['1e999', true],
  ['-0.0', false],
  ['0e999', false],
])('%s is more than a double holds: %s', (text, wide) => {
  expect(parseExact(text).wide).toBe(wide)
  expect(parseExact(`{"x":"1234567890123456789","y":${text}}`).wide).toBe(wide)
})

test('whatever JavaScript writes fits a double', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (value) => !parseExact(JSON.stringify(value)).wide,
    ),
  )
})

test('digits inside strings are not numbers', () => {
  const text = '{"id":"12345678901234567890","data":"1e400"}'
  expect(parseExact(text)).toEqual({ value: JSON.parse(text), wide: false })
})

test('the path of a wide number is told', () => {
  expect(pathOfWideNumber(parseExact('{"a":[{"b":1},{"b":12345678901234567890}]}').value)).toBe('a[1].b')
  expect(pathOfWideNumber(parseExact('{"a b":{"c.d":1e999}}').value)).toBe('["a b"]["c.d"]')
  expect(pathOfWideNumber(parseExact('{"a":1}').value)).toBeUndefined()
})
