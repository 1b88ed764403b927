import { MessageScan } from '../../dialects/anthropic/scan-message.ts'
import { GeminiAnswerScan } from '../../dialects/gemini/scan-answer.ts'
import { outcomes, type Reason, reasonCode } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { JsonSyntaxError } from '../../kit/json-scan.ts'
import { RowScan } from '../../kit/row-scan.ts'
import type { RowScanner } from '../contract.ts'
import { rowLabel } from './wire.ts'

/**
 * Reads one line of the predictions in one pass over its bytes, without making a string of it:
 * `{"request": {"labels": {…}, …}, "response": {…}, "status": ""}` of Gemini, and with a `custom_id` at the top of
 * Claude. Only members at their place count: a request, which is echoed whole, may hold anything.
 */
export const scanRow: RowScanner = (bytes, start, end, into) => {
  row = into
  row.idStart = row.idEnd = -1
  status = ''
  isMessage = false
  gemini.forget()
  message.forget()
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
const N = 110
const SUCCEEDED = outcomes.indexOf('succeeded')
const FAILED = outcomes.indexOf('failed')

const scan = new RowScan()
const gemini = new GeminiAnswerScan(scan)
const message = new MessageScan(scan)
let row: ScannedRow
/** Empty where the row succeeded. */
let status = ''
/** The response is a message of Claude. */
let isMessage = false

function record(): void {
  if (scan.is('request')) scan.eachMember(request)
  else if (scan.is('response')) scan.eachMember(response)
  else if (scan.is('status')) status = readStatus()
  else if (scan.is('custom_id') || scan.is('key'))
    readId() // of rows that others sent, whatever they were given
  else scan.skip()
}

function request(): void {
  if (scan.is('labels')) scan.eachMember(label)
  else scan.skip()
}

function label(): void {
  if (scan.is(rowLabel)) readId()
  else scan.skip()
}

function readId(): void {
  if (scan.peek() !== QUOTE) return scan.skip()
  scan.string()
  row.idStart = scan.from
  row.idEnd = scan.to
}

/** The two dialects name nothing alike, and only a message has content here. */
function response(): void {
  if (scan.is('content')) {
    isMessage = true
    scan.skip()
  } else if (scan.is('usage') || scan.is('model') || scan.is('stop_reason')) message.member()
  else gemini.member()
}

/** Words for a person, mostly with an error in them; seen as an object too. */
function readStatus(): string {
  const kind = scan.peek()
  if (kind === QUOTE) {
    scan.string()
    return scan.from === scan.to ? '' : scan.text()
  }
  const from = scan.pos
  scan.skip()
  return kind === N ? '' : Buffer.from(scan.bytes.subarray(from, scan.pos)).toString()
}

function judge(): void {
  // What was counted was charged, whatever is said beside it.
  if (isMessage) message.countInto(row, true)
  else gemini.countInto(row)
  const answered = isMessage || gemini.answered
  if (status === '' && answered) {
    row.outcome = SUCCEEDED
    const cut = message.truncated || gemini.truncated
    row.reason = reasonCode[message.full ? 'context_full' : cut ? 'truncated' : 'none']
    return
  }
  row.outcome = FAILED
  row.reason = reasonCode[reasonOf(status)]
}

/** By the code in it, else by its words. */
function reasonOf(text: string): Reason {
  const code = Number(/"?\bcode"?\s*[:=]\s*(\d+)/i.exec(text)?.[1] ?? /^\s*(\d{3})\b/.exec(text)?.[1] ?? 0)
  const named = (words: RegExp): boolean => words.test(text)
  if (code === 429 || code === 8 || (code === 0 && named(/RESOURCE_EXHAUSTED|too many requests|quota|rate.?limit/i)))
    return 'rate_limited'
  if (code === 504 || code === 408 || code === 4 || (code === 0 && named(/DEADLINE_EXCEEDED|time-?d? ?out/i)))
    return 'request_timeout'
  // 499: cancelled. Whoever asked for that wants no other try anyway; else it was the vendor.
  const rejected = code === 0 ? named(rejections) : rejectedCodes.has(code) || (code >= 400 && code < 499)
  return rejected ? 'request_rejected' : 'vendor_error'
}

/** Of gRPC: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED. */
const rejectedCodes: ReadonlySet<number> = new Set([3, 5, 7, 9, 11, 12])
const rejections =
  /INVALID_ARGUMENT|FAILED_PRECONDITION|NOT_FOUND|PERMISSION_DENIED|bad request|not found|forbidden|invalid_request|not_found_error|permission_error|request_too_large/i
