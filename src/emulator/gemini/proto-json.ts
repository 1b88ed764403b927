import type { Json } from '../json.ts'

/** `max_output_tokens` of `maxOutputTokens`. */
export function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `maxOutputTokens` of `max_output_tokens`. */
export function camelOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** A field by its camelCase name; the vendor reads both spellings, and null as absent. */
export function field(json: Json, name: string): unknown {
  return json[name] ?? json[snakeOf(name)] ?? undefined
}

/** The first key that no field is called, in either spelling. */
export function strangeKey(json: Json, known: ReadonlySet<string>): string | undefined {
  return Object.keys(json).find((key) => !known.has(key) && !known.has(camelOf(key)))
}

/**
 * A time as proto3 writes it: RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second.
 * @param digits  most digits wanted; milliseconds that are whole give fewer
 */
export function timestamp(milliseconds: number, digits: 6 | 9 = 9): string {
  const whole = Math.floor(milliseconds / 1000)
  const nanos = Math.floor((milliseconds - whole * 1000) * 1e6)
  const fraction = String(nanos).padStart(9, '0').slice(0, digits)
  const short = fraction.replace(/(000)+$/, '')
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}${short === '' ? '' : `.${short}`}Z`
}
