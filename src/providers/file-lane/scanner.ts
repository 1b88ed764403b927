import { type Outcome, outcomes, type Reason, reasonCode } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { JsonSyntaxError } from '../../kit/json-scan.ts'
import { RepeatedWord, RowScan } from '../../kit/row-scan.ts'
import type { RowScanner } from '../contract.ts'

/** This module: result rows are read in worker threads. */
export const scanner = new URL(import.meta.url)

/**
 * Reads one line of an output or error file in one pass over its bytes, without making a string of it. Both files hold
 * the same record: `{"id", "custom_id", "response": {"status_code", "request_id", "body"} | null, "error": {"code"} | null}`.
 * Only members at their place count: a body may echo anything, `"custom_id"` too.
 */
export const scanRow: RowScanner = (bytes, start, end, into) => {
  row = into
  row.idStart = row.idEnd = -1
  errorCode = undefined
  forgetResponse()
  try {
    scan.reset(bytes, start, end)
    if (scan.peek() !== BRACE) return false
    if (scan.enterObject())
      do record()
      while (scan.more())
    scan.finish()
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false
    throw error
  }
  judge()
  return true
}

const BRACE = 123
const BRACKET = 91
const QUOTE = 34
const N = 110

/** What a vendor's error code says about a row, whatever the HTTP status beside it. */
const verdicts: Readonly<Record<string, readonly [Outcome, Reason]>> = {
  batch_expired: ['expired', 'batch_expired'],
  batch_cancelled: ['cancelled', 'batch_cancelled'],
  request_timeout: ['failed', 'request_timeout'],
  rate_limit_exceeded: ['failed', 'rate_limited'],
  slow_down: ['failed', 'rate_limited'],
  server_error: ['failed', 'vendor_error'],
  server_is_overloaded: ['failed', 'vendor_error'],
}
const outcomeCode = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<Outcome, number>

const scan = new RowScan()
let row: ScannedRow
/** Of the row itself: undefined when its `error` is null or absent. */
let errorCode: string | undefined
let status = 0
let hasBody = false
let hasUsage = false
let truncated = false
/** The context was, by a word that not all have for it. */
let full = false
/** Of an answer of Responses. */
let incomplete = false
let filtered = false
/** Of `usage`: input and output together, and what of it was thought. */
let total = 0
let thought = 0
let bodyFailed = false
/** Of `response.body.error`. */
let bodyErrorCode: string | undefined

function forgetResponse(): void {
  status = total = thought = 0
  hasBody = hasUsage = truncated = full = incomplete = filtered = bodyFailed = false
  bodyErrorCode = undefined
  row.input = row.cachedInput = row.cacheWrite = row.output = 0
  row.cacheWrite5m = row.cacheWrite1h = row.webSearches = 0 // one kind of cache write; no searches in a batch
  row.resident = false
  row.model = row.tier = ''
}

function record(): void {
  scan.key()
  if (scan.is('custom_id')) {
    row.idStart = row.idEnd = -1
    if (scan.peek() !== QUOTE) return scan.skip()
    scan.string()
    row.idStart = scan.from
    row.idEnd = scan.to
  } else if (scan.is('response')) {
    forgetResponse()
    scan.eachMember(response)
  } else if (scan.is('error')) errorCode = readError()
  else scan.skip()
}

function response(): void {
  if (scan.is('status_code')) status = scan.readCount()
  else if (scan.is('body')) {
    hasBody = scan.peek() === BRACE
    scan.eachMember(body)
  } else scan.skip()
}

function body(): void {
  if (scan.is('usage')) scan.eachMember(usage)
  else if (scan.is('model')) row.model = models.read()
  else if (scan.is('service_tier')) row.tier = tiers.read()
  else if (scan.is('choices')) choices()
  else if (scan.is('error')) bodyErrorCode = readError()
  else if (scan.is('status')) {
    if (!scan.readString()) return
    incomplete = scan.is('incomplete')
    bodyFailed = scan.is('failed') || scan.is('cancelled')
  } else if (scan.is('incomplete_details')) scan.eachMember(incompleteDetails)
  else scan.skip()
}

/** An answer may be incomplete for what was in it, too. */
function incompleteDetails(): void {
  if (!scan.is('reason')) scan.skip()
  else if (scan.readString()) filtered = !scan.is('max_output_tokens')
}

/** Only the first choice is the answer that is delivered as a column. */
function choices(): void {
  if (scan.peek() !== BRACKET) return scan.skip()
  if (!scan.enterArray()) return
  scan.eachMember(choice)
  while (scan.moreElements()) scan.skip()
}

function choice(): void {
  if (!scan.is('finish_reason')) scan.skip()
  else if (scan.readString()) {
    truncated = scan.is('length')
    full = scan.is('model_length')
  }
}

/** The names of Chat and embeddings, and those of Responses. */
function usage(): void {
  if (scan.is('prompt_tokens') || scan.is('input_tokens')) {
    hasUsage = true
    row.input = scan.readCount()
  } else if (scan.is('completion_tokens') || scan.is('output_tokens')) row.output = scan.readCount()
  else if (scan.is('total_tokens')) total = scan.readCount()
  else if (scan.is('prompt_tokens_details') || scan.is('input_tokens_details')) scan.eachMember(details)
  else if (scan.is('completion_tokens_details')) scan.eachMember(outputDetails)
  else scan.skip()
}

function details(): void {
  if (scan.is('cached_tokens')) row.cachedInput = scan.readCount()
  else if (scan.is('cache_write_tokens')) row.cacheWrite = scan.readCount()
  else scan.skip()
}

function outputDetails(): void {
  if (scan.is('reasoning_tokens')) thought = scan.readCount()
  else scan.skip()
}

function judge(): void {
  // Some count what was thought beside the answer, and not in it; it is paid all the same.
  if (thought > 0 && total === row.input + row.output + thought) row.output += thought
  // OpenAI's input figure includes what was read from and written to the cache.
  row.input = Math.max(0, row.input - row.cachedInput - row.cacheWrite)
  const answered = errorCode === undefined && status >= 200 && status < 300
  row.billed = answered && hasUsage
  if (!row.billed) row.input = row.cachedInput = row.cacheWrite = row.output = 0
  if (answered && hasBody && !bodyFailed) {
    row.outcome = outcomeCode.succeeded
    const cut = truncated || (incomplete && !filtered)
    row.reason = reasonCode[full ? 'context_full' : cut ? 'truncated' : 'none']
  } else {
    const [outcome, reason] = verdict(answered)
    row.outcome = outcomeCode[outcome]
    row.reason = reasonCode[reason]
  }
}

function verdict(answered: boolean): readonly [Outcome, Reason] {
  if (errorCode !== undefined && Object.hasOwn(verdicts, errorCode))
    return verdicts[errorCode] as (typeof verdicts)[string]
  if (errorCode?.startsWith('invalid')) return ['failed', 'request_rejected'] // told without a status
  if (status === 429) return ['failed', 'rate_limited']
  if (status === 408) return ['failed', 'request_timeout']
  if (status < 400 || status >= 500 || answered) return ['failed', 'vendor_error'] // 0 and none at all too
  const known =
    bodyErrorCode !== undefined && Object.hasOwn(verdicts, bodyErrorCode) ? verdicts[bodyErrorCode] : undefined
  return known ?? ['failed', 'request_rejected']
}

/** `null` → undefined; an error without a code is an error all the same. */
function readError(): string | undefined {
  if (scan.peek() === N) {
    scan.skip()
    return undefined
  }
  code = ''
  scan.eachMember(errorMember)
  return code
}
let code = ''
function errorMember(): void {
  if (!scan.is('code')) scan.skip()
  else if (scan.readString()) code = scan.text()
}

const models = new RepeatedWord(scan)
const tiers = new RepeatedWord(scan)
