import { MessageScan } from '../../dialects/anthropic/scan-message.ts'
import { type Outcome, outcomes, type Reason, reasonCode } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { JsonSyntaxError } from '../../kit/json-scan.ts'
import { RepeatedWord, RowScan } from '../../kit/row-scan.ts'
import type { RowScanner } from '../contract.ts'

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
/** Of the inner error: the outer one always says "error". */
let errorType = ''
const said = new MessageScan(scan)

function forgetResult(): void {
  type = errorType = ''
  hasMessage = false
  said.forget()
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
    scan.eachMember(said.member)
  } else if (scan.is('error')) scan.eachMember(outerError)
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
  said.countInto(row, succeeded)
  const [outcome, reason] = succeeded
    ? (['succeeded', said.full ? 'context_full' : said.truncated ? 'truncated' : 'none'] as const)
    : verdict()
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
