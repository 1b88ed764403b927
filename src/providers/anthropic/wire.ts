import type { HttpAnswer } from '../../kit/http.ts'
import type { Refusal, Remote, RowFrame } from '../contract.ts'

/** What Anthropic's words mean to us. Pure; unknown fields are passed over. */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['in_progress', 'open'],
  ['canceling', 'cancelling'],
  ['ended', 'ended'], // whatever became of its requests
])

/** A message batch; undefined: it is none. Nothing of the caller's is on it, so it bears no key. */
export function remoteOf(value: unknown): Remote | undefined {
  const id = textAt(value, 'id')
  const vendorState = textAt(value, 'processing_status')
  if (id === null || vendorState === null) return undefined
  const state = states.get(vendorState) ?? 'unknown'
  // The results have no id of their own. Their URL only says that they are there: it is not followed, for it may name
  // another origin, and the key goes with it.
  const there = state === 'ended' && textAt(value, 'results_url') !== null
  return {
    id,
    state,
    vendorState,
    key: null,
    fileId: null,
    createdAt: timeOf(textAt(value, 'created_at')),
    counts: countsOf(at(value, 'request_counts')),
    files: there ? [{ id, role: 'output' }] : [],
    about: {
      endpoint: '/v1/messages',
      model: null, // each request has its own
      endedAt: timeOf(textAt(value, 'ended_at')) || null,
      expiresAt: timeOf(textAt(value, 'expires_at')) || null,
      usage: null,
    },
  }
}

/** Every request gets a row, whatever became of it: all but the succeeded count as failed. */
function countsOf(value: unknown): Remote['counts'] {
  const of = (name: string): number => numberAt(value, name) ?? 0
  if (numberAt(value, 'processing') === undefined && numberAt(value, 'succeeded') === undefined) return null
  const completed = of('succeeded')
  const failed = of('errored') + of('canceled') + of('expired')
  return { total: of('processing') + completed + failed, completed, failed }
}

/** RFC 3339, seen with `Z` and with `+00:00`. */
const timeOf = (text: string | null): number => {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? 0 : time
}

/** A page of the list, newest first; undefined: it is none. */
export function pageOf(
  value: unknown,
): { readonly data: readonly unknown[]; readonly more: boolean; readonly last: string | null } | undefined {
  const data = at(value, 'data')
  if (!Array.isArray(data)) return undefined
  return { data, more: data.length > 0 && at(value, 'has_more') === true, last: textAt(value, 'last_id') }
}

export interface ListedFile {
  readonly id: string
  readonly filename: string
  readonly bytes: number | null
  /** Vendor time, epoch ms. */
  readonly createdAt: number
  readonly expiresAt: number | null
}

/** A file; undefined: it is none. */
export function fileOf(value: unknown): ListedFile | undefined {
  const id = textAt(value, 'id')
  if (id === null) return undefined
  return {
    id,
    filename: textAt(value, 'filename') ?? '',
    bytes: numberAt(value, 'size_bytes') ?? null,
    createdAt: timeOf(textAt(value, 'created_at')),
    expiresAt: timeOf(textAt(value, 'expires_at')) || null,
  }
}

/** A page of the list of files; undefined: it is none. */
export function filePageOf(
  value: unknown,
): { readonly files: readonly ListedFile[]; readonly next: string | null } | undefined {
  const data = at(value, 'data')
  if (!Array.isArray(data)) return undefined
  return { files: data.flatMap((file) => fileOf(file) ?? []), next: textAt(value, 'next_page') }
}

interface VendorError {
  readonly type: string
  readonly message: string
  /** Of `details`, where the type says less. */
  readonly code: string | null
}

/** The vendor's own envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(json, 'error')
  const type = textAt(error, 'type')
  const message = at(error, 'message')
  if (type === null || typeof message !== 'string') return undefined
  return { type, message: message.slice(0, 1000), code: textAt(at(error, 'details'), 'error_code') }
}

/**
 * An answer that says surely that nothing was bought; undefined: this one does not. 408 and 409 speak of a request in
 * flight, a 5xx of nothing at all, and a 4xx without the vendor's envelope may be anybody's; but what is too large is
 * turned away at the edge, which knows no envelope.
 */
export function refusalOf(answer: Pick<HttpAnswer, 'status' | 'json' | 'retryAfterMs'>): Refusal | undefined {
  const { status, json, retryAfterMs } = answer
  const error = envelopeOf(json)
  if (status === 413) {
    const message = error?.message ?? 'the request is too large for the edge'
    return { kind: 'too_large', code: error?.type ?? 'request_too_large', message }
  }
  if (error === undefined || status < 400 || status >= 500 || status === 408 || status === 409) return undefined
  return {
    kind: kindOf(status, error),
    code: error.code ?? error.type,
    message: error.message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function kindOf(status: number, { message, code }: VendorError): Refusal['kind'] {
  // Spend limits come as 429 without a time, as 400 in words alone, and as 402.
  if (status === 402 || /spend_limit|ramp_limit/.test(code ?? '')) return 'billing'
  if (/credit balance is too low|reached your (specified )?API usage limits/i.test(message)) return 'billing'
  if (code === 'storage_quota_exceeded') return 'quota'
  if (status === 401 || status === 403) return 'credentials'
  if (status === 429) return 'rate'
  return status === 404 || status === 405 ? 'unavailable' : 'whole' // the former: not a path of this vendor
}

/** The list that the purchase's body is. The comma before the first row is left out when it is written. */
export const requestsHead = Buffer.from('{"requests":[')
export const requestsTail = Buffer.from(']}')

export function rowFrame(): RowFrame {
  return {
    beforeId: Buffer.from(',{"custom_id":"'),
    afterId: Buffer.from('","params":'),
    afterBody: Buffer.from('}'),
  }
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
  return typeof number === 'number' ? number : undefined
}
