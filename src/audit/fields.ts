/** One line of a log: of CSV all values are texts, and those of JSON columns hold JSON. */
export type Row = Readonly<Record<string, unknown>>

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value, parsed where it is a text that holds JSON. */
function opened(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value // a text that only looks like JSON is a text
  }
}

/** The object there, else an empty one: `field(row, 'metadata')`. */
export function field(row: Row, name: string): Row {
  const value = opened(row[name])
  return isRow(value) ? value : {}
}

/** The first of these columns that says something, as text; lists are joined. */
export function text(row: Row, ...names: readonly string[]): string {
  for (const name of names) {
    const value = opened(row[name])
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    if (Array.isArray(value) && value.length > 0) return value.filter((each) => typeof each === 'string').join(', ')
  }
  return ''
}

/** The first of these columns that holds a count of tokens; 0 where none does. */
export function tokens(row: Row, ...names: readonly string[]): number {
  for (const name of names) {
    const value = row[name]
    if (value === undefined || value === null || value === '') continue
    const count = Number(value)
    if (!Number.isFinite(count) || count < 0) throw new BadField(name, value)
    return Math.round(count)
  }
  return 0
}

/**
 * The first of these columns that holds a time, epoch ms. Numbers are seconds, milli-, micro- or nanoseconds by their
 * size; a time without a zone is taken for UTC, as the tools that write such exports mean it.
 */
export function time(row: Row, ...names: readonly string[]): number {
  for (const name of names) {
    const value = row[name]
    if (value === undefined || value === null || value === '') continue
    const at = instant(value)
    if (Number.isNaN(at)) throw new BadField(name, value)
    return at
  }
  return Number.NaN
}

function instant(value: unknown): number {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,}(\.\d+)?$/.test(value.trim())))
    return inMs(Number(value))
  if (typeof value !== 'string') return Number.NaN
  // ClickHouse writes microseconds and no zone: 2026-11-20 02:00:00.000000
  const [, day, clock, zone] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\d*\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/.exec(
      value.trim(),
    ) ?? []
  if (day === undefined || clock === undefined) return Date.parse(value)
  return Date.parse(
    `${day}T${clock}${zone === undefined || zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`,
  )
}

function inMs(value: number): number {
  if (value < 1e11) return value * 1000
  if (value < 1e14) return value
  return value < 1e17 ? value / 1000 : value / 1e6
}

/** A value that cannot be what its column should hold. Its line is set aside. */
export class BadField extends Error {
  override readonly name = 'BadField'
  constructor(column: string, value: unknown) {
    super(`its ${column} is ${JSON.stringify(value)?.slice(0, 60)}`)
  }
}

/**
 * Input of which a part was read from a cache and a part written to one. Most count both within the input; those that
 * count beside it show that by more of the parts than there is of the whole.
 */
export function split(input: number, cached: number, written: number): { input: number; cachedInput: number } {
  return { input: input >= cached + written ? input - cached - written : input, cachedInput: cached }
}
