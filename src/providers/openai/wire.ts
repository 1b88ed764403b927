import type { HttpAnswer } from '../../kit/http.ts'
import type { Refusal, Remote, RemoteFile, RowFrame } from '../contract.ts'

/** What OpenAI's words mean to us. Pure; unknown fields are passed over, a number may come as a string. */

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
    createdAt: msOf(numberAt(value, 'created_at')),
    counts: countsOf(at(value, 'request_counts')),
    files: state === 'ended' ? named : [], // an id given before the end may name a file that is not there yet
    ...(state === 'refused' ? { refusal: lateRefusalOf(at(value, 'errors')) } : {}),
  }
}

function countsOf(value: unknown): Remote['counts'] {
  const [total, completed, failed] = ['total', 'completed', 'failed'].map((name) => numberAt(value, name))
  if (total === undefined && completed === undefined && failed === undefined) return null
  return { total: total ?? 0, completed: completed ?? 0, failed: failed ?? 0 }
}

/** Unix seconds as the contract has them; some compatible vendors send milliseconds. */
const msOf = (time: number | undefined): number => (time === undefined ? 0 : time > 1e11 ? time : time * 1000)

/** A page of a list; undefined: it is none. */
export function pageOf(
  value: unknown,
  limit: number,
): { readonly data: readonly unknown[]; readonly more: boolean } | undefined {
  const data = at(value, 'data')
  if (!Array.isArray(data)) return undefined
  const more = at(value, 'has_more')
  return { data, more: data.length > 0 && (typeof more === 'boolean' ? more : data.length >= limit) }
}

/** A file object; undefined: it is none. */
export function fileOf(value: unknown): { readonly id: string; readonly bytes: number | undefined } | undefined {
  const id = textAt(value, 'id')
  return id === null ? undefined : { id, bytes: numberAt(value, 'bytes') }
}

export interface ListedFile {
  readonly id: string
  readonly purpose: string
  readonly filename: string
  readonly bytes: number | undefined
  /** Epoch ms. */
  readonly createdAt: number
}

/** A file object of a list; undefined: it is none. */
export function listedFileOf(value: unknown): ListedFile | undefined {
  const file = fileOf(value)
  const [purpose, filename] = [textAt(value, 'purpose') ?? '', textAt(value, 'filename') ?? '']
  return file && { ...file, purpose, filename, createdAt: (numberAt(value, 'created_at') ?? 0) * 1000 }
}

export const isDeleted = (value: unknown): boolean => at(value, 'deleted') === true

interface VendorError {
  readonly code: string | null
  readonly message: string
  readonly param: string | null
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

/**
 * An answer that says surely that nothing was bought; undefined: this one does not. 408 and 409 speak of a request in
 * flight, a 5xx of nothing at all, and a 4xx without the vendor's envelope may be anybody's.
 */
export function refusalOf(answer: Pick<HttpAnswer, 'status' | 'json' | 'retryAfterMs'>): Refusal | undefined {
  const { status, json, retryAfterMs } = answer
  const error = envelopeOf(json)
  if (error === undefined || status < 400 || status >= 500 || status === 408 || status === 409) return undefined
  const kind = kindByStatus(status, kindOf(error))
  return {
    kind,
    code: error.code,
    message: error.message,
    ...limitIn(kind, error),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function kindByStatus(status: number, kind: Refusal['kind'] | undefined): Refusal['kind'] {
  if (status === 402) return 'billing'
  if (kind === 'billing' || kind === 'quota') return kind // whatever the status: a full storage is a 403
  if (status === 401 || status === 403) return 'credentials'
  if (status === 413) return 'too_large'
  if (status === 429) return 'rate'
  if (kind !== undefined) return kind
  return status === 404 || status === 405 ? 'unavailable' : 'whole' // the former: not a path of this vendor
}

/** Why a submission `failed`: its `errors`. Nothing of it ran. */
function lateRefusalOf(errors: unknown): Refusal {
  const data = Array.isArray(errors) ? errors : at(errors, 'data')
  const all = (Array.isArray(data) ? data : []).map((value) => ({
    ...errorOf(value),
    line: numberAt(value, 'line') ?? 0,
  }))
  const rows = all.filter(({ line }) => line >= 1).map(({ line, code, message }) => ({ row: line - 1, code, message }))
  const first = all[0]
  if (first === undefined) return { kind: 'unavailable', code: null, message: 'The vendor gave no reason.' }
  if (rows.length > 0) {
    const code = rows.every((row) => row.code === rows[0]?.code) ? (rows[0]?.code ?? null) : null
    return { kind: 'rows', code, message: rows[0]?.message ?? '', rows }
  }
  const known = all.find((error) => kindOf(error) !== undefined) ?? first
  const kind = kindOf(known) ?? 'whole'
  return { kind, code: known.code, message: known.message, ...limitIn(kind, known) }
}

/** By code where there is one; some come without, or with one that says less than the message. */
function kindOf({ code, message, param }: VendorError): Refusal['kind'] | undefined {
  const word = code ?? ''
  if (/^(insufficient_quota|credit_balance_exhausted|billing_\w+)$|(spend|usage)_limit_exceeded$/.test(word))
    return 'billing'
  if (/^(token_limit_exceeded|storage_quota_exceeded)$/.test(word)) return 'quota'
  if (/enqueued (token|request)s? limit|storage quota/i.test(message)) return 'quota'
  if (word === 'rate_limit_exceeded' || word === 'slow_down') return 'rate'
  if (/^(file_not_found|file_expired)$/.test(word) || /(cannot find|no such) file/i.test(message)) return 'file'
  if (
    /^(too_many_(tasks|requests_in_file|inputs)|(file|request|batch|payload)_too_large|max_file_size_exceeded)$/.test(
      word,
    )
  )
    return 'too_large'
  if (param === null && /file (is )?too large|exceeds? the maximum (file size|number of requests)/i.test(message))
    return 'too_large'
  if (/^(server_error|internal_error|server_is_overloaded)$/.test(word)) return 'unavailable'
  return undefined
}

/** "Limit: 2,000,000 enqueued tokens." */
function limitIn(kind: Refusal['kind'], { message }: VendorError): Pick<Refusal, 'limit'> {
  const found = kind === 'quota' ? /limit:?\s*(\d[\d,._ ]*?)\s*(?:enqueued\s+)?(tokens|requests)/i.exec(message) : null
  if (!found) return {}
  return {
    limit: {
      unit: found[2]?.toLowerCase() === 'tokens' ? 'tokens' : 'requests',
      max: Number(found[1]?.replace(/\D/g, '')),
    },
  }
}

/** Every row of one endpoint differs only in its id and its body. */
export function rowFrame(endpoint: string): RowFrame {
  return {
    beforeId: Buffer.from('{"custom_id":"'),
    afterId: Buffer.from(`","method":"POST","url":${JSON.stringify(endpoint)},"body":`),
    afterBody: Buffer.from('}\n'),
  }
}

/** The headers that name the account, from where the official SDK reads them. */
export function headersFrom(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {}
  if (environment['OPENAI_ORG_ID']) headers['OpenAI-Organization'] = environment['OPENAI_ORG_ID']
  if (environment['OPENAI_PROJECT_ID']) headers['OpenAI-Project'] = environment['OPENAI_PROJECT_ID']
  return headers
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** A text that says something, or null. */
function textAt(value: unknown, name: string): string | null {
  const text = at(value, name)
  return typeof text === 'string' && text !== '' ? text : null
}

function numberAt(value: unknown, name: string): number | undefined {
  const number = at(value, name)
  if (typeof number === 'number') return number
  return typeof number === 'string' && /^\d+(\.\d+)?$/.test(number) ? Number(number) : undefined
}
