/** Lines of cells, each column as wide as its widest cell. Columns whose name ends in a space stand to the right. */
export function columns(head: readonly string[] | null, rows: readonly (readonly string[])[]): string[] {
  const right = head?.map((name) => name.endsWith(' ')) ?? []
  const all = head === null ? rows : [head.map((name) => name.trim()), ...rows]
  const widths: number[] = []
  for (const row of all) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return all.map((row) =>
    row
      .map((cell, at) => (right[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
