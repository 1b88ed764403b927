import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatOf, inputFormatOf } from './format.ts'
import { readTable } from './read.ts'
import { Columns } from './row.ts'
import { csvWriter, jsonlWriter, tableWriter } from './write.ts'

const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString()

describe('a CSV output', () => {
  test('has strings as they are, other values as JSON, null and absence as nothing', () => {
    const writer = csvWriter(['a', 'b', 'c', 'd', 'e'])
    const rows = [
      ['"x"', '1.0', 'null', '{"k": "v"}', 'true'],
      ['"say \\"hi\\", \\u00e9"', '', '"two\\nlines"'],
    ]
    expect(text([writer.head(), writer.encode(rows)])).toBe(
      'a,b,c,d,e\nx,1.0,,"{""k"": ""v""}",true\n"say ""hi"", é",,"two\nlines",,\n',
    )
  })

  test('has no row that would be read as an empty line', () => {
    expect(text([csvWriter(['a']).encode([['""'], ['null']])])).toBe('""\n""\n')
  })

  const string = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', ',', '\n', '\r', '\t', ' ', '\uFEFF', '\\'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  })
  const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      columns: fc.uniqueArray(
        string.filter((name) => name !== ''),
        { minLength: width, maxLength: width },
      ),
      rows: fc.array(fc.array(string, { minLength: width, maxLength: width })),
    }),
  )

  test('is read back as it was, by csv-parse and by ourselves', async () => {
    await fc.assert(
      fc.asyncProperty(
        table.filter(wellFormed),
        fc.constantFrom('csv' as const, 'tsv' as const),
        async ({ columns, rows }, format) => {
          const writer = tableWriter(format, columns)
          const bytes = Buffer.concat([
            writer.head(),
            writer.encode(rows.map((row) => row.map((value) => JSON.stringify(value)))),
          ])
          const options = { delimiter: format === 'tsv' ? '\t' : ',', record_delimiter: '\n', skip_empty_lines: true }
          expect(parse(bytes, options)).toEqual([columns, ...rows])
          if (columns.some((name) => /\r(?!\n)/.test(name))) return // refused in a header: a file of CR alone
          const ours = new Columns()
          const read: string[][] = []
          for await (const batch of readTable({ name: 'out', format, bytes: once(bytes) }, ours)) {
            read.push(...batch.rows.map((row) => row.cells.map((cell) => JSON.parse(cell) as string)))
          }
          expect([ours.names, ...read]).toEqual([columns, ...rows])
        },
      ),
    )
  })
})

describe('a JSONL output', () => {
  test('has every value as it was written, and leaves out what is absent', () => {
    const writer = jsonlWriter(['id', 'a "b"', 'c'])
    expect(
      text([writer.head(), writer.encode([['12345678901234567890', '"\\u00e9"', '[1, 2]'], ['', 'null'], []])]),
    ).toBe('{"id":12345678901234567890,"a \\"b\\"":"\\u00e9","c":[1, 2]}\n{"a \\"b\\"":null}\n{}\n')
  })
})

describe('the format', () => {
  test('is told by the extension', () => {
    expect(['a.csv', 'b/C.CSV', 'a.tsv', 'a.b.jsonl', 'a.ndjson'].map(formatOf)).toEqual([
      'csv',
      'csv',
      'tsv',
      'jsonl',
      'jsonl',
    ])
    expect(inputFormatOf('rows.csv.gz')).toBe('csv')
  })

  test('that is not known is an error naming those that are', () => {
    expect(() => formatOf('out.csv.gz')).toThrow(/should be one of \.csv, \.tsv, \.jsonl, \.ndjson/)
    expect(() => formatOf('folder.csv/out')).toThrow(/should be one of/)
  })
})

async function* once(bytes: Uint8Array) {
  yield bytes
}

// NUL and lone surrogates are no text that UTF-8 or we accept.
const wellFormed = ({ columns, rows }: { columns: string[]; rows: string[][] }) =>
  [...columns, ...rows.flat()].every((value) => !value.includes('\0') && value.isWellFormed())
