import type { RowFormat } from './format.ts'
import { rawMembers, stringOf } from './raw-json.ts'
import { type Columns, rowCharactersMax, type TableBatch } from './row.ts'
import { damageIn } from './text.ts'

/** One JSON object per line; its members are the columns. Blank lines are skipped. */
export class JsonlFormat implements RowFormat {
  readonly #columns: Columns
  /** Positions by the key as it is written, so that a key is decoded once and not per line. */
  readonly #positions = new Map<string, number>()
  #line = 1
  /** Inside a line that was too long: its rest is dropped. */
  #dropping = false

  constructor(columns: Columns) {
    this.#columns = columns
  }

  read(text: string, final: boolean, batch: TableBatch): number {
    let at = 0
    if (this.#dropping) {
      const newline = text.indexOf('\n')
      if (newline < 0) return text.length
      this.#dropping = false
      this.#line++
      at = newline + 1
    }
    while (at < text.length) {
      const newline = text.indexOf('\n', at)
      if (newline < 0 && !final) break
      const end = newline < 0 ? text.length : newline
      if (end - at > rowCharactersMax) this.#report('is over 64 Mi characters', '', batch)
      else this.#take(text.slice(at, end), batch)
      this.#line++
      at = end + 1
    }
    return Math.min(at, text.length)
  }

  overlong(batch: TableBatch): void {
    this.#report('is over 64 Mi characters', '', batch)
    this.#dropping = true
  }

  finish(): void {}

  #take(text: string, batch: TableBatch): void {
    const line = text.trim()
    if (line === '') return
    const cells = this.#cells(line)
    if (typeof cells !== 'string') batch.rows.push({ line: this.#line, cells })
    else this.#report(cells, line, batch)
  }

  #report(message: string, text: string, batch: TableBatch): void {
    batch.problems.push({ line: this.#line, message, text })
  }

  /** Or what is wrong with the line. */
  #cells(line: string): string[] | string {
    try {
      JSON.parse(line)
    } catch (error) {
      return damageIn(line) ?? `is not valid JSON: ${(error as SyntaxError).message}`
    }
    if (line[0] !== '{') return 'is not a JSON object'
    const members = rawMembers(line)
    const cells: string[] = []
    for (let at = 0; at < members.length; at += 2) {
      const position = this.#position(members[at] as string)
      if (position < 0) return 'has too many columns'
      while (cells.length < position) cells.push('')
      cells[position] = members[at + 1] as string
    }
    return cells
  }

  #position(key: string): number {
    let position = this.#positions.get(key)
    if (position === undefined) {
      position = this.#columns.at(stringOf(key))
      if (position >= 0) this.#positions.set(key, position)
    }
    return position
  }
}
