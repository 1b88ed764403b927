import type { RowCounts } from '../../domain/usage.ts'
import { RepeatedWord, type RowScan } from '../../kit/row-scan.ts'

const BRACE = 123
const BRACKET = 91

/**
 * What is counted of a GenerateContentResponse or an EmbedContentResponse, read in passing while a result row is scanned. Fields are known by both
 * spellings, as this vendor's JSON is. Made once per scanner and used again for every row.
 */
export class GeminiAnswerScan {
  /** It says something: candidates, an embedding, or why the prompt was blocked. */
  answered = false
  truncated = false
  #counted = false
  #model = ''
  #tier = ''
  #prompt = 0
  #cached = 0
  #tools = 0
  #answer = 0
  #thoughts = 0
  readonly #scan: RowScan
  readonly #models: RepeatedWord
  readonly #tiers: RepeatedWord

  constructor(scan: RowScan) {
    this.#scan = scan
    this.#models = new RepeatedWord(scan)
    this.#tiers = new RepeatedWord(scan)
  }

  forget(): void {
    this.answered = this.truncated = this.#counted = false
    this.#model = this.#tier = ''
    this.#prompt = this.#cached = this.#tools = this.#answer = this.#thoughts = 0
  }

  countInto(row: RowCounts): void {
    row.billed = this.#counted
    // The wire's prompt count holds the cached part and leaves out what tools brought in.
    row.input = Math.max(0, this.#prompt - this.#cached) + this.#tools
    row.cachedInput = this.#cached
    row.cacheWrite = row.cacheWrite5m = row.cacheWrite1h = row.webSearches = 0
    // Its answer count leaves the thoughts out.
    row.output = this.#answer + this.#thoughts
    row.resident = false
    row.model = this.#model
    row.tier = this.#tier
  }

  /** A member of the response, from behind its key. */
  readonly member = (): void => {
    const scan = this.#scan
    if (scan.is('usageMetadata') || scan.is('usage_metadata')) scan.eachMember(this.#usage)
    else if (scan.is('candidates')) this.#candidates()
    else if (scan.is('modelVersion') || scan.is('model_version')) this.#model = this.#models.read()
    else if (scan.is('promptFeedback') || scan.is('prompt_feedback')) scan.eachMember(this.#feedback)
    else if (scan.is('embedding')) {
      this.answered = scan.peek() === BRACE
      scan.skip()
    } else if (scan.is('tokenCount') || scan.is('token_count')) {
      // How embeddings were once counted.
      this.#counted = true
      this.#prompt = scan.readCount()
    } else scan.skip()
  }

  readonly #usage = (): void => {
    const scan = this.#scan
    if (scan.is('promptTokenCount') || scan.is('prompt_token_count')) {
      this.#counted = true
      this.#prompt = scan.readCount()
    } else if (scan.is('cachedContentTokenCount') || scan.is('cached_content_token_count'))
      this.#cached = scan.readCount()
    else if (scan.is('toolUsePromptTokenCount') || scan.is('tool_use_prompt_token_count'))
      this.#tools = scan.readCount()
    else if (scan.is('candidatesTokenCount') || scan.is('candidates_token_count')) this.#answer = scan.readCount()
    else if (scan.is('thoughtsTokenCount') || scan.is('thoughts_token_count')) this.#thoughts = scan.readCount()
    else if (scan.is('serviceTier') || scan.is('service_tier')) this.#tier = this.#tiers.read()
    else if (scan.is('trafficType') || scan.is('traffic_type')) this.#tier = tierOf(this.#tiers.read())
    else scan.skip()
  }

  readonly #feedback = (): void => {
    const scan = this.#scan
    if (scan.is('blockReason') || scan.is('block_reason')) this.answered = scan.readString() || this.answered
    else scan.skip()
  }

  /** Only the first is the answer that is delivered. */
  #candidates(): void {
    const scan = this.#scan
    if (scan.peek() !== BRACKET) return scan.skip()
    if (!scan.enterArray()) return
    this.answered = true
    scan.eachMember(this.#candidate)
    while (scan.moreElements()) scan.skip()
  }

  readonly #candidate = (): void => {
    const scan = this.#scan
    if (!scan.is('finishReason') && !scan.is('finish_reason')) scan.skip()
    else if (scan.readString()) this.truncated = scan.is('MAX_TOKENS')
  }
}

/** How Google Cloud calls the tiers; other words, of capacity bought ahead or off the peak, have no list price. */
const tierOf = (traffic: string): string => trafficTiers[traffic] ?? traffic
const trafficTiers: Readonly<Record<string, string>> = {
  ON_DEMAND: 'standard',
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_PRIORITY: 'priority',
}
