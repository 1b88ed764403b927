import { UsageError } from '../domain/errors.ts'
import type { TableBatch } from './row.ts'

export const tableFormats = ['csv', 'tsv', 'jsonl'] as const
export type TableFormat = (typeof tableFormats)[number]

const extensions: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
}

/**
 * The format of a table by the name of its file.
 * @throws UsageError naming the extensions there are
 */
export function formatOf(path: string): TableFormat {
  const extension = /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? ''
  const format = extensions[extension]
  if (format !== undefined) return format
  const known = Object.keys(extensions).join(', ')
  throw new UsageError(`${path}: a table is told by its extension, which should be one of ${known}.`)
}

/** Whether a file's name says that it is a table. */
export const isTableName = (path: string): boolean =>
  Object.keys(extensions).some((extension) => path.toLowerCase().replace(packed, '').endsWith(extension))

/** Of an input, whose compression is found by its bytes: `rows.csv.gz` is CSV. */
export const inputFormatOf = (path: string): TableFormat => formatOf(path.replace(packed, ''))
const packed = /\.(gz|zst)$/i

/** How a format cuts text into rows. It keeps the line number and the header between calls. */
export interface RowFormat {
  /** Adds the rows of `text` to the batch; returns how much of it was used up. `final`: nothing comes after. */
  read(text: string, final: boolean, batch: TableBatch): number
  /** The row under way is longer than a row may be; its text is not given again. */
  overlong(batch: TableBatch): void
  /** @throws UnreadableInput when what was read is no table */
  finish(): void
}
