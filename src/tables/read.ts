import { CsvFormat } from './csv.ts'
import type { RowFormat, TableFormat } from './format.ts'
import { JsonlFormat } from './jsonl.ts'
import { Columns, emptyBatch, rowCharactersMax, type TableBatch } from './row.ts'
import { decodeText } from './text.ts'

export interface TableSource {
  /** For messages. */
  readonly name: string
  readonly format: TableFormat
  /** Decompressed. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/**
 * Reads a table in blocks: as much memory as the longest row and one chunk of the source want, at any size.
 * @param columns  grows as the rows come (all of a CSV file with its header); give several files the same one to join
 *   them by name
 * @throws UnreadableInput when no row can be told from the next: no header or a wrong one, quotes never closed, UTF-16
 */
export async function* readTable(source: TableSource, columns = new Columns()): AsyncGenerator<TableBatch> {
  const format = formatFor(source, columns)
  let waiting: string[] = []
  let size = 0
  let enough = 0
  for await (const text of decodeText(source.name, source.bytes)) {
    waiting.push(text)
    size += text.length
    if (size < enough) continue
    const block = waiting.join('')
    const batch = emptyBatch()
    const used = format.read(block, false, batch)
    let rest = block.slice(used)
    if (rest.length > rowCharactersMax) {
      format.overlong(batch)
      rest = ''
    }
    waiting = [rest]
    size = rest.length
    // A long row is looked at again only when its text has doubled: else its cost would grow with its square.
    enough = used === 0 ? Math.min(2 * size, rowCharactersMax + 1) : 0
    if (isFilled(batch)) yield batch
  }
  const last = emptyBatch()
  format.read(waiting.join(''), true, last)
  format.finish()
  if (isFilled(last)) yield last
}

/**
 * The same door for rows that are objects already. A member that is `undefined` is absent; a bigint keeps its digits;
 * what JSON cannot say (a cycle, a bigint deep inside) is a problem of its row.
 */
export async function* readRecords(
  records: AsyncIterable<unknown> | Iterable<unknown>,
  columns = new Columns(),
): AsyncGenerator<TableBatch> {
  let batch = emptyBatch()
  let line = 0
  for await (const record of records) {
    line++
    const cells = cellsOf(record, columns)
    if (typeof cells === 'string') batch.problems.push({ line, message: cells, text: '' })
    else batch.rows.push({ line, cells })
    if (batch.rows.length + batch.problems.length < recordsPerBatch) continue
    yield batch
    batch = emptyBatch()
  }
  if (isFilled(batch)) yield batch
}

const recordsPerBatch = 256

const isFilled = (batch: TableBatch): boolean => batch.rows.length + batch.problems.length > 0

function formatFor({ name, format }: TableSource, columns: Columns): RowFormat {
  switch (format) {
    case 'csv':
      return new CsvFormat(name, columns, ',')
    case 'tsv':
      return new CsvFormat(name, columns, '\t')
    case 'jsonl':
      return new JsonlFormat(columns)
  }
}

/** Or what is wrong with the record. */
function cellsOf(record: unknown, columns: Columns): string[] | string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'is not an object'
  const cells: string[] = []
  for (const [name, value] of Object.entries(record)) {
    let cell: string | undefined
    try {
      cell = typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
    } catch (error) {
      return `has a "${name}" that is no JSON: ${(error as Error).message}`
    }
    if (cell === undefined) continue
    const position = columns.at(name)
    if (position < 0) return 'has too many columns'
    while (cells.length < position) cells.push('')
    cells[position] = cell
  }
  return cells
}
