/**
 * A validating cursor over one JSON text in bytes: it tells where things are, which a parser does not, and makes no
 * strings. Grammar: RFC 8259. UTF-8 well-formedness is the caller's to check, on whole chunks, where that is cheap.
 *
 * Usage: `reset` on a span, then walk: `if (scan.enterObject()) do { scan.key(); … scan.skip() } while (scan.more())`.
 */
export class JsonScan {
  bytes: Uint8Array = new Uint8Array(0)
  pos = 0
  end = 0
  /** Content span of the last string or key read, without quotes; `escaped`: it holds a backslash. */
  from = 0
  to = 0
  escaped = false
  #open = new Uint8Array(256) // 1 = object, 0 = array, per level of `skip`

  /**
   * Set by a caller who knows (`hasControls`) that the bytes hold no control character but line ends: long strings are
   * then skipped by looking for their end instead of at each byte.
   */
  clean = false

  reset(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.bytes) this.#backslash = -1
    this.bytes = bytes
    this.pos = start
    this.end = end
    return this
  }

  fail(what: string): never {
    throw new JsonSyntaxError(what, this.pos)
  }

  /** Skips whitespace and returns the byte there, or -1 at the end. */
  peek(): number {
    const { bytes, end } = this
    let pos = this.pos
    while (pos < end) {
      const byte = bytes[pos] as number
      if (byte > 32 || (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9)) {
        this.pos = pos
        return byte
      }
      pos++
    }
    this.pos = pos
    return -1
  }

  /** After the last value: nothing but whitespace may follow. */
  finish(): void {
    if (this.peek() !== -1) this.fail('text after the JSON value')
  }

  /** At `{`: enters; true when it has members. */
  enterObject(): boolean {
    if (this.peek() !== 123) this.fail('an object is expected')
    this.pos++
    if (this.peek() !== 125) return true
    this.pos++
    return false
  }

  /** At `[`: enters; true when it has elements. */
  enterArray(): boolean {
    if (this.peek() !== 91) this.fail('an array is expected')
    this.pos++
    if (this.peek() !== 93) return true
    this.pos++
    return false
  }

  /** Reads `"key":`; its span is [from, to). */
  key(): void {
    if (this.peek() !== 34) this.fail('a key in double quotes is expected')
    this.string()
    if (this.peek() !== 58) this.fail('a colon is expected after the key')
    this.pos++
  }

  /** After a member of an object: true when another follows, false when the object closed. */
  more(): boolean {
    return this.#more(125)
  }

  /** After an element of an array, likewise. */
  moreElements(): boolean {
    return this.#more(93)
  }

  #more(close: number): boolean {
    const byte = this.peek()
    if (byte === 44) {
      this.pos++
      return true
    }
    if (byte === close) {
      this.pos++
      return false
    }
    if (byte === -1) this.fail('the text ends inside an object or array')
    return this.fail('a comma or a closing bracket is expected')
  }

  /** At `"`: skips the string; its content span is [from, to). */
  string(): void {
    const { bytes, end } = this
    let pos = this.pos + 1
    this.from = pos
    let escaped = false
    // Byte by byte for so far: a call to find the end costs as much as some 40 bytes do.
    let near = Math.min(end, pos + 40)
    for (;;) {
      if (pos >= end) {
        this.pos = pos
        this.fail('the text ends inside a string')
      }
      if (pos === near && this.clean) {
        pos = this.#special(pos)
        near = Math.min(end, pos + 40)
        if (pos >= end) continue
      }
      const byte = bytes[pos] as number
      if (byte === 34) break
      if (byte === 92) {
        escaped = true
        pos = this.#escape(pos)
        if (pos > near) near = Math.min(end, pos + 40)
      } else if (byte < 32) {
        this.pos = pos
        this.fail('a control character inside a string')
      } else pos++
    }
    this.to = pos
    this.escaped = escaped
    this.pos = pos + 1
  }

  /** The next quote or backslash at or after `pos`; needs bytes without control characters. */
  #special(pos: number): number {
    const quote = indexOf.call(this.bytes, 34, pos)
    const to = quote < 0 ? this.end : Math.min(quote, this.end)
    if (this.#backslash < pos) {
      const found = indexOf.call(this.bytes, 92, pos)
      this.#backslash = found < 0 ? Number.MAX_SAFE_INTEGER : found
    }
    return Math.min(to, this.#backslash)
  }
  #backslash = -1

  #escape(pos: number): number {
    const { bytes, end } = this
    const next = pos + 1 < end ? (bytes[pos + 1] as number) : -1
    if (next === 117) {
      if (pos + 6 > end || !hex4(bytes, pos + 2)) {
        this.pos = pos
        this.fail('\\u wants four hexadecimal digits')
      }
      return pos + 6
    }
    if (simpleEscape(next)) return pos + 2
    this.pos = pos
    return this.fail('a bad escape in a string')
  }

  /** Skips one value of any kind and depth. Iterative: depth costs a byte a level, not a stack frame. */
  skip(): void {
    let depth = 0
    for (;;) {
      const byte = this.peek()
      let closed = true // a value is complete
      if (byte === 34) this.string()
      else if (byte === 123 || byte === 91) {
        this.pos++
        const object = byte === 123
        if (this.peek() === (object ? 125 : 93)) this.pos++
        else {
          if (depth === this.#open.length) {
            const grown = new Uint8Array(depth * 2)
            grown.set(this.#open)
            this.#open = grown
          }
          this.#open[depth++] = object ? 1 : 0
          if (object) this.key()
          closed = false
        }
      } else if (byte === 45 || (byte >= 48 && byte <= 57)) this.number()
      else if (byte === 116) this.#word('true')
      else if (byte === 102) this.#word('false')
      else if (byte === 110) this.#word('null')
      else this.fail(byte === -1 ? 'the text ends where a value is expected' : 'a value is expected')
      while (closed) {
        if (depth === 0) return
        const object = this.#open[depth - 1] === 1
        const after = this.peek()
        if (after === 44) {
          this.pos++
          if (object) this.key()
          closed = false
        } else if (after === (object ? 125 : 93)) {
          this.pos++
          depth--
        } else
          this.fail(
            after === -1 ? 'the text ends inside an object or array' : 'a comma or a closing bracket is expected',
          )
      }
    }
  }

  /** At a number: skips it. */
  number(): void {
    const { bytes, end } = this
    let pos = this.pos
    if (bytes[pos] === 45) pos++
    const first = pos < end ? (bytes[pos] as number) : 0
    if (first < 48 || first > 57) this.fail('a bad number')
    pos++
    if (first !== 48) while (pos < end && isDigit(bytes[pos] as number)) pos++
    if (pos < end && bytes[pos] === 46) {
      const start = ++pos
      while (pos < end && isDigit(bytes[pos] as number)) pos++
      if (pos === start) this.fail('a bad number')
    }
    if (pos < end && ((bytes[pos] as number) | 32) === 101) {
      pos++
      if (pos < end && (bytes[pos] === 43 || bytes[pos] === 45)) pos++
      const start = pos
      while (pos < end && isDigit(bytes[pos] as number)) pos++
      if (pos === start) this.fail('a bad number')
    }
    this.pos = pos
  }

  /** True when the last key or string equals `text` (ASCII). An escaped spelling is compared decoded. */
  is(text: string): boolean {
    if (this.escaped) return this.text() === text
    const { bytes, from } = this
    if (this.to - from !== text.length) return false
    for (let index = 0; index < text.length; index++) if (bytes[from + index] !== text.charCodeAt(index)) return false
    return true
  }

  /** The last key or string, decoded. */
  text(): string {
    return decodeString(this.bytes, this.from, this.to, this.escaped)
  }

  #word(word: string): void {
    for (let index = 0; index < word.length; index++) {
      if (this.pos + index >= this.end || this.bytes[this.pos + index] !== word.charCodeAt(index))
        this.fail('a value is expected')
    }
    this.pos += word.length
  }
}

export class JsonSyntaxError extends Error {
  /** Offset in the bytes that were scanned. */
  readonly position: number
  constructor(what: string, position: number) {
    super(what)
    this.position = position
  }
}

const decoder = new TextDecoder()

/** The string whose content (without quotes) is bytes[from, to). */
export function decodeString(bytes: Uint8Array, from: number, to: number, escaped = true): string {
  const raw = decoder.decode(bytes.subarray(from, to))
  return escaped && raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
}

const indexOf = Buffer.prototype.indexOf as (this: Uint8Array, byte: number, from: number) => number

/** The top bit of each byte of the word that is below 32; other bits mean nothing. */
const below32 = (word: number): number => (word - 0x20202020) & ~word

/** Whether there is a byte below 32 that is no line end (LF, or CR before LF). Sixteen bytes a step. */
export function hasControls(bytes: Uint8Array): boolean {
  const lead = (4 - (bytes.byteOffset & 3)) & 3
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + lead, Math.max(0, bytes.length - lead) >>> 2)
  const whole = words.length & ~3
  for (let index = 0; index < whole; index += 4) {
    if (
      ((below32(words[index] as number) |
        below32(words[index + 1] as number) |
        below32(words[index + 2] as number) |
        below32(words[index + 3] as number)) &
        0x80808080) !==
        0 &&
      controlIn(bytes, lead + index * 4, lead + index * 4 + 16)
    )
      return true
  }
  return controlIn(bytes, 0, Math.min(lead, bytes.length)) || controlIn(bytes, lead + whole * 4, bytes.length)
}

function controlIn(bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number
    if (byte < 32 && byte !== 10 && !(byte === 13 && bytes[index + 1] === 10)) return true
  }
  return false
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57

const simpleEscape = (byte: number): boolean =>
  byte === 34 ||
  byte === 92 ||
  byte === 47 ||
  byte === 98 ||
  byte === 102 ||
  byte === 110 ||
  byte === 114 ||
  byte === 116

function hex4(bytes: Uint8Array, pos: number): boolean {
  for (let index = pos; index < pos + 4; index++) {
    const byte = bytes[index] as number
    if (!isDigit(byte) && !((byte | 32) >= 97 && (byte | 32) <= 102)) return false
  }
  return true
}
