import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasControls, JsonScan, JsonSyntaxError } from './json-scan.ts'

const accepts = (text: string | Uint8Array): boolean => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const scan = new JsonScan().reset(bytes, 0, bytes.length)
  scan.clean = !hasControls(bytes)
  try {
    scan.skip()
    scan.finish()
    return true
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false
    throw error
  }
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('accepts every JSON text that JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 3), (value, indent) =>
      accepts(JSON.stringify(value, null, indent)),
    ),
  )
})

test('agrees with JSON.parse on texts that are nearly JSON', () => {
  const nearly = fc
    .tuple(
      fc.jsonValue(),
      fc.nat(),
      fc.constantFrom(
        '',
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '0',
        '-',
        'e',
        '.',
        ' ',
        'u12',
        '\n',
        '\u0001',
        'tru',
        'null',
      ),
    )
    .map(([value, at, junk]) => {
      const text = JSON.stringify(value)
      const cut = at % (text.length + 1)
      return text.slice(0, cut) + junk + text.slice(cut + (at % 3))
    })
  fc.assert(
    fc.property(nearly, (text) => {
      expect(accepts(text)).toBe(parses(text))
    }),
    { numRuns: 3000 },
  )
})

test('gives the span of a key and of a string, escapes and all', () => {
  const bytes = Buffer.from(' {"a\\u0062":"x\\n\\"é", "z":[1,{"q":2}]}')
  const scan = new JsonScan().reset(bytes, 0, bytes.length)
  expect(scan.enterObject()).toBe(true)
  scan.key()
  expect(scan.is('ab')).toBe(true)
  expect(scan.peek()).toBe(34)
  scan.string()
  expect(scan.text()).toBe('x\n"é')
  expect(scan.more()).toBe(true)
  scan.key()
  expect(scan.is('z')).toBe(true)
  scan.skip()
  expect(scan.more()).toBe(false)
  scan.finish()
})

test('goes ten thousand levels deep without a stack', () => {
  expect(accepts('['.repeat(100_000) + ']'.repeat(100_000))).toBe(true)
  expect(accepts(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)).toBe(true)
  expect(accepts('['.repeat(10_000))).toBe(false)
})

test('long strings are skipped the same way with and without escapes in them', () => {
  const piece = fc.constantFrom('a'.repeat(60), '"', '\\', '\n', 'é', '日本', '\u0001', 'x')
  fc.assert(
    fc.property(fc.array(fc.array(piece, { maxLength: 12 }), { maxLength: 6 }), (strings) => {
      expect(accepts(JSON.stringify(strings.map((pieces) => pieces.join(''))))).toBe(true)
    }),
  )
  expect(accepts(`["${'a'.repeat(100)}`)).toBe(false)
  expect(accepts(`["${'a'.repeat(100)}\\q"]`)).toBe(false)
  expect(accepts(`["${'a'.repeat(100)}\u0001"]`)).toBe(false)
})

test('a bracket closes only its own kind', () => {
  const bytes = Buffer.from('{"a":1]')
  const scan = new JsonScan().reset(bytes, 0, bytes.length)
  scan.enterObject()
  scan.key()
  scan.skip()
  expect(() => scan.more()).toThrow(JsonSyntaxError)
})

test('controls are found wherever they stand, line ends are none', () => {
  for (let at = 0; at < 12; at++) {
    for (const byte of [0, 9, 13, 31]) {
      const bytes = Buffer.alloc(12, 97)
      bytes[at] = byte
      expect(hasControls(bytes.subarray(0))).toBe(true)
    }
  }
  expect(hasControls(Buffer.from('abc\ndefgh\r\nijk\n'))).toBe(false)
  expect(hasControls(Buffer.from('é日本ÿ'.repeat(9)))).toBe(false)
})
