/**
 * A cell is the JSON text of its value, `''` where the row has no such column. As text it keeps what a parsed value
 * loses (the digits of 12345678901234567890, the spelling of 1.0), and goes into a request, a blob or a JSONL output by
 * copying. A field of a CSV file is a JSON string.
 */
export type Cell = string

/** By position in the table's columns. A row may be shorter than they are: what is beyond it is absent. */
export type Cells = readonly Cell[]

export interface TableRow {
  /** Where the row starts in its file, from 1; of rows given as objects their number, from 1. */
  readonly line: number
  readonly cells: Cells
}

export interface TableProblem {
  readonly line: number
  readonly message: string
  /** What stands there, without its newline, for a file of rejects. Empty when it is too long to hold. */
  readonly text: string
}

/** The rows and the bad lines of one block of input, each in the order of the file. */
export interface TableBatch {
  readonly rows: TableRow[]
  readonly problems: TableProblem[]
}

export const emptyBatch = (): TableBatch => ({ rows: [], problems: [] })

/** A row of more characters is refused, so that a file without newlines cannot fill the memory. */
export const rowCharactersMax = 64 * 1024 * 1024

/** More columns than this are taken for data that stands where names should. */
const columnsMax = 10_000

/**
 * The names of a table's columns, in the order in which they were first seen. A position, once given, never changes,
 * so one `Columns` can grow over the lines of a JSONL file and be shared by the files of one input.
 */
export class Columns {
  readonly names: string[] = []
  readonly #positions = new Map<string, number>()

  /** Position of the column, which is added when it is new; -1 when that would be one too many. */
  at(name: string): number {
    const known = this.#positions.get(name)
    if (known !== undefined) return known
    if (this.names.length >= columnsMax) return -1
    this.#positions.set(name, this.names.length)
    return this.names.push(name) - 1
  }

  /** The columns that a first row reaches: what a prompt may name. Later rows may bring more. */
  of(first: TableRow): string[] {
    return this.names.slice(0, first.cells.length)
  }
}

/** A control character, which JSON text can hold nowhere: the same row comes back without any parsing. */
const separator = '\x1f'

/** A row as it is kept between intake and delivery: UTF-8, without a newline. */
export function encodeRow(cells: Cells): Uint8Array {
  return Buffer.from(cells.join(separator))
}

/** The cells that `encodeRow` was given. */
export function decodeRow(bytes: Uint8Array): Cells {
  if (bytes.length === 0) return []
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().split(separator)
}
