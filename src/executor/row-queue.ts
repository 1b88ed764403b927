import type { SourceRow } from './work.ts'

/** One request on its way to an answer. */
export interface Attempt {
  readonly source: SourceRow
  /** Tries that the vendor could not carry out. */
  tries: number
  begunAt: number
  /** Not to be tried again before. */
  dueAt: number
}

/** Bodies read ahead. */
const BYTES_AHEAD = 8 * 1024 * 1024

/** Rows that wait: those read ahead of the source, and those that are to be tried again. */
export class RowQueue {
  readonly #ready: Attempt[] = []
  readonly #again: Attempt[] = []
  #bytes = 0
  #exhausted = false
  #closed = false
  #hungry: (() => void) | undefined

  /** Nothing will ever come any more. */
  get empty(): boolean {
    return this.#exhausted && this.#ready.length === 0 && this.#again.length === 0
  }

  /** Rows that wait for another try. */
  get waiting(): number {
    return this.#again.length
  }

  /**
   * Reads the source to its end, never far ahead.
   * @param arrived  called for each row, and at the end
   */
  async fill(source: AsyncIterable<SourceRow>, skip: ReadonlySet<number>, ahead: () => number, arrived: () => void) {
    for await (const row of source) {
      if (this.#closed) return
      if (skip.has(row.row)) continue
      this.#ready.push({ source: row, tries: 0, begunAt: 0, dueAt: 0 })
      this.#bytes += row.body.length
      arrived()
      while (!this.#closed && (this.#ready.length >= ahead() || this.#bytes > BYTES_AHEAD))
        await new Promise<void>((resolve) => (this.#hungry = resolve))
      if (this.#closed) return
    }
    this.#exhausted = true
    arrived()
  }

  /**
   * The next to go: what is due again before what is new, and nothing new while as many wait as may fly, so that a lane
   * that refuses is not read empty.
   */
  next(now: number, window: number): Attempt | undefined {
    const due = this.#again.findIndex(({ dueAt }) => dueAt <= now)
    if (due >= 0) return this.#again.splice(due, 1)[0]
    if (this.#again.length >= window) return undefined
    const attempt = this.#ready.shift()
    if (attempt !== undefined) this.#bytes -= attempt.source.body.length
    if (this.#ready.length < window) this.#feed()
    return attempt
  }

  /** When the first of those that wait is due; null: none waits. */
  get dueAt(): number | null {
    return this.#again.length === 0 ? null : Math.min(...this.#again.map(({ dueAt }) => dueAt))
  }

  again(attempt: Attempt): void {
    this.#again.push(attempt)
  }

  /** It was not to go after all, and is the first to go next. */
  putBack(attempt: Attempt): void {
    this.#again.unshift(attempt)
  }

  close(): void {
    this.#closed = true
    this.#feed()
  }

  #feed(): void {
    const hungry = this.#hungry
    this.#hungry = undefined
    hungry?.()
  }
}
