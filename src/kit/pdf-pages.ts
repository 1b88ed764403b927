import { inflateSync } from 'node:zlib'

/** A mark that begins so near to a chunk's end is left to the next chunk: it may be cut in two. */
const OVERLAP = 64
/** The dictionary of an object stream is shorter than this. */
const DICTIONARY_MAX = 1024
/** Objects are packed by the hundred; what is longer is no stream of objects. */
const PACKED_MAX = 1 << 20
const UNPACKED_MAX = 16 << 20

/**
 * Counts the pages of a PDF while its bytes pass by. Page objects are looked for as they stand and, since most writers
 * pack them, inside of object streams; the page tree is not followed, so pages that an edit has dropped still count.
 */
export class PdfPages {
  #pages = 0
  /** What was given and is not read yet, latin1. */
  #text = ''
  /** An object stream under way: its bytes so far. */
  #packed: string | undefined

  add(chunk: Uint8Array): void {
    this.#text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    this.#read(false)
  }

  /** Undefined when no page was seen: the file is encrypted or damaged. */
  finish(): number | undefined {
    this.#read(true)
    return this.#pages === 0 ? undefined : this.#pages
  }

  #read(final: boolean): void {
    while (this.#packed === undefined ? this.#readPlain(final) : this.#readPacked(final));
  }

  /** Reads on to the next object stream; false when more is needed. */
  #readPlain(final: boolean): boolean {
    const text = this.#text
    const safe = final ? text.length : Math.max(0, text.length - OVERLAP)
    const marks = /\/Type\s{0,8}\/Page(?![A-Za-z])|\/ObjStm/g
    let from = 0
    for (let mark = marks.exec(text); mark !== null && mark.index < safe; mark = marks.exec(text)) {
      from = marks.lastIndex
      if (mark[0] !== '/ObjStm') {
        this.#pages++
        continue
      }
      const opening = /stream\r?\n/.exec(text.slice(from, from + DICTIONARY_MAX))
      if (opening !== null) {
        this.#packed = ''
        this.#text = text.slice(from + opening.index + opening[0].length)
        return true
      }
      if (!final && text.length - from < DICTIONARY_MAX) {
        this.#text = text.slice(mark.index)
        return false
      }
    }
    this.#text = text.slice(Math.max(from, safe))
    return false
  }

  #readPacked(final: boolean): boolean {
    const text = this.#text
    const ends = text.indexOf('endstream')
    const until = ends >= 0 ? ends : final ? text.length : Math.max(0, text.length - OVERLAP)
    this.#packed += text.slice(0, until)
    this.#text = text.slice(until)
    const packed = this.#packed as string
    if (ends < 0 && !final && packed.length <= PACKED_MAX) return false
    this.#pages += unpacked(packed).match(/\/Type\s{0,8}\/Page(?![A-Za-z])/g)?.length ?? 0
    this.#packed = undefined
    return true
  }
}

function unpacked(deflated: string): string {
  try {
    return inflateSync(Buffer.from(deflated, 'latin1'), { maxOutputLength: UNPACKED_MAX }).toString('latin1')
  } catch {
    return '' // encrypted, or packed in another way
  }
}
