/** Reading what a vendor answers: a field that is not there, or is of another kind, says nothing. */

export function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** A text that says something, or null. */
export function textAt(value: unknown, name: string): string | null {
  const text = at(value, name)
  return typeof text === 'string' && text !== '' ? text : null
}

/** A number may come as a string. */
export function numberAt(value: unknown, name: string): number | undefined {
  const number = at(value, name)
  if (typeof number === 'number') return number
  return typeof number === 'string' && /^\d+(\.\d+)?$/.test(number) ? Number(number) : undefined
}

/** Unix seconds as most have them, milliseconds as some do, or a date in words. 0: no time at all. */
export function timeAt(value: unknown, name: string): number {
  const time = numberAt(value, name)
  if (time !== undefined) return time > 1e11 ? time : time * 1000
  const parsed = Date.parse(textAt(value, name) ?? '')
  return Number.isNaN(parsed) ? 0 : parsed
}
