import { DAY } from '../../kit/clock.ts'
import type { Prepared, Remote, RemoteAbout } from '../contract.ts'
import { at, numberAt, textAt, timeAt } from '../file-lane/fields.ts'
import {
  type FileWire,
  fullRow,
  type List,
  lateRefusalOf,
  type Page,
  type Turn,
  type VendorError,
} from '../file-lane/wire.ts'

/** What xAI's words mean to us. Pure; unknown fields are passed over. */

/**
 * A batch; undefined: it is none. It has no word for its state, only numbers, and those grow while its file is read: that
 * nothing is pending means little before there are as many requests as rows were bought. So its name, which comes back,
 * holds both our key and that count.
 */
export function remoteOf(value: unknown, now: number): Remote | undefined {
  const id = textAt(value, 'batch_id')
  if (id === null) return undefined
  const named = /^([a-z2-7]{20})-(\d+)$/.exec(textAt(value, 'name') ?? '')
  const state = at(value, 'state')
  const count = (name: string) => numberAt(state, `num_${name}`) ?? 0
  const [requests, completed, failed] = [count('requests'), count('success'), count('error')]
  const idle = count('pending') === 0
  const cancelled = textAt(value, 'cancel_time') !== null
  const reason = textAt(value, 'cancel_by_xai_message')
  const common = {
    id,
    key: named?.[1] ?? null,
    fileId: textAt(value, 'input_file_id'),
    createdAt: lastOf(value, 'create_time'),
    // Those that were cancelled are left to the results, which need not list them.
    counts: state === undefined || state === null ? null : { total: requests, completed, failed },
  }
  if (reason !== null && completed + failed === 0) {
    const refusal = lateRefusalOf([{ code: null, message: reason.slice(0, 1000), param: null }])
    return { ...common, state: 'refused', vendorState: 'cancelled by xAI', files: [], refusal }
  }
  const ended = { state: 'ended', files: [{ id, role: 'output' }] } as const
  if (cancelled && idle) return { ...common, ...ended, vendorState: 'cancelled', rest: 'cancelled' }
  if (cancelled) return { ...common, state: 'cancelling', vendorState: 'cancelling', files: [] }
  if (idle && requests > 0 && requests >= Number(named?.[2] ?? 1)) return { ...common, ...ended, vendorState: 'done' }
  const expires = lastOf(value, 'expire_time')
  if (expires > 0 && expires < now) return { ...common, ...ended, vendorState: 'expired', rest: 'expired' }
  return { ...common, state: 'open', vendorState: requests === 0 ? 'validating' : 'pending', files: [] }
}

const aboutOf = (value: unknown): RemoteAbout => ({
  endpoint: '/v1/chat/completions', // results are told as answers of a chat, whatever the rows were
  model: null,
  endedAt: null,
  expiresAt: lastOf(value, 'expire_time') || null,
  usage: null,
})

/** A time may be a day, without an hour: then the last moment that it can mean. */
function lastOf(value: unknown, name: string): number {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(textAt(value, name) ?? '')
  return timeAt(value, name) + (isDay ? DAY - 1 : 0)
}

/** A page of a list; undefined: it is none. */
export function pageOf(value: unknown, list: List): Page | undefined {
  const data = at(value, list === 'submissions' ? 'batches' : 'data')
  const token = textAt(value, 'pagination_token')
  if (Array.isArray(data)) return token === null ? { data, more: false } : { data, token, more: true }
  // An empty list may be left out of an answer that is otherwise empty.
  return typeof value === 'object' && value !== null && Object.keys(value).every((key) => key === 'pagination_token')
    ? { data: [], more: false }
    : undefined
}

export const tokenQuery = (limit: number, token: string | undefined): string =>
  `?limit=${limit}${token === undefined ? '' : `&pagination_token=${encodeURIComponent(token)}`}`

/** `{"code":…,"error":…}` with words in both, or OpenAI's envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(json, 'error')
  const message = typeof error === 'string' ? error : textAt(error, 'message')
  if (message === null) return undefined
  const code = textAt(typeof error === 'string' ? json : error, 'code')
  return { code, message: message.slice(0, 1000), param: textAt(error, 'param') }
}

/** Codes of `google.rpc.Code` by the words that other batches have for them. */
const words: Readonly<Record<string, string>> = {
  '1': 'batch_cancelled',
  '3': 'invalid_argument',
  '4': 'request_timeout',
  '5': 'invalid_model', // nothing else in a request can be looked for and not found
  '8': 'rate_limit_exceeded',
  '13': 'server_error',
  '14': 'server_is_overloaded',
}

/**
 * A result as a row of OpenAI's results, which is what reads it: the answer is a chat completion, wrapped in the name of
 * its call. A result that says all is well has an error too, of code 0.
 */
export function rowOf(result: unknown): object {
  const [custom_id, said] = [at(result, 'batch_request_id'), at(result, 'batch_result')]
  const failed = (code: unknown, message: unknown) => ({
    custom_id,
    response: null,
    error: {
      code: words[String(code)] ?? String(code ?? 'server_error').toLowerCase(),
      message: String(message ?? ''),
    },
  })
  const code = at(at(said, 'error'), 'code')
  const message = textAt(result, 'error_message') ?? textAt(at(said, 'error'), 'message')
  const well = code === undefined || code === null || code === 0 || code === '0'
  if (!well || message !== null) return failed(well ? null : code, message)
  const body = at(at(said, 'response'), 'chat_get_completion')
  const error = textAt(body, 'error')
  if (error !== null) return failed(textAt(body, 'code'), error)
  if (typeof body !== 'object' || body === null) return failed(null, 'The vendor gave neither answer nor error.')
  return { custom_id, response: { status_code: 200, request_id: textAt(body, 'id') ?? '', body }, error: null }
}

const createBody = ({ fileId, key, rows }: Prepared): object => ({ name: `${key}-${rows}`, input_file_id: fileId })

export const wire: FileWire = {
  purpose: 'batch',
  uploadPath: '/files',
  batchesPath: '/batches',
  cancelSuffix: ':cancel',
  rowFrame: fullRow,
  createBody,
  remoteOf,
  aboutOf,
  pageQuery: (_list: List, { token }: Turn) => tokenQuery(100, token),
  pageOf,
  envelopeOf,
}
