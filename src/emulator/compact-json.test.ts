import { expect, test } from 'vitest'
import { compactJson } from './compact-json.ts'

const deep = (depth: number, inner: string) => `${'{"a":['.repeat(depth)}${inner}${']}'.repeat(depth)}`

test('writes what JSON.stringify writes, at any depth', () => {
  const inner = '{"b":[1,"x\\n",null,true,[],{}],"c":-1.5e-7}'
  expect(compactJson(JSON.parse(deep(3, inner)))).toBe(JSON.stringify(JSON.parse(deep(3, inner))))
  expect(compactJson(JSON.parse(deep(20_000, inner)))).toBe(deep(20_000, JSON.stringify(JSON.parse(inner))))
})
