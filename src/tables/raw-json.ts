/**
 * The members of a JSON object as they are written: key, value, key, value, … each as its JSON text. `text` must be
 * valid JSON with an object at its root (JSON.parse has seen it); here nothing is checked, only cut.
 */
export function rawMembers(text: string, from = 0): string[] {
  const members: string[] = []
  let at = skipSpace(text, text.indexOf('{', from) + 1)
  while (text.charCodeAt(at) === quote) {
    const keyEnd = endOfString(text, at)
    members.push(text.slice(at, keyEnd))
    at = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = endOfValue(text, at)
    members.push(text.slice(at, end))
    at = skipSpace(text, end)
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1)
  }
  return members
}

/** What a raw JSON string says; most hold no escape and need no parser. */
export function stringOf(raw: string): string {
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1)
}

/** JSON text on one line. Outside of strings whitespace means nothing, and inside of them a newline cannot be. */
export function oneLine(raw: string): string {
  return raw.includes('\n') || raw.includes('\r') ? raw.replace(/\s*[\n\r]\s*/g, '') : raw
}

const quote = 34
const comma = 44
const backslash = 92

function skipSpace(text: string, at: number): number {
  for (;;) {
    const char = text.charCodeAt(at)
    if (char !== 32 && char !== 9 && char !== 10 && char !== 13) return at
    at++
  }
}

/** `at` is the opening quote; the end is after the closing one. */
function endOfString(text: string, at: number): number {
  let close = at
  for (;;) {
    close = text.indexOf('"', close + 1)
    let escapes = close - 1
    while (text.charCodeAt(escapes) === backslash) escapes--
    if ((close - escapes) % 2 === 1) return close + 1
  }
}

function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === quote) return endOfString(text, at)
  const nested = first === 123 || first === 91
  return nested ? endOfNested(text, at) : endOfLiteral(text, at)
}

function endOfNested(text: string, at: number): number {
  let depth = 0
  for (;;) {
    const char = text.charCodeAt(at)
    if (char === quote) {
      at = endOfString(text, at)
      continue
    }
    if (char === 123 || char === 91) depth++
    else if (char === 125 || char === 93) depth--
    at++
    if (depth === 0) return at
  }
}

/** A number, true, false or null ends at a comma, a bracket, whitespace, or the end of the text. */
function endOfLiteral(text: string, at: number): number {
  for (;;) {
    const char = text.charCodeAt(at)
    if (char === comma || char === 125 || char === 93 || char <= 32 || Number.isNaN(char)) return at
    at++
  }
}
