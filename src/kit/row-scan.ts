import { JsonScan } from './json-scan.ts'

const BRACE = 123
const QUOTE = 34
const BACKSLASH = 92

/**
 * Reads result rows of vendors. Answers are long strings that nobody looks into here, so their end is found by memchr.
 * What a string holds is not validated: the bytes go to the user as they came; only that the row is whole matters.
 */
export class RowScan extends JsonScan {
  override string(): void {
    const { bytes, end } = this
    const from = this.pos + 1
    let pos = from
    let escaped = false
    for (;;) {
      // A call costs as much as some 50 bytes do, and quotes inside (JSON in a string) come close to each other.
      const near = Math.min(end, pos + 48)
      let byte = 0
      while (pos < near && (byte = bytes[pos] as number) !== QUOTE && byte !== BACKSLASH) pos++
      if (pos < near) {
        if (byte === QUOTE) break
        escaped = true
        pos += 2
        continue
      }
      const quote = pos < end ? indexOf.call(bytes, QUOTE, pos) : -1
      if (quote < 0 || quote >= end) this.fail('the text ends inside a string')
      let slashes = quote
      while (bytes[slashes - 1] === BACKSLASH) slashes--
      escaped = true // perhaps: nobody looked
      pos = quote
      if ((quote - slashes) % 2 === 0) break
      pos++
    }
    this.from = from
    this.to = pos
    this.escaped = escaped
    this.pos = pos + 1
  }

  /** Walks the members of the object here, each read by `member` from behind its key; another value is passed over. */
  eachMember(member: () => void): void {
    if (this.peek() !== BRACE) return this.skip()
    if (!this.enterObject()) return
    do {
      this.key()
      member()
    } while (this.more())
  }

  /** True when a string stood here; its span is in the cursor. */
  readString(): boolean {
    if (this.peek() === QUOTE) {
      this.string()
      return true
    }
    this.skip()
    return false
  }

  /** A count, or a text that holds one, as protocol buffers write long numbers; anything else is zero. */
  readCount(): number {
    const quoted = this.peek() === QUOTE ? 1 : 0
    const from = this.pos + quoted
    if (this.peek() === -1) this.fail('the text ends where a value is expected')
    this.skip()
    const to = this.pos - quoted
    let count = 0
    for (let pos = from; pos < to; pos++) {
      const digit = (this.bytes[pos] as number) - 48
      if (digit < 0 || digit > 9) return Math.max(0, Math.round(Number(this.#latin1(from, to))) || 0)
      count = count * 10 + digit
    }
    return count
  }

  #latin1(from: number, to: number): string {
    return Buffer.from(this.bytes.subarray(from, to)).toString('latin1')
  }
}
const indexOf = Buffer.prototype.indexOf as (this: Uint8Array, byte: number, from: number) => number

/** A word that is nearly always the one before: compared in place, so that a million rows make one string. */
export class RepeatedWord {
  readonly #scan: RowScan
  #bytes: Uint8Array = new Uint8Array(0)
  #text = ''

  constructor(scan: RowScan) {
    this.#scan = scan
  }

  /** The string here; empty where there is none. */
  read(): string {
    const scan = this.#scan
    if (!scan.readString()) return ''
    const { bytes, from, to } = scan
    let same = to - from === this.#bytes.length
    for (let at = 0; same && at < this.#bytes.length; at++) same = bytes[from + at] === this.#bytes[at]
    if (!same) {
      this.#bytes = bytes.slice(from, to)
      this.#text = scan.text()
    }
    return this.#text
  }
}
