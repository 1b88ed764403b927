import { isUtf8 } from 'node:buffer'
import { UnreadableInput } from '../domain/errors.ts'

/**
 * Stands in the decoded text where bytes were no UTF-8. It begins with NUL, which no row may hold, so a reader tells
 * a damaged row by looking for one character.
 */
const damage = '\0\uFFFD'

/** Bytes to text in blocks as they come, without the byte order mark; no character is cut in two. */
export async function* decodeText(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array(0)
  let first = true
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? viewOf(chunk) : Buffer.concat([rest, chunk])
    if (first && bytes.length < 3) {
      rest = Uint8Array.from(bytes) // too short to tell a byte order mark
      continue
    }
    const end = wholeCharacters(bytes)
    rest = Uint8Array.from(bytes.subarray(end)) // a copy: the source may use its chunk again
    const text = decode(bytes.subarray(0, end))
    yield first ? withoutMark(name, bytes, text) : text
    first = false
  }
  if (rest.length > 0) yield decode(viewOf(rest))
}

/** Why a text from `decodeText` cannot be a row; undefined when nothing is wrong with its characters. */
export function damageIn(text: string): string | undefined {
  if (!text.includes('\0')) return undefined
  return text.includes(damage) ? 'is not valid UTF-8' : 'holds a NUL character'
}

function withoutMark(name: string, bytes: Uint8Array, text: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new UnreadableInput(name, 'is UTF-16; save it as UTF-8')
  }
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  // Line by line, so that one bad byte condemns one line and not the whole block.
  let text = ''
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(10, from)
    const to = newline < 0 ? bytes.length : newline + 1
    const line = bytes.subarray(from, to)
    text += isUtf8(line) ? line.toString('utf8') : line.toString('utf8').replaceAll('\uFFFD', damage)
    from = to
  }
  return text
}

/** Length of `bytes` without a character that is cut off at its end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if ((byte & 0xc0) === 0x80) continue // not the first byte of its character
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return size > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
