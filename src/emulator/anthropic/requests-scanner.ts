import { isUtf8 } from 'node:buffer'
import { JsonScan, JsonSyntaxError } from '../../kit/json-scan.ts'

/** The body is no JSON. */
export class BodyBroken extends Error {}

/** What else the body may be, besides JSON with requests in it. */
export type Oddity = 'not-an-object' | 'no-requests' | 'not-a-list' | { readonly extra: string }

const [quote, comma, colon, backslash] = [34, 44, 58, 92]
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125]

type State =
  | 'start'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'value'
  | 'after-value'
  | 'first-item'
  | 'item'
  | 'after-item'
  | 'done'

/** A value that is being passed over, and how deep in it the scanner is. */
interface Passing {
  depth: number
  inString: boolean
  /** The chunk ended between a backslash and what it escapes. */
  escaped: boolean
  readonly primitive: boolean
  readonly keep: boolean
}

/**
 * Cuts `{"requests": [ … ]}` into its items as it comes, in memory bounded by the longest of them. A body of 256 MB is
 * never held, and each item is handed out as valid JSON on one line.
 */
export class RequestsScanner {
  #state: State = 'start'
  #value: Passing | null = null
  #kept: Buffer[] = []
  #key = ''
  #seen = false
  #oddity: Oddity | null = null
  readonly #scan = new JsonScan()
  readonly #onItem: (item: Buffer) => void

  constructor(onItem: (item: Buffer) => void) {
    this.#onItem = onItem
  }

  /** @throws BodyBroken */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#value) {
        at = this.#pass(chunk, at)
        continue
      }
      const byte = chunk[at] as number
      if (byte === 32 || byte === 10 || byte === 13 || byte === 9) at++
      else at = this.#step(byte, at)
    }
  }

  /** @returns what is wrong with the body as a whole. @throws BodyBroken when it is not complete */
  end(): Oddity | null {
    // A number at the top level has no end of its own.
    if (this.#state === 'start' && this.#value?.primitive) this.#finish()
    if (this.#state !== 'done') throw new BodyBroken('unexpected end of data')
    return this.#oddity ?? (this.#seen ? null : 'no-requests')
  }

  #step(byte: number, at: number): number {
    switch (this.#state) {
      case 'start':
        if (byte !== openObject) return this.#begin(byte, at)
        this.#state = 'first-key'
        return at + 1
      case 'first-key':
      case 'key':
        if (byte === closeObject && this.#state === 'first-key') this.#state = 'done'
        else if (byte === quote) return this.#begin(byte, at)
        else this.#fail('expected a key')
        return at + 1
      case 'colon':
        if (byte !== colon) this.#fail('expected a colon')
        this.#state = 'value'
        return at + 1
      case 'value':
        if (this.#key !== 'requests') this.#oddity ??= { extra: this.#key }
        else if (byte === openList) {
          this.#seen = true
          this.#state = 'first-item'
          return at + 1
        } else this.#oddity ??= 'not-a-list'
        return this.#begin(byte, at)
      case 'first-item':
      case 'item':
        if (byte !== closeList || this.#state === 'item') return this.#begin(byte, at)
        this.#state = 'after-value'
        return at + 1
      case 'after-item':
        this.#state = byte === comma ? 'item' : byte === closeList ? 'after-value' : this.#fail('expected a comma')
        return at + 1
      case 'after-value':
        this.#state = byte === comma ? 'key' : byte === closeObject ? 'done' : this.#fail('expected a comma')
        return at + 1
      case 'done':
        return this.#fail('unexpected content after document')
    }
  }

  #begin(byte: number, at: number): number {
    const container = byte === openObject || byte === openList
    const item = this.#state === 'first-item' || this.#state === 'item'
    if (this.#state === 'start') this.#oddity = 'not-an-object'
    this.#value = { depth: 0, inString: false, escaped: false, primitive: !container && byte !== quote, keep: item }
    return at
  }

  /** Passes over as much of a value as the chunk holds. @returns where to go on */
  #pass(chunk: Buffer, start: number): number {
    const value = this.#value as Passing
    let at = start
    for (; at < chunk.length; at++) {
      if (value.inString) {
        at = this.#passString(chunk, at)
        if (at >= chunk.length) break
        if (value.depth === 0) return this.#end(chunk, start, at + 1)
        continue
      }
      const byte = chunk[at] as number
      if (byte === quote) value.inString = true
      else if (byte === openObject || byte === openList) value.depth++
      else if (byte === closeObject || byte === closeList) {
        if (value.primitive) return this.#end(chunk, start, at)
        if (--value.depth === 0) return this.#end(chunk, start, at + 1)
      } else if (byte === comma && value.primitive) return this.#end(chunk, start, at)
    }
    this.#kept.push(Buffer.from(chunk.subarray(start)))
    return chunk.length
  }

  /** @returns where the string ends, or the length of the chunk */
  #passString(chunk: Buffer, start: number): number {
    const value = this.#value as Passing
    const from = value.escaped ? start + 1 : start
    value.escaped = false
    for (let at = from; ; at++) {
      at = chunk.indexOf(quote, at)
      const end = at < 0 ? chunk.length : at
      let slashes = 0
      while (end - 1 - slashes >= from && chunk[end - 1 - slashes] === backslash) slashes++
      if (at < 0) {
        value.escaped = slashes % 2 === 1
        return chunk.length
      }
      if (slashes % 2 === 0) {
        value.inString = false
        return at
      }
    }
  }

  #end(chunk: Buffer, start: number, end: number): number {
    this.#kept.push(chunk.subarray(start, end))
    this.#finish()
    return end
  }

  #finish(): void {
    const bytes = this.#kept.length === 1 ? (this.#kept[0] as Buffer) : Buffer.concat(this.#kept)
    const keep = this.#value?.keep ?? false
    this.#kept = []
    this.#value = null
    if (this.#state === 'first-key' || this.#state === 'key') {
      this.#check(bytes)
      this.#key = JSON.parse(bytes.toString()) as string
      this.#state = 'colon'
      return
    }
    this.#check(bytes)
    if (keep) this.#onItem(onOneLine(bytes))
    this.#state = keep ? 'after-item' : this.#state === 'start' ? 'done' : 'after-value'
  }

  #check(bytes: Buffer): void {
    if (!isUtf8(bytes)) this.#fail('str is not valid UTF-8: surrogates not allowed')
    try {
      this.#scan.reset(bytes, 0, bytes.length).skip()
      this.#scan.finish()
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      this.#fail(error.message)
    }
  }

  #fail(what: string): never {
    throw new BodyBroken(what)
  }
}

/** Line ends in valid JSON are only ever white space. */
function onOneLine(json: Buffer): Buffer {
  if (!json.includes(10) && !json.includes(13)) return json
  const line = Buffer.from(json)
  for (let at = 0; at < line.length; at++) if (line[at] === 10 || line[at] === 13) line[at] = 32
  return line
}
