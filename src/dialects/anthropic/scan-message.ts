import type { RowCounts } from '../../domain/usage.ts'
import { RepeatedWord, type RowScan } from '../../kit/row-scan.ts'

/**
 * What is counted of a message, read in passing while a result row is scanned. Made once per scanner and used again for
 * every row.
 */
export class MessageScan {
  /** By its own limit, and by the end of the context. */
  truncated = false
  full = false
  #counted = false
  #resident = false
  #model = ''
  #tier = ''
  #input = 0
  #cachedInput = 0
  /** What was written to the cache altogether, and what is said of the two kinds. */
  #written = 0
  #written5m = 0
  #written1h = 0
  #output = 0
  #webSearches = 0
  readonly #scan: RowScan
  readonly #models: RepeatedWord
  readonly #tiers: RepeatedWord

  constructor(scan: RowScan) {
    this.#scan = scan
    this.#models = new RepeatedWord(scan)
    this.#tiers = new RepeatedWord(scan)
  }

  forget(): void {
    this.truncated = this.full = this.#counted = this.#resident = false
    this.#model = this.#tier = ''
    this.#input = this.#cachedInput = this.#output = this.#webSearches = 0
    this.#written = this.#written5m = this.#written1h = 0
  }

  /** @param answered  it came as an answer; what did not is not charged */
  countInto(row: RowCounts, answered: boolean): void {
    const billed = answered && this.#counted
    row.billed = billed
    row.input = billed ? this.#input : 0
    row.cachedInput = billed ? this.#cachedInput : 0
    row.cacheWrite = 0
    // Where only the sum is given, it was the kind that is written unless an hour is asked for.
    row.cacheWrite5m = billed ? Math.max(this.#written5m, this.#written - this.#written1h) : 0
    row.cacheWrite1h = billed ? this.#written1h : 0
    row.output = billed ? this.#output : 0
    row.webSearches = billed ? this.#webSearches : 0
    row.resident = this.#resident
    row.model = this.#model
    row.tier = this.#tier
  }

  /** A member of the message, from behind its key. */
  readonly member = (): void => {
    const scan = this.#scan
    if (scan.is('usage')) scan.eachMember(this.#usage)
    else if (scan.is('model')) this.#model = this.#models.read()
    else if (scan.is('stop_reason')) {
      if (!scan.readString()) return
      this.truncated = scan.is('max_tokens')
      this.full = scan.is('model_context_window_exceeded')
    } else scan.skip()
  }

  readonly #usage = (): void => {
    const scan = this.#scan
    // `input_tokens` is what was neither read from nor written to the cache.
    if (scan.is('input_tokens')) {
      this.#counted = true
      this.#input = scan.readCount()
    } else if (scan.is('output_tokens')) this.#output = scan.readCount()
    else if (scan.is('cache_read_input_tokens')) this.#cachedInput = scan.readCount()
    else if (scan.is('cache_creation_input_tokens')) this.#written = scan.readCount()
    else if (scan.is('cache_creation')) scan.eachMember(this.#creation)
    else if (scan.is('server_tool_use')) scan.eachMember(this.#serverTools)
    else if (scan.is('service_tier')) this.#tier = this.#tiers.read()
    else if (scan.is('inference_geo')) this.#resident = scan.readString() && scan.is('us')
    else scan.skip()
  }

  readonly #creation = (): void => {
    const scan = this.#scan
    if (scan.is('ephemeral_5m_input_tokens')) this.#written5m = scan.readCount()
    else if (scan.is('ephemeral_1h_input_tokens')) this.#written1h = scan.readCount()
    else scan.skip()
  }

  readonly #serverTools = (): void => {
    const scan = this.#scan
    if (scan.is('web_search_requests')) this.#webSearches = scan.readCount()
    else scan.skip()
  }
}
