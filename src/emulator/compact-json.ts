/**
 * JSON.stringify for what JSON.parse gave. The built-in one recurses and fails on some thousand levels, which the
 * parser takes; then the text is written with a stack of our own.
 */
export function compactJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return writeDeep(value)
  }
}

/** A container that is being written: what is left of it, and how it ends. */
interface Frame {
  readonly rest: Iterator<[string, unknown]>
  readonly named: boolean
  readonly end: string
  first: boolean
}

function writeDeep(value: unknown): string {
  const parts: string[] = []
  const frames: Frame[] = []
  const begin = (item: unknown) => {
    if (typeof item !== 'object' || item === null) return void parts.push(JSON.stringify(item))
    const named = !Array.isArray(item)
    parts.push(named ? '{' : '[')
    frames.push({ rest: Object.entries(item)[Symbol.iterator](), named, end: named ? '}' : ']', first: true })
  }
  begin(value)
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const next = frame.rest.next()
    if (next.done === true) {
      parts.push(frame.end)
      frames.pop()
      continue
    }
    const [key, item] = next.value
    if (!frame.first) parts.push(',')
    frame.first = false
    if (frame.named) parts.push(JSON.stringify(key), ':')
    begin(item)
  }
  return parts.join('')
}
