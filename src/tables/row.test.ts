import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRecords } from './read.ts'
import { Columns, decodeRow, encodeRow, type TableRow } from './row.ts'

test('a kept row comes back as it was, on one line, absent columns included', async () => {
  const records = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()))
  await fc.assert(
    fc.asyncProperty(records, async (records) => {
      const rows: TableRow[] = []
      for await (const batch of readRecords(records)) rows.push(...batch.rows)
      for (const { cells } of rows) {
        expect(encodeRow(cells)).not.toContain(10)
        expect(decodeRow(encodeRow(cells))).toEqual(cells)
      }
    }),
  )
})

test('a row can be decoded out of the middle of a larger block', () => {
  const block = Buffer.concat([Buffer.from('…\n'), encodeRow(['"ä"', '', '1']), Buffer.from('\n…')])
  expect(decodeRow(block.subarray(4, block.length - 4))).toEqual(['"ä"', '', '1'])
})

test('more than ten thousand columns are taken for a mistake', () => {
  const columns = new Columns()
  for (let n = 0; n < 10_000; n++) columns.at(`c${n}`)
  expect(columns.at('one more')).toBe(-1)
  expect(columns.at('c9999')).toBe(9_999)
})
