import { UsageError } from '../domain/errors.ts'

/** A text with places for columns: literals and columns take turns, a literal first and last. */
export interface Template {
  /** One more than there are columns. */
  readonly literals: readonly string[]
  /** As often and in the order in which they stand. */
  readonly columns: readonly string[]
}

/**
 * `Classify: {{text}}`. Between the braces stands the name of a column, spaces around it aside; what the column holds
 * is put there as it is and never looked into, braces or not. Of more than two braces the inner ones count. A
 * backslash makes them literal: `\{{` stands for `{{`, and `\\{{text}}` for a backslash before the column; elsewhere a
 * backslash is a backslash.
 * @throws UsageError at braces that are not closed or hold no name
 */
export function parseTemplate(text: string): Template {
  const literals: string[] = []
  const columns: string[] = []
  const opening = /(\\*)(\{{2,})/g
  let literal = ''
  let at = 0
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const [, backslashes = '', braces = ''] = match
    const open = match.index + backslashes.length
    literal += text.slice(at, match.index) + '\\'.repeat(Math.floor(backslashes.length / 2))
    if (backslashes.length % 2 === 1) {
      literal += '{{'
      at = open + 2
    } else {
      const from = open + braces.length
      const to = text.indexOf('}}', from)
      literals.push(literal + '{'.repeat(braces.length - 2))
      columns.push(nameIn(text, from, to))
      literal = ''
      at = to + 2
    }
    opening.lastIndex = at
  }
  literals.push(literal + text.slice(at))
  return { literals, columns }
}

/**
 * Where the columns that the templates name stand among those of the table.
 * @throws UsageError, one for all: the missing ones and those there are, or that no column is named at all
 */
export function positionsOf(templates: readonly Template[], columns: readonly string[]): number[][] {
  const named = templates.flatMap((template) => template.columns)
  if (named.length === 0) {
    throw new UsageError(
      'The prompt names no column, so that every row would ask the same.',
      `Write {{name}} where a column should stand. There are ${listOf(columns)}.`,
    )
  }
  const missing = [...new Set(named)].filter((name) => positionIn(columns, name) < 0)
  if (missing.length > 0) {
    throw new UsageError(
      `The prompt names ${listOf(missing)}, which the input does not have.`,
      `There are ${listOf(columns)}. Braces meant literally are written \\{{.`,
    )
  }
  return templates.map((template) => template.columns.map((name) => positionIn(columns, name)))
}

function nameIn(text: string, from: number, to: number): string {
  const name = to < 0 ? '' : text.slice(from, to).trim()
  if (name !== '' && !name.includes('{{')) return name
  const excerpt = JSON.stringify(text.slice(from - 2, from + 30))
  const what = to >= 0 && name === '' ? 'hold no name' : 'are never closed'
  throw new UsageError(`The braces at ${excerpt} of the prompt ${what}.`, 'Braces meant literally are written \\{{.')
}

/** Spaces around a name can be written in a header, but not between the braces. */
function positionIn(columns: readonly string[], name: string): number {
  const exact = columns.indexOf(name)
  return exact >= 0 ? exact : columns.findIndex((column) => column.trim() === name)
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 50).map((name) => JSON.stringify(name))
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : ''
  return `${names.length === 1 ? 'the column' : 'the columns'} ${shown.join(', ')}${more}`
}
