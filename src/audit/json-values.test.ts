import { expect, test } from 'vitest'
import { jsonValues } from './json-values.ts'

/** In pieces of a few characters, so that every boundary is met. */
async function read(text: string, size = 3) {
  async function* pieces() {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  }
  const all = { values: [] as unknown[], bad: [] as { line: number; message: string }[] }
  for await (const { values, bad } of jsonValues(pieces())) {
    all.values.push(...values)
    all.bad.push(...bad)
  }
  return all
}

const two = [{ a: 'x}"{\\' }, { b: [1, { c: null }] }]

test('lines, a list, a printed list and objects after each other are the same values', async () => {
  const texts = [
    two.map((value) => JSON.stringify(value)).join('\n'),
    JSON.stringify(two),
    JSON.stringify(two, null, 2),
    two.map((value) => JSON.stringify(value, null, 2)).join('\n'),
  ]
  for (const text of texts) expect(await read(text)).toEqual({ values: two, bad: [] })
})

test('a line that is cut off is set aside with its number, and the next is read', async () => {
  const text = '{"a":1}\n{"b":{"c":\n{"d":"cut\n{"e":2}\n{"f":'
  const { values, bad } = await read(text)
  expect(values).toEqual([{ a: 1 }, { e: 2 }])
  expect(bad.map(({ line }) => line)).toEqual([2, 3, 5])
})

test('nothing holds nothing', async () => {
  expect(await read(' \n[]\n')).toEqual({ values: [], bad: [] })
})
