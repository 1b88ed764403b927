import { expect, test } from 'vitest'
import { csvLine, csvRecords } from './csv-text.ts'

const objects = (text: string) => csvRecords(text).records.map((row) => Object.fromEntries(row))

test('CSV is read with its quotes, by comma, semicolon or tab', () => {
  expect(objects('\uFEFFa,b\r\n1,"x, ""y""\nz"\r\n\r\n2,\n')).toEqual([
    { a: '1', b: 'x, "y"\nz' },
    { a: '2', b: '' },
  ])
  expect(objects('a;b\n1;2,5')).toEqual([{ a: '1', b: '2,5' }])
  expect(objects('a\tb\n1\t2')).toEqual([{ a: '1', b: '2' }])
  expect(objects('')).toEqual([])
})

test('a line is quoted where it would be misread', () => {
  expect(csvLine(['a', 'b,c', 'say "d"'])).toBe('a,"b,c","say ""d"""\n')
  expect(objects(`x,y,z\n${csvLine(['a', 'b,c', 'say "d"'])}`)).toEqual([{ x: 'a', y: 'b,c', z: 'say "d"' }])
})
