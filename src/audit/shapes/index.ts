import { UnknownLog } from '../../domain/errors.ts'
import { isRow, type Row } from '../fields.ts'
import { anthropicUsage } from './anthropic.ts'
import { type ColumnMap, columnsShape, ownNames } from './columns.ts'
import { helicone } from './helicone.ts'
import { langfuse } from './langfuse.ts'
import { litellm } from './litellm.ts'
import { openaiUsage } from './openai.ts'
import { otel, spansOf } from './otel.ts'
import type { Shape } from './shape.ts'

/** In the order in which they are tried: from the most peculiar to the most ordinary. */
export const shapes: readonly Shape[] = [
  otel,
  anthropicUsage,
  openaiUsage,
  helicone,
  litellm,
  langfuse,
  columnsShape(ownNames),
]

/**
 * What kind of log this is, by one of its lines.
 * @param map  of `--columns`: the log is a table then, whatever it looks like
 * @throws UnknownLog (`unknown_log`), which says what columns each kind wants
 */
export function shapeOf(name: string, row: Row, map?: ColumnMap): Shape {
  const shape = map === undefined ? shapes.find((each) => each.knows(row)) : columnsShape(map)
  if (shape?.knows(row) === true) return shape
  throw new UnknownLog(name, Object.keys(row), shape === undefined ? shapes : [shape])
}

/** The lines of one JSON value: itself, what a page of an API holds, the groups of its buckets, or spans. */
export function rowsIn(value: unknown): Row[] {
  if (Array.isArray(value)) return value.flatMap(rowsIn)
  if (!isRow(value)) return []
  if ('resourceSpans' in value) return spansOf(value)
  if (Array.isArray(value['data'])) return value['data'].flatMap(rowsIn)
  const { results, ...bucket } = value
  if (!Array.isArray(results) || !('start_time' in bucket || 'starting_at' in bucket)) return [value]
  return results.filter(isRow).map((result) => ({ ...bucket, ...result }))
}
