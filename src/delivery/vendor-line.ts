import { STATUS_CODES } from 'node:http'
import { isRecord } from '../dialects/translation.ts'
import { JsonScan } from '../kit/json-scan.ts'

/** What a result line of any vendor says: an answer, an error as over HTTP, or that there is neither. */
export type VendorLine =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'error'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'none'; readonly code: string; readonly message: string }

/** Reads `bytes[start, end)`: `response` and `error` or `status` beside each other, or all of it in `result`. */
export function readLine(bytes: Uint8Array, start: number, end: number): VendorLine {
  const line = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()) as Record<
    string,
    unknown
  >
  const { response, result, error, status } = line
  if (isRecord(result)) return ofResult(result)
  if (isRecord(response) && typeof response['status_code'] === 'number') return ofHttp(response)
  if (isRecord(response) && Object.keys(response).length > 0 && !said(status) && !said(error))
    return { kind: 'answer', body: response }
  if (typeof status === 'string') return ofText(status)
  return ofWords(isRecord(error) ? error : isRecord(status) ? status : {})
}

/**
 * Where the answer of a line lies that holds it in `response`, with an empty `status` or none beside it; undefined:
 * there is no answer, or it is elsewhere.
 */
export function answerSpan(bytes: Uint8Array, start: number, end: number): readonly [number, number] | undefined {
  const scan = new JsonScan().reset(bytes, start, end)
  let span: readonly [number, number] | undefined
  let fine = true
  if (scan.peek() !== BRACE || !scan.enterObject()) return undefined
  do {
    scan.key()
    const [isAnswer, isStatus] = [scan.is('response'), scan.is('status')]
    const opens = scan.peek() === BRACE
    const from = scan.pos
    scan.skip()
    if (isAnswer) span = opens ? [from, scan.pos] : undefined
    else if (isStatus) fine = /^(""|null)$/.test(Buffer.from(bytes.subarray(from, scan.pos)).toString('latin1'))
  } while (scan.more())
  return fine && span !== undefined && span[1] - span[0] > 2 ? span : undefined
}
const BRACE = 123

/** `Bad Request: {"error": {…}}`, `Bad Request: invalid_request_error: …`, or just words. */
function ofText(text: string): VendorLine {
  const body = errorIn(text)
  if (body !== undefined && typeof body.error['code'] === 'number') return ofWords(body.error)
  const phrase = text.slice(0, Math.max(0, text.indexOf(':')))
  const status = Number(Object.keys(STATUS_CODES).find((code) => STATUS_CODES[code] === phrase))
  if (Number.isNaN(status)) return ofWords({ message: text })
  const message = text.slice(phrase.length + 1).trim()
  const [, type] = /^(\w+_error)\b/.exec(message) ?? []
  return {
    kind: 'error',
    status,
    body: type === undefined ? { error: { code: status, message } } : typed(type, message),
  }
}

const typed = (type: string, message: string) => ({ type: 'error', error: { type, message } })

function errorIn(text: string): { readonly error: Record<string, unknown> } | undefined {
  const from = text.indexOf('{')
  try {
    const value: unknown = from < 0 ? undefined : JSON.parse(text.slice(from))
    return isRecord(value) && isRecord(value['error']) ? { error: value['error'] } : undefined
  } catch {
    return undefined // words with a brace in them
  }
}

function ofHttp({ status_code: status, body }: Record<string, unknown>): VendorLine {
  return Number(status) >= 200 && Number(status) < 300
    ? { kind: 'answer', body }
    : { kind: 'error', status: Number(status), body }
}

function ofResult({ type, message, error }: Record<string, unknown>): VendorLine {
  if (type === 'succeeded') return { kind: 'answer', body: message }
  if (isRecord(error)) return { kind: 'error', status: 500, body: error }
  const word = type === 'canceled' ? 'batch_cancelled' : type === 'expired' ? 'batch_expired' : String(type)
  return { kind: 'none', code: word, message: `The vendor gave no answer: ${String(type)}.` }
}

/** An error without HTTP; a number as its code is one of `google.rpc.Code`, or a status after all. */
function ofWords(error: Record<string, unknown>): VendorLine {
  const { code, message } = error
  if (typeof code === 'number') return { kind: 'error', status: code < 100 ? 500 : code, body: { error } }
  const text = typeof message === 'string' && message !== '' ? message : 'The vendor gave neither answer nor error.'
  return { kind: 'none', code: typeof code === 'string' ? code : 'missing', message: text }
}

/** A status may also say that all is well: by no word, or by the code 0. */
const said = (status: unknown): boolean =>
  isRecord(status)
    ? Object.keys(status).length > 0 && status['code'] !== 0
    : status !== undefined && status !== null && status !== ''

/** The vendor's response inside a succeeded result line, parsed; undefined where there is none. */
export function responseBody(bytes: Uint8Array, start: number, end: number): unknown {
  const line = readLine(bytes, start, end)
  return line.kind === 'none' ? undefined : line.body
}

/** Why a line is no success, as one string for a column: the vendor's code and message. */
export function errorOf(bytes: Uint8Array, start: number, end: number): string {
  const line = readLine(bytes, start, end)
  if (line.kind === 'none') return line.code === 'missing' ? line.message : `${line.code}: ${line.message}`
  const body = isRecord(line.body) ? line.body : {}
  const error = isRecord(body['error']) ? body['error'] : body
  const words = [error['code'] ?? error['status'] ?? error['type'], error['message']]
  const text = words.filter((word) => (typeof word === 'string' && word !== '') || typeof word === 'number').join(': ')
  return text !== '' ? text : `status ${line.kind === 'error' ? line.status : 200}`
}
