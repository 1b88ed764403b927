/**
 * Where the parts of a JSON text lie that is known to be valid. Nothing is checked, so that long strings cost no more than
 * a search for their end, however many escapes are in them; what has not been read before is for `JsonScan`.
 */
export interface Span {
  readonly from: number
  readonly to: number
}

export const QUOTE = 34
export const BRACKET = 91
export const BRACE = 123
const BACKSLASH = 92
const COLON = 58
const COMMA = 44

/** The elements of the array that begins at `at`. */
export function* elementsOf(json: Buffer, at: number): Generator<Span> {
  for (let from = skipSpace(json, at + 1); json[from] !== BRACKET + 2; from = skipSpace(json, from)) {
    const to = endOf(json, from)
    yield { from, to }
    from = skipSpace(json, to)
    if (json[from] !== COMMA) return
    from++
  }
}

/** The members of the object that begins at `at`: the names as they are written, and where the values lie. */
export function* membersOf(json: Buffer, at: number): Generator<Span & { readonly name: string }> {
  for (let key = skipSpace(json, at + 1); json[key] === QUOTE; key = skipSpace(json, key)) {
    const end = endOfString(json, key)
    const colon = skipSpace(json, end)
    const from = skipSpace(json, json[colon] === COLON ? colon + 1 : colon)
    const to = endOf(json, from)
    yield { name: json.toString('utf8', key + 1, end - 1), from, to }
    key = skipSpace(json, to)
    if (json[key] !== COMMA) return
    key++
  }
}

/** Behind the value that begins at `from`. */
function endOf(json: Buffer, from: number): number {
  let depth = 0
  let at = from
  while (at < json.length) {
    const byte = json[at] as number
    if (byte === QUOTE) {
      at = endOfString(json, at)
      if (depth === 0) return at
      continue
    }
    if (depth === 0 && (byte === COMMA || byte === BRACKET + 2 || byte === BRACE + 2 || byte <= 32)) return at
    at++
    if (byte === BRACE || byte === BRACKET) depth++
    else if ((byte === BRACE + 2 || byte === BRACKET + 2) && --depth === 0) return at
  }
  return at
}

/** A quote ends the string unless an odd number of backslashes stands before it. */
function endOfString(json: Buffer, from: number): number {
  for (let quote = json.indexOf(QUOTE, from + 1); quote >= 0; quote = json.indexOf(QUOTE, quote + 1)) {
    let before = quote - 1
    while (json[before] === BACKSLASH) before--
    if ((quote - before) % 2 === 1) return quote + 1
  }
  return json.length
}

function skipSpace(json: Buffer, at: number): number {
  let next = at
  while ((json[next] as number) <= 32) next++
  return next
}
