/** Of the JavaScript of today, but not yet of its type library. */
declare global {
  interface JSON {
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

/** Digits (with a point among them) that may be more than a double holds, or an exponent that may be beyond it. */
const suspicious = /\d[\d.]{15}|\d[eE][-+]?\d{3}/

/**
 * JSON whose numbers survive. A double holds 15 digits for sure; what it does not hold would change its value on the
 * way through `JSON.parse` and `JSON.stringify`, in silence. Such a number is kept as the text it came as
 * (`JSON.rawJSON`), which `JSON.stringify` writes out verbatim; `wide` tells that there is one.
 */
export function parseExact(text: string): { readonly value: unknown; readonly wide: boolean } {
  if (!suspicious.test(text)) return { value: JSON.parse(text), wide: false }
  let wide = false
  const revive = (_key: string, value: unknown, context: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || context.source === undefined || holds(value, context.source)) return value
    wide = true
    return JSON.rawJSON(context.source)
  }
  return { value: JSON.parse(text, revive as (key: string, value: unknown) => unknown), wide }
}

/** Whether the double, as JavaScript writes it or with as many digits as the text has, is the number of the text. */
function holds(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false
  const was = decimal(source)
  if (value === 0 || was.digits === '') return was.digits === ''
  if (same(was, decimal(String(value)))) return true
  return was.digits.length <= 100 && same(was, decimal(value.toPrecision(was.digits.length)))
}

interface Decimal {
  readonly digits: string
  readonly exponent: number
}

const same = (one: Decimal, other: Decimal): boolean => one.digits === other.digits && one.exponent === other.exponent

/** Significant digits without zeros at either end, and the power of ten of the last one. */
function decimal(text: string): Decimal {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  return { digits, exponent: Number(power) - fraction.length + (all.length - digits.length) }
}

/** The path of the first number that was kept as text. */
export function pathOfWideNumber(value: unknown, path = ''): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (JSON.isRawJSON(value)) return path
  for (const [key, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : /^\w+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
    const inner = path === '' ? step.replace(/^\./, '') : path + step
    const found = pathOfWideNumber(member, inner)
    if (found !== undefined) return found
  }
  return undefined
}
