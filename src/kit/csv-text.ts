/** Small CSV files held whole, as people download them: comma, semicolon or tab, quotes after RFC 4180. */

/** Records as objects by the names of the first; blank ones are left out. */
export function csvRecords(text: string): { readonly columns: readonly string[]; readonly records: Row[] } {
  const [head = [], ...rows] = csvRows(text.replace(/^\uFEFF/, ''))
  const columns = head.map((name) => name.trim())
  return { columns, records: rows.map((row) => new Map(columns.map((name, at) => [name, (row[at] ?? '').trim()]))) }
}
export type Row = ReadonlyMap<string, string>

function csvRows(text: string): string[][] {
  const head = text.slice(0, text.search(/[\r\n]|$/))
  const delimiter = [',', ';', '\t'].sort((a, b) => head.split(b).length - head.split(a).length)[0] as string
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n]*))(${delimiter}|\\r\\n?|\\n|$)`, 'gy')
  const rows: string[][] = []
  let row: string[] = []
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === delimiter) continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    if (field.lastIndex >= text.length) break
  }
  return rows
}

/** One line of CSV, with what could be misread in quotes. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
