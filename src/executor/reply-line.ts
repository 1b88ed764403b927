import { blankRow } from '../domain/scanned-row.ts'
import type { ReplyRow, RowScanner } from '../providers/contract.ts'

const NEWLINE = 10
const SPACE = 32
const SCRATCH_BYTES = 64 * 1024

/** Makes rows of results out of replies, one at a time in the same memory. */
export class ReplyLine {
  /** What was read of the last row. */
  readonly scanned = blankRow()
  readonly #scanRow: RowScanner
  #bytes = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  constructor(scanRow: RowScanner) {
    this.#scanRow = scanRow
  }

  /** The row with its newline, good until the next; undefined: the body is no whole JSON. */
  of(id: string, { beforeId, afterId, afterBody, body }: ReplyRow, replied: Uint8Array): Uint8Array | undefined {
    const texts = beforeId.length + id.length + afterId.length + afterBody.length + (body?.length ?? 0)
    this.#room(texts * 3 + replied.length)
    const bytes = this.#bytes
    let at = bytes.write(beforeId)
    at += bytes.write(id, at)
    at += bytes.write(afterId, at)
    const from = at
    if (body !== undefined) at += bytes.write(body, at)
    else {
      bytes.set(replied, at)
      at += replied.length
      // Between the tokens of JSON a line end means no more than a space; within one there is none.
      for (let found = bytes.indexOf(NEWLINE, from); found >= 0 && found < at; found = bytes.indexOf(NEWLINE, found))
        bytes[found] = SPACE
    }
    at += bytes.write(afterBody, at)
    return this.#read(at)
  }

  /** A row that is there already, as text. */
  ofText(text: string): Uint8Array {
    this.#room(text.length * 3)
    const line = this.#read(this.#bytes.write(text))
    if (line === undefined) throw new TypeError(`a row that cannot be read: ${text}`)
    return line
  }

  #read(end: number): Uint8Array | undefined {
    return this.#scanRow(this.#bytes, 0, end - 1, this.scanned) ? this.#bytes.subarray(0, end) : undefined
  }

  #room(bytes: number): void {
    if (bytes > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(bytes)
    else if (this.#bytes.length > 16 * SCRATCH_BYTES)
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(bytes, SCRATCH_BYTES))
  }
}
