import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TableFormat } from './format.ts'
import { readRecords, readTable } from './read.ts'
import { Columns, type TableProblem, type TableRow } from './row.ts'

/** All of a table, its bytes cut at the given places. */
async function read(
  format: TableFormat,
  input: string | Uint8Array,
  cuts: readonly number[] = [],
  columns = new Columns(),
) {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  async function* chunks() {
    let from = 0
    for (const to of [...cuts].sort((a, b) => a - b).map((cut) => cut % (bytes.length + 1))) {
      if (to <= from) continue
      yield bytes.subarray(from, to)
      from = to
    }
    yield bytes.subarray(from)
  }
  const rows: TableRow[] = []
  const problems: TableProblem[] = []
  for await (const batch of readTable({ name: 'rows', format, bytes: chunks() }, columns)) {
    rows.push(...batch.rows)
    problems.push(...batch.problems)
  }
  return { columns: columns.names, rows, problems, records: rows.map((row) => recordOf(columns.names, row)) }
}

const recordOf = (names: readonly string[], { cells }: TableRow) =>
  Object.fromEntries(cells.flatMap((cell, at) => (cell === '' ? [] : [[names[at], JSON.parse(cell)]])))

const csvLine = (fields: readonly string[]) =>
  fields.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(',')

/** What comes of reading, an error included. */
const attempt = async (text: string, cuts: readonly number[]) =>
  read('csv', text, cuts).then(
    ({ rows, problems }) => ({ rows, problems }),
    (error: Error) => error.message,
  )

const said = (problems: readonly TableProblem[]) => problems.map(({ line, message }) => `${line}: ${message}`)

describe('CSV', () => {
  test('a byte order mark, CRLF, quoted newlines, blank lines and a missing last newline are all fine', async () => {
    const table = await read('csv', '\uFEFFid,text\r\n1,"a ""word"",\r\nthen more"\r\n\r\n2,"é"')
    expect(table.columns).toEqual(['id', 'text'])
    expect(table.records).toEqual([
      { id: '1', text: 'a "word",\r\nthen more' },
      { id: '2', text: 'é' },
    ])
    expect(table.rows.map((row) => row.line)).toEqual([2, 5])
  })

  test('a quote inside an unquoted field is a character like any other', async () => {
    expect((await read('csv', 'size,name\n5",pipe\n6,7" "x"\n')).records).toEqual([
      { size: '5"', name: 'pipe' },
      { size: '6', name: '7" "x"' },
    ])
  })

  test('a quoted empty field alone on its line is a row, an empty line is none', async () => {
    expect((await read('csv', 'text\n""\n\nx\n')).records).toEqual([{ text: '' }, { text: 'x' }])
  })

  test('rows with too few or too many fields are bad lines, and the rows after them are read', async () => {
    const table = await read('csv', 'a,b\n1\n2,"x\ny"\n3,4,5\n6,7\n')
    expect(said(table.problems)).toEqual(['2: has 1 field, the header has 2', '5: has 3 fields, the header has 2'])
    expect(table.problems.map((problem) => problem.text)).toEqual(['1', '3,4,5'])
    expect(table.records).toEqual([
      { a: '2', b: 'x\ny' },
      { a: '6', b: '7' },
    ])
  })

  test('text after a closing quote is a bad line, and the next line is read', async () => {
    const table = await read('csv', 'a,b\n"1"x,2\n3,4\n')
    expect(said(table.problems)).toEqual(['2: has text after a closing quote'])
    expect(table.records).toEqual([{ a: '3', b: '4' }])
  })

  test('bytes that are no UTF-8 and NUL characters are bad lines of their own', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\n1,\uFFFD\n2,'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('\n3,\0\n4,ü\n5,'),
      Buffer.from([0xe2, 0x82]),
    ])
    const table = await read('csv', bytes)
    expect(said(table.problems)).toEqual(['3: is not valid UTF-8', '4: holds a NUL character', '6: is not valid UTF-8'])
    expect(table.records).toEqual([
      { a: '1', b: '\uFFFD' },
      { a: '4', b: 'ü' },
    ])
  })

  test.each([
    ['', /is empty/],
    ['a,,b\n1,2,3\n', /line 1: the header gives column 2 no name/],
    ['\na,b,a\n', /line 2: the header names "a" more than once/],
    ['a,b\r1,2\r', /ends with CR alone/],
    ['a,b\n1,"2\n3,4\n', /the quotes opened in the row at line 2 are never closed/],
  ])('%j is refused as a whole', async (text, message) => {
    await expect(read('csv', text)).rejects.toThrow(message)
    await expect(read('csv', text)).rejects.toMatchObject({ code: 'unreadable_input', exitCode: 2 })
  })

  test('UTF-16, as spreadsheets save it, is named', async () => {
    await expect(read('csv', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'))).rejects.toThrow(/is UTF-16/)
  })

  test('a file of tabs is read by tabs', async () => {
    expect((await read('tsv', 'a\tb\n1,5\t"x\ty"\n')).records).toEqual([{ a: '1,5', b: 'x\ty' }])
  })

  test('files of one input are joined by the names of their columns', async () => {
    const columns = new Columns()
    await read('csv', 'a,b\n1,2\n', [], columns)
    const second = await read('csv', 'b,c\n3,4\n', [], columns)
    expect(second.columns).toEqual(['a', 'b', 'c'])
    expect(second.records).toEqual([{ b: '3', c: '4' }])
  })

  const field = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', ',', '\n', '\r\n', ' '), maxLength: 6 })
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })

  test('whatever fields are written, wherever the bytes are cut, csv-parse and we read the same', async () => {
    const table = fc.array(fc.tuple(field, field, field), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(table, cuts, fc.constantFrom('\n', '\r\n'), fc.boolean(), async (rows, cuts, newline, last) => {
        const text = [['x', 'y', 'z'], ...rows].map(csvLine).join(newline) + (last ? newline : '')
        const ours = await read('csv', text, cuts)
        expect(ours.problems).toEqual([])
        expect(ours.records).toEqual(parse(text, { columns: true, skip_empty_lines: true }))
      }),
    )
  })

  test('wherever a file is cut in two, the same is read from it', async () => {
    const bytes = Buffer.from('\uFEFFx,y\r\n"é""",1\r\n2"\r\n\r\n"😀"\r\n"\n"a"b,c\r\n3,"4"\r')
    const whole = await read('csv', bytes)
    expect(whole.records).toEqual([
      { x: 'é"', y: '1' },
      { x: '3', y: '4' },
    ])
    expect(said(whole.problems)).toEqual([
      '3: has 1 field, the header has 2',
      '5: has 1 field, the header has 2',
      '6: has text after a closing quote',
    ])
    for (let cut = 1; cut < bytes.length; cut++) expect(await read('csv', bytes, [cut])).toEqual(whole)
  })

  test('quotes that are never closed do not fill the memory', async () => {
    let megabytes = 0
    async function* endless() {
      yield Buffer.from('a,b\n1,"2\n')
      for (; megabytes < 100; megabytes++) yield Buffer.alloc(1024 * 1024, 'x,y\n')
    }
    const rows = readTable({ name: 'rows.csv', format: 'csv', bytes: endless() })
    await expect(rows.next()).rejects.toThrow('the row at line 2 is over 64 Mi characters; are its quotes closed?')
    expect(megabytes).toBeLessThan(70)
  })

  test('whatever the text, where its bytes are cut changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 20 }), cuts, async (parts, cuts) => {
        const text = `x,y\n${parts.join('')}`
        expect(await attempt(text, cuts)).toEqual(await attempt(text, []))
      }),
    )
  })
})

describe('JSONL', () => {
  test('members become columns in the order in which they are first seen', async () => {
    const table = await read('jsonl', '\uFEFF{"b":1,"a":"x"}\r\n\n{"a":null,"c":[1,{"d":2}]}')
    expect(table.columns).toEqual(['b', 'a', 'c'])
    expect(table.rows).toEqual([
      { line: 1, cells: ['1', '"x"'] },
      { line: 3, cells: ['', 'null', '[1,{"d":2}]'] },
    ])
  })

  test('every value keeps the text it is written as', async () => {
    const [row] = (await read('jsonl', '{ "n" : 12345678901234567890 , "f":1.0,"s":"\\u00e9\\"}","o": {"x": [1, 2]} }'))
      .rows
    expect(row?.cells).toEqual(['12345678901234567890', '1.0', '"\\u00e9\\"}"', '{"x": [1, 2]}'])
  })

  test('of a key given twice the last value counts, and escapes in keys are read', async () => {
    const table = await read('jsonl', '{"a":1,"a":2}\n{"\\u0061":3}\n{"__proto__":4}\n')
    expect(table.columns).toEqual(['a', '__proto__'])
    expect(table.rows.map((row) => row.cells)).toEqual([['2'], ['3'], ['', '4']])
  })

  test('all bad lines are reported with their numbers, and the good ones read', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":1}\n{"a":\n[1]\n"x"\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"a":"\0"}\n{"a":2}\n'),
    ])
    const table = await read('jsonl', bytes)
    expect(said(table.problems)).toEqual([
      expect.stringMatching(/^2: is not valid JSON: /),
      '3: is not a JSON object',
      '4: is not a JSON object',
      '5: is not valid UTF-8',
      '6: holds a NUL character',
    ])
    expect(table.problems[1]?.text).toBe('[1]')
    expect(table.rows.map((row) => row.line)).toEqual([1, 7])
  })

  test('a value nested ten thousand deep is read', async () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    expect((await read('jsonl', `{"a":${deep},"b":1}\n`)).rows[0]?.cells).toEqual([deep, '1'])
  })

  test('a line of 50 MB is read, one over 64 Mi characters is a bad line, and the lines after them are read', async () => {
    const megabyte = 1024 * 1024
    async function* chunks() {
      yield Buffer.from('{"a":"')
      for (let n = 0; n < 50; n++) yield Buffer.alloc(megabyte, 'x')
      yield Buffer.from('"}\n{"a":"')
      for (let n = 0; n < 70; n++) yield Buffer.alloc(megabyte, 'y')
      yield Buffer.from('"}\n{"a":3}\n')
    }
    const rows: string[] = []
    const problems: TableProblem[] = []
    for await (const batch of readTable({ name: 'rows', format: 'jsonl', bytes: chunks() })) {
      rows.push(...batch.rows.map(({ line, cells }) => `${line}: ${cells[0]?.length}`))
      problems.push(...batch.problems)
    }
    expect(rows).toEqual([`1: ${50 * megabyte + 2}`, '3: 1'])
    expect(said(problems)).toEqual(['2: is over 64 Mi characters'])
  })

  test('whatever the objects, wherever the bytes are cut, what is read is what JSON.parse reads', async () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), fc.jsonValue({ maxDepth: 3 })))
    const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(objects, cuts, fc.boolean(), async (objects, cuts, spaced) => {
        const lines = objects.map((object) => JSON.stringify(object, null, spaced ? 1 : 0).replaceAll('\n', ' '))
        const table = await read('jsonl', lines.join('\n'), cuts)
        expect(table.problems).toEqual([])
        expect(table.records).toEqual(lines.map((line) => JSON.parse(line)))
      }),
    )
  })
})

describe('rows given as objects', () => {
  test('are read like lines of JSONL', async () => {
    const columns = new Columns()
    const rows: TableRow[] = []
    for await (const batch of readRecords(
      [
        { a: 'x', b: undefined },
        { b: 2n ** 70n, c: [true] },
      ],
      columns,
    ))
      rows.push(...batch.rows)
    expect(columns.names).toEqual(['a', 'b', 'c'])
    expect(rows).toEqual([
      { line: 1, cells: ['"x"'] },
      { line: 2, cells: ['', '1180591620717411303424', '[true]'] },
    ])
  })

  test('what JSON cannot say is a problem of its row', async () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const problems: TableProblem[] = []
    for await (const batch of readRecords([{ a: 1 }, 'x', null, [1], cycle, { big: [1n] }]))
      problems.push(...batch.problems)
    expect(said(problems)).toEqual([
      '2: is not an object',
      '3: is not an object',
      '4: is not an object',
      expect.stringMatching(/^5: has a "self" that is no JSON: /),
      expect.stringMatching(/^6: has a "big" that is no JSON: /),
    ])
  })
})
