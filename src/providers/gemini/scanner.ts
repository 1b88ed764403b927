import { GeminiAnswerScan } from '../../dialects/gemini/scan-answer.ts'
import { type Outcome, outcomes, type Reason, reasonCode } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { JsonSyntaxError } from '../../kit/json-scan.ts'
import { RepeatedWord, RowScan } from '../../kit/row-scan.ts'
import type { RowScanner } from '../contract.ts'

/**
 * Reads one line of a result file in one pass over its bytes, without making a string of it:
 * `{"key", "response" | "error" | "status"}`. Only members at their place count: an answer may echo anything, `"key"`
 * too.
 */
export const scanRow: RowScanner = (bytes, start, end, into) => {
  row = into
  row.idStart = row.idEnd = -1
  failed = false
  errorCode = 0
  tier = ''
  answer.forget()
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
const outcomeCode = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<Outcome, number>

const scan = new RowScan()
const answer = new GeminiAnswerScan(scan)
const tiers = new RepeatedWord(scan)
let row: ScannedRow
/** There is an error, or a status that is none of success. */
let failed = false
let errorCode = 0
/** Beside the answer of a call of its own: the tier that served it. */
let tier = ''

function record(): void {
  if (scan.is('key')) readId()
  else if (scan.is('response')) {
    answer.forget()
    scan.eachMember(answer.member)
  } else if (scan.is('error') || scan.is('status')) problem()
  else if (scan.is('metadata')) scan.eachMember(metadata)
  else if (scan.is('serviceTier')) tier = tiers.read()
  else scan.skip()
}

function readId(): void {
  if (scan.peek() !== QUOTE) return scan.skip()
  scan.string()
  row.idStart = scan.from
  row.idEnd = scan.to
}

/** Where rows of an inline batch carry their key. */
function metadata(): void {
  if (scan.is('key')) readId()
  else scan.skip()
}

/** `error` says that there is one; a `status` may also say that all is well, by the code 0. */
function problem(): void {
  const always = scan.is('error')
  if (scan.peek() !== BRACE) return scan.skip()
  code = 0
  scan.eachMember(problemMember)
  if (code !== 0) errorCode = code
  failed ||= always || code !== 0
}
let code = 0
function problemMember(): void {
  if (scan.is('code')) code = scan.readCount()
  else scan.skip()
}

function judge(): void {
  // What was counted was charged, whatever is said beside it.
  answer.countInto(row)
  if (tier !== '') row.tier = tier
  const [outcome, reason] =
    !failed && answer.answered ? (['succeeded', answer.truncated ? 'truncated' : 'none'] as const) : verdict()
  row.outcome = outcomeCode[outcome]
  row.reason = reasonCode[reason]
}

/** By a code of gRPC, or of HTTP, which has been met too. */
function verdict(): readonly [Outcome, Reason] {
  if (errorCode === 8 || errorCode === 429) return ['failed', 'rate_limited']
  if (errorCode === 4 || errorCode === 504 || errorCode === 408) return ['failed', 'request_timeout']
  if (errorCode === 1 || errorCode === 499) return ['cancelled', 'batch_cancelled']
  const rejected = rejections.has(errorCode) || (errorCode >= 400 && errorCode < 500)
  return ['failed', rejected ? 'request_rejected' : 'vendor_error']
}

/** INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED. */
const rejections: ReadonlySet<number> = new Set([3, 5, 7, 9, 11, 12])
