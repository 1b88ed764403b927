import { describe, expect, test } from 'vitest'
import { between, chanceOf } from '../chance.ts'
import { BodyBroken, type Oddity, RequestsScanner } from './requests-scanner.ts'

/** Scans a text handed over in pieces of the given sizes. */
function scan(text: string | Buffer, sizeOf: () => number): { items: string[]; oddity: Oddity | null } {
  const items: string[] = []
  const scanner = new RequestsScanner((item) => items.push(item.toString()))
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    const size = sizeOf()
    scanner.push(bytes.subarray(at, at + size))
    at += size
  }
  return { oddity: scanner.end(), items }
}

const whole = () => 1 << 20
const requests: unknown[] = [
  { custom_id: 'a', params: { text: 'quote " backslash \\ both \\" brace } ] [ { , end \\\\' } },
  { custom_id: 'ü☃🚀', params: { deep: [[[{ a: {} }, []]]], empty: '', number: -1.5e-7, yes: true, no: null } },
  { custom_id: '\\', params: { path: 'C:\\\\', quote: '"' } },
  {},
  [],
  'text with "quotes" and ]}',
  12.5,
  null,
]

describe('the scanner of a create body', () => {
  test('hands out each request as it was, wherever the body is cut into chunks', () => {
    const text = JSON.stringify({ requests }, null, 1)
    for (let size = 1; size <= 40; size++) {
      const { items, oddity } = scan(text, () => size)
      expect(oddity).toBeNull()
      expect(items.map((item) => JSON.parse(item) as unknown)).toEqual(requests)
    }
    const chance = chanceOf('cuts')
    for (let round = 0; round < 200; round++) {
      const { items } = scan(text, () => between(chance, 1, 60))
      expect(items.map((item) => JSON.parse(item) as unknown)).toEqual(requests)
    }
  })

  test('puts each request on one line, and its bytes are otherwise untouched', () => {
    const { items } = scan('{"requests":[{"a":\n 1.50,\r\n"b":"x\\ny"},\t{"c":1e2}]}', whole)
    expect(items).toEqual(['{"a":  1.50,  "b":"x\\ny"}', '{"c":1e2}'])
  })

  test('takes no requests, and any order of keys', () => {
    expect(scan(' { "requests" : [ ] } \n', whole)).toEqual({ items: [], oddity: null })
    expect(scan('{"a":{"requests":[1]},"requests":[2]}', () => 3)).toEqual({ items: ['2'], oddity: { extra: 'a' } })
  })

  test('tells what else a body is', () => {
    expect(scan('{}', whole).oddity).toBe('no-requests')
    expect(scan('{"requests":{"a":[1,2]}}', whole).oddity).toBe('not-a-list')
    expect(scan('{"requests":null}', whole).oddity).toBe('not-a-list')
    for (const text of ['[1,2]', '"text"', '12', 'null']) expect(scan(text, whole).oddity).toBe('not-an-object')
  })

  const broken = [
    '',
    '{',
    '{"requests":[{"a":1}',
    '{"requests":[{"a":1}]',
    '{"requests":[{"a":1}]}}',
    '{"requests":[{"a":1},]}',
    '{"requests":[{"a":1} {"b":2}]}',
    '{"requests":[}',
    '{"requests":[{"a":tru}]}',
    '{"requests":[{"a":"line\nend"}]}',
    '{"requests":["\\x"]}',
    '{"requests":[{a:1}]}',
    '{"requests"[]}',
    '{"requests":[],}',
    "{'requests':[]}",
    'text',
  ]
  test.each(broken)('refuses what is no JSON: %j', (text) => {
    expect(() => scan(text, whole)).toThrow(BodyBroken)
    expect(() => scan(text, () => 1)).toThrow(BodyBroken)
  })

  test('refuses what is not UTF-8', () => {
    expect(() => scan(Buffer.from('{"requests":["é"]}', 'latin1'), whole)).toThrow(BodyBroken)
  })
})
