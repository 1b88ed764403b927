import { UnreadableInput } from '../domain/errors.ts'
import type { RowFormat } from './format.ts'
import { type Columns, rowCharactersMax, type TableBatch } from './row.ts'
import { damageIn } from './text.ts'

/**
 * CSV after RFC 4180: the first record names the columns; a field in double quotes may hold delimiters, newlines and
 * doubled quotes; LF or CRLF; blank lines are skipped. A quote inside an unquoted field is a character like any other.
 *
 * Written here because rows should be cut as fast as requests are: csv-parse reads 30 to 50 MB/s, this several times
 * that, and it goes on after a row whose quotes are wrong, so that all bad lines are reported together. The tests hold
 * it against csv-parse.
 */
export class CsvFormat implements RowFormat {
  readonly #name: string
  readonly #columns: Columns
  readonly #delimiter: string
  #line = 1
  /** Where each field of a record goes; undefined until the header is read. */
  #positions: number[] | undefined
  /** The header is the columns as they stand: fields need no rearranging. */
  #inOrder = true

  constructor(name: string, columns: Columns, delimiter: string) {
    this.#name = name
    this.#columns = columns
    this.#delimiter = delimiter
  }

  read(text: string, final: boolean, batch: TableBatch): number {
    const damaged = text.includes('\0')
    let quote = text.indexOf('"')
    let at = 0
    while (at < text.length) {
      if (quote >= 0 && quote < at) quote = text.indexOf('"', at)
      const newline = text.indexOf('\n', at)
      if (newline < 0 && !final) break
      const lineEnd = newline < 0 ? text.length : newline
      const plain = quote < 0 || quote > lineEnd
      const record = plain ? this.#plainRecord(text, at, lineEnd) : this.#quotedRecord(text, at, final)
      if (record === undefined) break
      if (record.end - at > rowCharactersMax) this.overlong()
      this.#take(record, text.slice(at, record.end), damaged, batch)
      this.#line += plain ? 1 : linesIn(text, at, record.end)
      at = record.end + 1
    }
    return Math.min(at, text.length)
  }

  overlong(): never {
    // Almost always quotes that are never closed; what follows cannot be told from what they hold.
    throw new UnreadableInput(
      this.#name,
      `the row at line ${this.#line} is over 64 Mi characters; are its quotes closed?`,
    )
  }

  finish(): void {
    if (this.#positions === undefined) {
      throw new UnreadableInput(this.#name, 'is empty; its first line should name the columns')
    }
  }

  #plainRecord(text: string, at: number, lineEnd: number): CsvRecord {
    const line = text.slice(at, withoutReturn(text, at, lineEnd))
    return { fields: line === '' ? [] : line.split(this.#delimiter), end: lineEnd }
  }

  /** undefined: the record goes on in text that has not come yet. */
  #quotedRecord(text: string, start: number, final: boolean): CsvRecord | undefined {
    const fields: string[] = []
    let at = start
    for (;;) {
      let end: number
      if (text[at] === '"') {
        const close = closingQuote(text, at)
        if (close < 0 && final) {
          throw new UnreadableInput(this.#name, `the quotes opened in the row at line ${this.#line} are never closed`)
        }
        // What a quote means is told by the two characters after it: another quote, a delimiter, CR and LF.
        if (close < 0 || (close + 2 >= text.length && !final)) return undefined
        const field = text.slice(at + 1, close)
        fields.push(field.includes('"') ? field.replaceAll('""', '"') : field)
        end = close + 1
        if (text[end] === '\r' && (end + 1 === text.length || text[end + 1] === '\n')) end++
      } else {
        const newline = text.indexOf('\n', at)
        const lineEnd = newline < 0 ? text.length : newline
        const delimiter = text.slice(at, lineEnd).indexOf(this.#delimiter)
        if (delimiter < 0 && newline < 0 && !final) return undefined
        end = delimiter < 0 ? lineEnd : at + delimiter
        fields.push(text.slice(at, delimiter < 0 ? withoutReturn(text, at, end) : end))
      }
      if (end === text.length || text[end] === '\n') return { fields, end }
      if (text[end] !== this.#delimiter) return strayText(text, end, final)
      at = end + 1
    }
  }

  #take(record: CsvRecord, text: string, damaged: boolean, batch: TableBatch): void {
    const { fields } = record
    if (fields.length === 0 && record.problem === undefined) return // a blank line
    const problem = record.problem ?? (damaged ? damageIn(text) : undefined)
    if (this.#positions === undefined) this.#takeHeader(fields, problem)
    else if (problem !== undefined) batch.problems.push({ line: this.#line, message: problem, text })
    else if (fields.length !== this.#positions.length) {
      const message = `has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}, the header has ${this.#positions.length}`
      batch.problems.push({ line: this.#line, message, text })
    } else batch.rows.push({ line: this.#line, cells: this.#cells(fields) })
  }

  #cells(fields: string[]): string[] {
    if (this.#inOrder) {
      for (let at = 0; at < fields.length; at++) fields[at] = JSON.stringify(fields[at])
      return fields
    }
    const cells = this.#columns.names.map(() => '')
    for (let at = 0; at < fields.length; at++) cells[this.#positions?.[at] ?? at] = JSON.stringify(fields[at])
    return cells
  }

  #takeHeader(names: readonly string[], problem: string | undefined): void {
    const wrong = problem ?? wrongHeader(names)
    if (wrong !== undefined) throw new UnreadableInput(this.#name, `line ${this.#line}: the header ${wrong}`)
    this.#positions = names.map((name) => this.#columns.at(name))
    if (this.#positions.includes(-1)) throw new UnreadableInput(this.#name, 'has too many columns')
    this.#inOrder = this.#columns.names.length === names.length && this.#positions.every((to, at) => to === at)
  }
}

interface CsvRecord {
  /** Empty for a blank line. */
  readonly fields: string[]
  /** Where its newline stands, or the end of the text. */
  readonly end: number
  readonly problem?: string
}

function wrongHeader(names: readonly string[]): string | undefined {
  const empty = names.indexOf('')
  if (empty >= 0) return `gives column ${empty + 1} no name`
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  if (twice.length > 0) return `names ${twice.map((name) => JSON.stringify(name)).join(', ')} more than once`
  // The whole file would be its header.
  if (names.some((name) => /\r(?!\n)/.test(name))) return 'ends with CR alone; lines should end with LF or CRLF'
  return undefined
}

/** Index of the quote that closes the field opened at `open`; -1 when the text ends before. */
function closingQuote(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1)
  while (quote >= 0 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2)
  return quote
}

/** The row is lost to its end of line; the next line is taken for a new row. */
function strayText(text: string, at: number, final: boolean): CsvRecord | undefined {
  const newline = text.indexOf('\n', at)
  if (newline < 0 && !final) return undefined
  return { fields: [], end: newline < 0 ? text.length : newline, problem: 'has text after a closing quote' }
}

const withoutReturn = (text: string, from: number, end: number): number =>
  end > from && text[end - 1] === '\r' ? end - 1 : end

function linesIn(text: string, from: number, end: number): number {
  let lines = 1
  for (let at = text.indexOf('\n', from); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
