import { type Outcome, outcomes, type Reason, reasonCode } from '../../domain/outcome.ts'
import { JsonSyntaxError } from '../../kit/json-scan.ts'
import { RepeatedWord, RowScan } from '../../kit/row-scan.ts'
import type { RowScanner, ScannedRow } from '../contract.ts'

/**
 * Reads one line of the results in one pass over its bytes, without making a string of it:
 * `{"custom_id", "result": {"type", "message" | "error"}}`. Only members at their place count: a message may echo
 * anything, `"custom_id"` too.
 */
export const scanRow: RowScanner = (bytes, start, end, into) => {
  row = into
  row.idStart = row.idEnd = -1
  forgetResult()
  try {
    scan.reset(bytes, start, end)
    if (scan.peek() !== BRACE) return false
    scan.eachMember(record)
    scan.finish()
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false
    throw error
  }
  judge()
  return true
}

const BRACE = 123
const QUOTE = 34

/** What the type of an error says about the row; others are troubles of the vendor. */
const verdicts: Readonly<Record<string, Reason>> = {
  invalid_request_error: 'request_rejected',
  not_found_error: 'request_rejected',
  permission_error: 'request_rejected',
  request_too_large: 'request_rejected',
  rate_limit_error: 'rate_limited',
  timeout_error: 'request_timeout',
}
const outcomeCode = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<Outcome, number>

const scan = new RowScan()
let row: ScannedRow
let type = ''
let hasMessage = false
let hasUsage = false
let truncated = false
/** Of the inner error: the outer one always says "error". */
let errorType = ''
/** What was written to the cache altogether, and what is said of the two kinds. */
let written = 0

function forgetResult(): void {
  type = errorType = ''
  hasMessage = hasUsage = truncated = row.resident = false
  row.input =
    row.cachedInput =
    row.cacheWrite =
    row.cacheWrite5m =
    row.cacheWrite1h =
    row.output =
    row.webSearches =
    written =
      0
  row.model = row.tier = ''
}

function record(): void {
  if (scan.is('custom_id')) {
    row.idStart = row.idEnd = -1
    if (scan.peek() !== QUOTE) return scan.skip()
    scan.string()
    row.idStart = scan.from
    row.idEnd = scan.to
  } else if (scan.is('result')) {
    forgetResult()
    scan.eachMember(result)
  } else scan.skip()
}

function result(): void {
  if (scan.is('type')) type = types.read()
  else if (scan.is('message')) {
    hasMessage = scan.peek() === BRACE
    scan.eachMember(message)
  } else if (scan.is('error')) scan.eachMember(outerError)
  else scan.skip()
}

function message(): void {
  if (scan.is('usage')) scan.eachMember(usage)
  else if (scan.is('model')) row.model = models.read()
  else if (scan.is('stop_reason')) {
    if (scan.readString()) truncated = scan.is('max_tokens') || scan.is('model_context_window_exceeded')
  } else scan.skip()
}

/** `input_tokens` is what was neither read from nor written to the cache. */
function usage(): void {
  if (scan.is('input_tokens')) {
    hasUsage = true
    row.input = scan.readCount()
  } else if (scan.is('output_tokens')) row.output = scan.readCount()
  else if (scan.is('cache_read_input_tokens')) row.cachedInput = scan.readCount()
  else if (scan.is('cache_creation_input_tokens')) written = scan.readCount()
  else if (scan.is('cache_creation')) scan.eachMember(cacheCreation)
  else if (scan.is('server_tool_use')) scan.eachMember(serverTools)
  else if (scan.is('service_tier')) row.tier = tiers.read()
  else if (scan.is('inference_geo')) row.resident = scan.readString() && scan.is('us')
  else scan.skip()
}

function cacheCreation(): void {
  if (scan.is('ephemeral_5m_input_tokens')) row.cacheWrite5m = scan.readCount()
  else if (scan.is('ephemeral_1h_input_tokens')) row.cacheWrite1h = scan.readCount()
  else scan.skip()
}

function serverTools(): void {
  if (scan.is('web_search_requests')) row.webSearches = scan.readCount()
  else scan.skip()
}

function outerError(): void {
  if (scan.is('error')) scan.eachMember(innerError)
  else scan.skip()
}

function innerError(): void {
  if (scan.is('type')) errorType = types.read()
  else scan.skip()
}

function judge(): void {
  const succeeded = type === 'succeeded' && hasMessage
  row.billed = succeeded && hasUsage
  // Where only the sum is given, it was the kind that is written unless an hour is asked for.
  if (row.billed) row.cacheWrite5m = Math.max(row.cacheWrite5m, written - row.cacheWrite1h)
  else row.input = row.cachedInput = row.cacheWrite5m = row.cacheWrite1h = row.output = row.webSearches = 0
  const [outcome, reason] = succeeded ? (['succeeded', truncated ? 'truncated' : 'none'] as const) : verdict()
  row.outcome = outcomeCode[outcome]
  row.reason = reasonCode[reason]
}

function verdict(): readonly [Outcome, Reason] {
  if (type === 'expired') return ['expired', 'batch_expired']
  if (type === 'canceled') return ['cancelled', 'batch_cancelled']
  const known = Object.hasOwn(verdicts, errorType) ? verdicts[errorType] : undefined
  return ['failed', known ?? 'vendor_error']
}

const types = new RepeatedWord(scan)
const models = new RepeatedWord(scan)
const tiers = new RepeatedWord(scan)
