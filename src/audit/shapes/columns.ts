import { UsageError } from '../../domain/errors.ts'
import { split, text, time, tokens } from '../fields.ts'
import type { Shape } from './shape.ts'

/** What a table of one's own may tell, by the names that `--columns` gives. */
export const columnNames = [
  'time',
  'model',
  'input',
  'output',
  'cached',
  'written',
  'requests',
  'vendor',
  'tier',
  'key',
  'user',
  'session',
  'template',
] as const
export type ColumnName = (typeof columnNames)[number]
export type ColumnMap = Readonly<Partial<Record<ColumnName, string>>>

const wanted = ['time', 'model', 'input'] as const

/** `time=created_at,model=llm,input=prompt_tok` */
export function columnsFrom(spec: string): ColumnMap {
  const map: Partial<Record<ColumnName, string>> = {}
  for (const pair of spec.split(',').map((each) => each.trim())) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    if (at <= 0 || !(columnNames as readonly string[]).includes(name))
      throw new UsageError(
        `--columns: "${pair}" names no column.`,
        `Write NAME=COLUMN; names are ${columnNames.join(', ')}.`,
      )
    map[name as ColumnName] = pair.slice(at + 1)
  }
  const missing = wanted.filter((name) => map[name] === undefined)
  if (missing.length > 0)
    throw new UsageError(
      `--columns does not say where ${missing.join(' and ')} ${missing.length === 1 ? 'stands' : 'stand'}.`,
      `Wanted are at least ${wanted.join(', ')}; others are ${columnNames.slice(3).join(', ')}.`,
    )
  return map
}

/** Columns that bear these names already need no `--columns`. */
export const ownNames: ColumnMap = Object.fromEntries(columnNames.map((name) => [name, name]))

export function columnsShape(map: ColumnMap): Shape {
  const of = (name: ColumnName): readonly string[] => (map[name] === undefined ? [] : [map[name]])
  const needed = wanted.flatMap(of)
  return {
    name: 'columns',
    label: 'a table with named columns',
    wants: needed,
    knows: (row) => needed.every((name) => name in row),
    read(row) {
      const written = tokens(row, ...of('written'))
      return {
        at: time(row, ...of('time')),
        widthMs: 0,
        requests: map.requests !== undefined && map.requests in row ? tokens(row, map.requests) : 1,
        vendor: text(row, ...of('vendor')),
        model: text(row, ...of('model')),
        tier: text(row, ...of('tier')),
        usage: {
          ...split(tokens(row, ...of('input')), tokens(row, ...of('cached')), written),
          cacheWriteDefault: written,
          output: tokens(row, ...of('output')),
        },
        key: text(row, ...of('key')),
        user: text(row, ...of('user')),
        session: text(row, ...of('session')),
        template: text(row, ...of('template')),
      }
    },
  }
}
