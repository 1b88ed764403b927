import { MINUTE, SECOND } from '../../kit/clock.ts'
import type { HttpAnswer } from '../../kit/http.ts'
import type { Prepared, Refusal, Remote, RemoteAbout, RemoteFile, RowFrame } from '../contract.ts'

/**
 * What the Gemini API's words mean to us. Pure; unknown fields are passed over. It is JSON of protocol buffers: what is
 * zero is left out, long numbers are texts, and some places speak snake_case.
 */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['UNSPECIFIED', 'open'],
  ['PENDING', 'open'],
  ['RUNNING', 'open'],
  ['SUCCEEDED', 'ended'],
  ['CANCELLED', 'ended'],
  ['EXPIRED', 'ended'],
  ['FAILED', 'refused'],
])
/** Nothing has run yet, so it may still be refused. */
const waiting: ReadonlySet<string> = new Set(['UNSPECIFIED', 'PENDING'])

/** An operation, whose metadata is the batch; undefined: it is none. */
export function remoteOf(value: unknown): Remote | undefined {
  const batch = at(value, 'metadata')
  const id = /(?:^|\/)batches\/([^/]+)$/.exec(textAt(value, 'name') ?? '')?.[1]
  if (id === undefined || typeof batch !== 'object' || batch === null) return undefined
  // BATCH_STATE_… on the wire, JOB_STATE_… in the guide; the first of all states is zero, and left out.
  const vendorState = (textAt(batch, 'state') ?? 'UNSPECIFIED').replace(/^(BATCH|JOB)_STATE_/, '')
  const counts = countsOf(batch, vendorState)
  const files = filesOf(value, id)
  const known = states.get(vendorState) ?? 'unknown'
  // A failed batch that has rows to show has run them, and they may have to be paid: harvest it.
  const ran = known === 'refused' && (files.length > 0 || (counts?.completed ?? 0) > 0)
  const state = ran ? 'ended' : known
  return {
    id,
    state,
    vendorState,
    key: textAt(batch, 'displayName'),
    fileId: textAt(at(batch, 'inputConfig'), 'fileName'),
    createdAt: timeOf(textAt(batch, 'createTime')),
    counts,
    files: state === 'ended' ? files : [],
    ...restOf(vendorState, files),
    ...(state === 'refused' ? { refusal: lateRefusalOf(at(value, 'error')) } : {}),
    about: aboutOf(batch),
  }
}

function aboutOf(batch: unknown): RemoteAbout {
  const model = textAt(batch, 'model')?.replace(/^models\//, '') ?? null
  const embeds = `${textAt(batch, '@type') ?? ''} ${model ?? ''}`.toLowerCase().includes('embed')
  return {
    endpoint: embeds ? ':embedContent' : ':generateContent',
    model,
    endedAt: timeOf(textAt(batch, 'endTime')) || null,
    expiresAt: null,
    usage: null,
  }
}

function countsOf(batch: unknown, vendorState: string): Remote['counts'] {
  if (waiting.has(vendorState)) return { total: 0, completed: 0, failed: 0 }
  const stats = at(batch, 'batchStats')
  if (stats === undefined) return null
  const of = (name: string): number => numberAt(stats, name) ?? 0
  const [total, completed, failed] = [of('requestCount'), of('successfulRequestCount'), of('failedRequestCount')]
  // Figures lag behind: of what has succeeded, something came to an end.
  return vendorState === 'SUCCEEDED' && completed + failed === 0 ? null : { total, completed, failed }
}

/** The result is in two places, and was met in either alone. */
function filesOf(operation: unknown, id: string): RemoteFile[] {
  for (const output of [at(operation, 'response'), at(at(operation, 'metadata'), 'output')]) {
    const file = textAt(output, 'responsesFile')
    if (file !== null) return [{ id: file, role: 'output' }]
    if (inlinedIn(output) !== undefined) return [{ id: `batches/${id}`, role: 'output' }]
  }
  return []
}

/** Rows in the operation itself, which a batch of ours should not have: it is given a file, and answers with one. */
export function inlinedRows(operation: unknown): readonly unknown[] {
  return inlinedIn(at(operation, 'response')) ?? inlinedIn(at(at(operation, 'metadata'), 'output')) ?? []
}

/** Two levels of one name; embeddings have another. */
function inlinedIn(output: unknown): readonly unknown[] | undefined {
  for (const name of ['inlinedResponses', 'inlinedEmbedContentResponses']) {
    const list = at(at(output, name), name) ?? at(at(output, name), 'inlinedResponses')
    if (Array.isArray(list)) return list
  }
  return undefined
}

/** An expired batch hands out nothing, and no page says whether what it had run is billed. */
function restOf(vendorState: string, files: readonly RemoteFile[]): Pick<Remote, 'rest' | 'perhapsBilled'> {
  if (vendorState === 'CANCELLED') return { rest: 'cancelled' }
  if (vendorState !== 'EXPIRED') return {}
  return files.length > 0 ? { rest: 'expired' } : { rest: 'expired', perhapsBilled: true }
}

const timeOf = (text: string | null): number => {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? 0 : time
}

/** A page of the list; undefined: it is none. An empty one has no member at all. */
export function pageOf(
  value: unknown,
): { readonly operations: readonly unknown[]; readonly next: string | null } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const operations = at(value, 'operations') ?? []
  if (!Array.isArray(operations) || at(value, 'error') !== undefined) return undefined
  return { operations, next: textAt(value, 'nextPageToken') }
}

export interface StoredFile {
  readonly id: string
  readonly bytes: number | undefined
  readonly state: string
  readonly displayName: string
  /** Epoch ms. */
  readonly createdAt: number
  /** Epoch ms; 0: it does not say. */
  readonly expiresAt: number
  /** As requests name it; empty: it does not say. */
  readonly uri: string
}

/** A file; undefined: it is none. */
export function fileOf(value: unknown): StoredFile | undefined {
  const id = textAt(value, 'name')
  if (id?.startsWith('files/') !== true) return undefined
  return {
    id,
    bytes: numberAt(value, 'sizeBytes'),
    state: textAt(value, 'state') ?? 'ACTIVE',
    displayName: textAt(value, 'displayName') ?? '',
    createdAt: timeOf(textAt(value, 'createTime')),
    expiresAt: timeOf(textAt(value, 'expirationTime')),
    uri: textAt(value, 'uri') ?? '',
  }
}

/** A page of the list of files; undefined: it is none. An empty list has no member at all. */
export function filePageOf(
  value: unknown,
): { readonly files: readonly unknown[]; readonly next: string | null } | undefined {
  const files = at(value, 'files') ?? []
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Array.isArray(files)) return undefined
  return { files, next: textAt(value, 'nextPageToken') }
}

/** The purchase: its address, and its body. Embeddings have a method of their own. */
export function createOf({ key, model, endpoint, fileId }: Prepared): { readonly path: string; readonly body: string } {
  const method = endpoint === ':embedContent' ? 'asyncBatchEmbedContent' : 'batchGenerateContent'
  const name = model.includes('/') ? model : `models/${model}`
  const path = name.split('/').map(encodeURIComponent).join('/')
  return {
    path: `/v1beta/${path}:${method}`,
    body: JSON.stringify({ batch: { displayName: key, inputConfig: { fileName: fileId } } }),
  }
}

export function rowFrame(): RowFrame {
  return {
    beforeId: Buffer.from('{"key":"'),
    afterId: Buffer.from('","request":'),
    afterBody: Buffer.from('}\n'),
    blanksModel: true, // the address names it, and in a body it has another form
  }
}

export interface VendorError {
  readonly message: string
  /** As `INVALID_ARGUMENT`. */
  readonly status: string
  readonly details: readonly unknown[]
}

/** Google's own envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(Array.isArray(json) ? json[0] : json, 'error')
  const message = at(error, 'message')
  if (typeof message !== 'string') return undefined
  const details = at(error, 'details')
  return {
    message: message.slice(0, 1000),
    status: textAt(error, 'status') ?? '',
    details: Array.isArray(details) ? details : [],
  }
}

type Answer = Pick<HttpAnswer, 'status' | 'json' | 'retryAfterMs'>

/**
 * An answer that says surely that nothing was bought; undefined: this one does not. 408, 409 and 499 speak of a request
 * in flight, a 5xx of nothing at all, and a 4xx without Google's envelope may be anybody's.
 * @param rows  of the purchase: a model that is not sold fails all of them
 */
export function refusalOf({ status, json, retryAfterMs }: Answer, rows = 0): Refusal | undefined {
  const error = envelopeOf(json)
  if (error === undefined || status < 400 || status >= 500 || [408, 409, 499].includes(status)) return undefined
  const { message } = error
  const code = error.status === '' ? null : error.status
  if (rows > 0 && (status === 404 || status === 400) && isAboutModel(message))
    return { kind: 'rows', code, message, rows: Array.from({ length: rows }, (_, row) => ({ row, code, message })) }
  const wait = retryAfterMs ?? retryDelayIn(error)
  return {
    ...(status === 429 ? exhaustedOf(error) : { kind: kindOf(status, error) }),
    code,
    message,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  }
}

const isAboutModel = (message: string): boolean =>
  /\bmodels?\b/i.test(message) && /not (found|support|available|exist)|unsupported/i.test(message)

/** A create is not looked into: what it is refused for is the account, the file or the model, never a row. */
function kindOf(status: number, error: VendorError): Refusal['kind'] {
  const { message } = error
  if (isAboutFile(error)) return 'file'
  if (status === 402 || reasonsIn(error).includes('BILLING_DISABLED') || /\bbilling\b/i.test(message)) return 'billing'
  if (isAboutKey(status, error)) return 'credentials'
  if (status === 413 || /too (large|many)|exceeds? the (limit|maximum)/i.test(message)) return 'too_large'
  if (status === 404) return 'file' // a model is named, the entity that "was not found" is not
  if (error.status === 'FAILED_PRECONDITION') return /location|region/i.test(message) ? 'credentials' : 'billing'
  return 'unavailable'
}

/** The key is wrong, or may not do this. A wrong one is an invalid argument here. */
export function isAboutKey(status: number, error: VendorError | undefined): boolean {
  if (status === 401 || status === 403) return true
  return error !== undefined && (reasonsIn(error).some((reason) => reason.startsWith('API_KEY_')) || isWrongKey(error))
}
const isWrongKey = ({ message }: VendorError): boolean => /\bAPI key (not valid|expired|not found)/i.test(message)

/** A file that is gone, or somebody else's, is said to be forbidden: nobody shall find out which. */
export const isAboutFile = ({ message }: VendorError): boolean => /\bfiles?\b[\s/]/i.test(message) && gone.test(message)
const gone = /may not exist|not found|does not exist|not in an ACTIVE state|expired|no such/i

/**
 * 429 is too many calls, too much waiting, too many batches at once, or no more money. Of too many calls there is a
 * quota with a period in its name, or a time to wait; of the queue, in all that was seen of it, there is nothing.
 */
function exhaustedOf(error: VendorError): Pick<Refusal, 'kind' | 'limit'> {
  const violations = error.details.flatMap((detail) => {
    const list = at(detail, 'violations')
    return Array.isArray(list) ? (list as unknown[]) : []
  })
  const quotas = violations.map((violation) => ({
    name: `${textAt(violation, 'quotaMetric') ?? ''} ${textAt(violation, 'quotaId') ?? ''}`,
    value: numberAt(violation, 'quotaValue'),
  }))
  if (/spend(ing)?\b.*\b(cap|limit)|prepay|credits? (are|is) depleted/i.test(error.message)) return { kind: 'billing' }
  // What the free tier has none of is had by paying.
  if (quotas.some(({ name, value }) => /free.?tier/i.test(name) && value === 0)) return { kind: 'billing' }
  const queue = quotas.find(({ name }) => /enqueued/i.test(name))
  if (queue !== undefined) {
    const tokens = /token/i.test(queue.name) && queue.value !== undefined && queue.value > 0
    return { kind: 'quota', ...(tokens ? { limit: { unit: 'tokens', max: queue.value as number } } : {}) }
  }
  return { kind: quotas.length > 0 || retryDelayIn(error) !== undefined ? 'rate' : 'quota' }
}

const reasonsIn = ({ details }: VendorError): string[] => details.flatMap((detail) => textAt(detail, 'reason') ?? [])

/** `RetryInfo {retryDelay: "17.5s"}`. */
function retryDelayIn({ details }: VendorError): number | undefined {
  const delays = details.flatMap((detail) => textAt(detail, 'retryDelay') ?? [])
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(delays[0] ?? '')?.[1] ?? Number.NaN)
  return Number.isNaN(seconds) ? undefined : Math.min(seconds * SECOND, 60 * MINUTE)
}

/** Why a batch FAILED without a row to show; `code` is that of gRPC. */
function lateRefusalOf(error: unknown): Refusal {
  const code = numberAt(error, 'code')
  const message = textAt(error, 'message')?.slice(0, 1000) ?? 'The vendor gave no reason.'
  return {
    kind: lateKindOf(code, { message, status: '', details: [] }),
    code: code === undefined ? null : (codes[code] ?? String(code)),
    message,
  }
}

function lateKindOf(code: number | undefined, error: VendorError): Refusal['kind'] {
  if (code === 5 || isAboutFile(error)) return 'file'
  if (code === 8) return 'quota'
  if (/\bbilling\b/i.test(error.message)) return 'billing'
  if (code === 7 || code === 16) return 'credentials'
  // A row that is wrong gets an error of its own, so that INTERNAL is the vendor's trouble and no disguise of one.
  return code === 3 || code === 9 || code === 11 ? 'whole' : 'unavailable'
}

const codes: Readonly<Record<number, string>> = {
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  11: 'OUT_OF_RANGE',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
}

/** By either spelling. */
function at(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Record<string, unknown>
  return record[name] ?? record[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] ?? undefined
}

/** A text that says something, or null. */
function textAt(value: unknown, name: string): string | null {
  const text = at(value, name)
  return typeof text === 'string' && text !== '' ? text : null
}

function numberAt(value: unknown, name: string): number | undefined {
  const number = at(value, name)
  if (typeof number === 'number') return number
  return typeof number === 'string' && /^-?\d+$/.test(number) ? Number(number) : undefined
}
