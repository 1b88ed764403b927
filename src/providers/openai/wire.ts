import type { HttpAnswer } from '../../kit/http.ts'
import type { Prepared, Refusal, Remote, RemoteAbout, RemoteFile } from '../contract.ts'
import { at, numberAt, textAt, timeAt } from '../file-lane/fields.ts'
import {
  type FileWire,
  fullRow,
  type List,
  lateRefusalOf,
  type Page,
  refusalOf as refusalBy,
  type Turn,
  type VendorError,
} from '../file-lane/wire.ts'

/** What OpenAI's words mean to us. Pure; unknown fields are passed over. */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['validating', 'open'],
  ['in_progress', 'open'],
  ['finalizing', 'open'],
  ['cancelling', 'cancelling'],
  ['completed', 'ended'],
  ['expired', 'ended'],
  ['cancelled', 'ended'],
  ['failed', 'refused'],
])

/** A batch object; undefined: it is none. */
export function remoteOf(value: unknown): Remote | undefined {
  const id = textAt(value, 'id')
  const vendorState = textAt(value, 'status')
  if (id === null || vendorState === null) return undefined
  const named = (['output', 'error'] as const).flatMap((role): RemoteFile[] => {
    const file = textAt(value, `${role}_file_id`) // null, and seen as an empty string too
    return file === null ? [] : [{ id: file, role }]
  })
  // Validation makes no files; if a failed one names some after all, their rows ran and were paid for: harvest them.
  const state = vendorState === 'failed' && named.length > 0 ? 'ended' : (states.get(vendorState) ?? 'unknown')
  return {
    id,
    state,
    vendorState,
    key: textAt(at(value, 'metadata'), 'redeye'),
    fileId: textAt(value, 'input_file_id'),
    createdAt: timeAt(value, 'created_at'),
    counts: countsOf(at(value, 'request_counts')),
    files: state === 'ended' ? named : [], // an id given before the end may name a file that is not there yet
    ...(state === 'refused' ? { refusal: failureOf(at(value, 'errors')) } : {}),
  }
}

export function aboutOf(value: unknown): RemoteAbout {
  const ended = ['completed_at', 'expired_at', 'cancelled_at', 'failed_at'].map((name) => timeAt(value, name))
  return {
    endpoint: textAt(value, 'endpoint'),
    model: textAt(value, 'model'),
    endedAt: ended.find((time) => time > 0) ?? null,
    expiresAt: timeAt(value, 'expires_at') || null,
    usage: usageOf(at(value, 'usage')),
  }
}

/** Input as it is told here includes what was read from a cache. */
function usageOf(value: unknown): RemoteAbout['usage'] {
  const [input, output] = [numberAt(value, 'input_tokens'), numberAt(value, 'output_tokens')]
  if (input === undefined || output === undefined) return null
  const cachedInput = numberAt(at(value, 'input_tokens_details'), 'cached_tokens') ?? 0
  return { input: Math.max(0, input - cachedInput), cachedInput, output }
}

function countsOf(value: unknown): Remote['counts'] {
  const [total, completed, failed] = ['total', 'completed', 'failed'].map((name) => numberAt(value, name))
  if (total === undefined && completed === undefined && failed === undefined) return null
  return { total: total ?? 0, completed: completed ?? 0, failed: failed ?? 0 }
}

const pageSize = 100 // the vendor's most

/** A page of a list; undefined: it is none. Some like OpenAI do not say whether there is another, or cannot turn pages. */
export function pageOf(value: unknown, limit: number): Page | undefined {
  const data = at(value, 'data')
  if (!Array.isArray(data)) return undefined
  const more = at(value, 'has_more')
  if (data.length === 0) return { data, more: false }
  return { data, more: typeof more === 'boolean' ? more : data.length === limit ? undefined : false }
}

function pageQuery(list: List, { last }: Turn): string {
  const size = list === 'submissions' ? [`limit=${pageSize}`] : [] // files come by ten thousand
  const query = [...size, ...(last === undefined ? [] : [`after=${encodeURIComponent(last)}`])].join('&')
  return query === '' ? '' : `?${query}`
}

/** The vendor's own envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(json, 'error')
  return typeof at(error, 'message') === 'string' ? errorOf(error) : undefined
}

function errorOf(value: unknown): VendorError {
  return {
    code: textAt(value, 'code'),
    message: (textAt(value, 'message') ?? '').slice(0, 1000),
    param: textAt(value, 'param'),
  }
}

export const refusalOf = (answer: Pick<HttpAnswer, 'status' | 'json' | 'retryAfterMs'>): Refusal | undefined =>
  refusalBy(answer, envelopeOf(answer.json))

/** Why a submission `failed`: its `errors`. Nothing of it ran. */
function failureOf(errors: unknown): Refusal {
  const data = Array.isArray(errors) ? errors : at(errors, 'data')
  const all = (Array.isArray(data) ? data : []).map((value) => ({
    ...errorOf(value),
    line: numberAt(value, 'line') ?? 0,
  }))
  const rows = all.filter(({ line }) => line >= 1).map(({ line, code, message }) => ({ row: line - 1, code, message }))
  if (rows.length === 0) return lateRefusalOf(all)
  const code = rows.every((row) => row.code === rows[0]?.code) ? (rows[0]?.code ?? null) : null
  return { kind: 'rows', code, message: rows[0]?.message ?? '', rows }
}

/** The headers that name the account, from where the official SDK reads them. */
export function headersFrom(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {}
  if (environment['OPENAI_ORG_ID']) headers['OpenAI-Organization'] = environment['OPENAI_ORG_ID']
  if (environment['OPENAI_PROJECT_ID']) headers['OpenAI-Project'] = environment['OPENAI_PROJECT_ID']
  return headers
}

const createBody = ({ fileId, endpoint, key }: Prepared): object => ({
  input_file_id: fileId,
  endpoint,
  completion_window: '24h',
  metadata: { redeye: key },
})

export const wire: FileWire = {
  purpose: 'batch',
  uploadPath: '/files',
  batchesPath: '/batches',
  rowFrame: fullRow,
  createBody,
  remoteOf,
  aboutOf,
  pageQuery,
  pageOf: (value, list) => pageOf(value, list === 'submissions' ? pageSize : Number.POSITIVE_INFINITY),
  envelopeOf,
}
