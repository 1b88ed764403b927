import { expect, test } from 'vitest'
import { elementsOf, membersOf } from './json-spans.ts'

const values = [
  1,
  -2.5e3,
  true,
  null,
  '',
  'a "quoted" \\ text \\\\" with, ] and }',
  'ends with a backslash \\',
  [],
  {},
  [[1, [2]], { a: ['}', ']'] }],
  { 'k"ey': { deep: [{ er: 'ü' }] } },
]

test('elements and members lie where a parser finds them, however they are spaced', () => {
  for (const indent of [undefined, 2]) {
    const array = Buffer.from(JSON.stringify(values, null, indent))
    const found = [...elementsOf(array, 0)].map(
      ({ from, to }) => JSON.parse(array.toString('utf8', from, to)) as unknown,
    )
    expect(found).toEqual(values)
    const object = Buffer.from(JSON.stringify({ ...values }, null, indent))
    const members = [...membersOf(object, 0)].map(({ name, from, to }) => [
      name,
      JSON.parse(object.toString('utf8', from, to)) as unknown,
    ])
    expect(Object.fromEntries(members)).toEqual({ ...values })
  }
})

test('what is empty has no parts', () => {
  expect([...elementsOf(Buffer.from('[ ]'), 0)]).toEqual([])
  expect([...membersOf(Buffer.from('{\n}'), 0)]).toEqual([])
})
