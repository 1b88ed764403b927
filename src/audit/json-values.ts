/** Characters of one value; a file that is no JSON must not fill the memory. */
const valueMax = 64 * 1024 * 1024

/** Values as they come, and how many stretches of text were none. */
export interface JsonBatch {
  readonly values: unknown[]
  readonly bad: { readonly line: number; readonly message: string }[]
}

/**
 * JSON lines, a list of objects, or objects one after another, however they are broken into lines: each object by
 * itself, so that memory holds one and not the file. Where the first value stands on one line, all do: a newline then
 * ends a broken one, and the next line is read as if nothing had been.
 */
export async function* jsonValues(texts: AsyncIterable<string>): AsyncGenerator<JsonBatch> {
  const cutter = new ValueCutter()
  for await (const text of texts) yield cutter.take(text)
  yield cutter.end()
}

const [quote, backslash, newline] = [34, 92, 10]
const [openBrace, closeBrace, openBracket, closeBracket] = [123, 125, 91, 93]

class ValueCutter {
  #text = ''
  #at = 0
  /** Where the value under way begins; -1: between two. */
  #start = -1
  #depth = 0
  #inText = false
  /** Within a list, whose brackets are no part of its values. */
  #base = 0
  #first = true
  #pretty = false
  #line = 1
  #startLine = 1
  #batch: JsonBatch = { values: [], bad: [] }

  take(text: string): JsonBatch {
    const kept = this.#start < 0 ? this.#at : this.#start
    this.#text = this.#text.slice(kept) + text
    this.#at -= kept
    this.#start = this.#start < 0 ? -1 : 0
    while (this.#at < this.#text.length) this.#step(this.#text.charCodeAt(this.#at++))
    if (this.#start >= 0 && this.#at - this.#start > valueMax) this.#drop('is over 64 Mi characters')
    return this.#handed()
  }

  end(): JsonBatch {
    if (this.#start >= 0) this.#drop('is cut off')
    return this.#handed()
  }

  #step(code: number): void {
    if (code === newline) {
      if (this.#start >= 0 && (this.#inText || !(this.#pretty || this.#first))) this.#drop('is cut off')
      else if (this.#start >= 0) this.#pretty = true
      this.#line++
    } else if (this.#inText) {
      if (code === backslash) this.#at++
      else if (code === quote) this.#inText = false
    } else if (code === quote) this.#inText = this.#start >= 0
    else if (code === openBrace || code === openBracket) this.#open(code)
    else if (code === closeBrace || code === closeBracket) this.#close()
  }

  #open(code: number): void {
    if (this.#start < 0) {
      if (code === openBracket && this.#base === 0) {
        this.#base = 1
        return
      }
      this.#start = this.#at - 1
      this.#startLine = this.#line
      this.#depth = 0
    }
    this.#depth++
  }

  #close(): void {
    if (this.#start < 0) {
      this.#base = 0
      return
    }
    if (--this.#depth > 0) return
    const text = this.#text.slice(this.#start, this.#at)
    this.#start = -1
    this.#first = false
    try {
      this.#batch.values.push(JSON.parse(text))
    } catch (error) {
      this.#batch.bad.push({ line: this.#startLine, message: (error as Error).message })
    }
  }

  #drop(message: string): void {
    this.#batch.bad.push({ line: this.#startLine, message })
    this.#start = -1
    this.#inText = false
    this.#first = false
  }

  #handed(): JsonBatch {
    const batch = this.#batch
    this.#batch = { values: [], bad: [] }
    return batch
  }
}
