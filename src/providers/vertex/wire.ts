import { VendorUnavailable } from '../../domain/errors.ts'
import type { HttpAnswer } from '../../kit/http.ts'
import type { Prepared, Refusal, Remote, RemoteAbout, RowFrame } from '../contract.ts'
import { runMs } from './limits.ts'
import { modelPath } from './models.ts'

/** What the words of Vertex AI and Cloud Storage mean to us. Pure; unknown fields are passed over, numbers come as strings. */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['QUEUED', 'open'],
  ['PENDING', 'open'],
  ['RUNNING', 'open'],
  ['UPDATING', 'open'],
  ['PAUSED', 'open'],
  ['CANCELLING', 'cancelling'],
  ['SUCCEEDED', 'ended'],
  ['PARTIALLY_SUCCEEDED', 'ended'],
  ['CANCELLED', 'ended'],
  ['EXPIRED', 'ended'],
  ['FAILED', 'refused'],
])
/** Nothing has run yet, so it may still be refused. */
const waiting: ReadonlySet<string> = new Set(['QUEUED', 'PENDING'])

/** Labels of the job: what shows that it is ours, and how many rows it was given. */
const keyLabel = 'redeye'
const rowsLabel = 'redeye-rows'

/**
 * A batchPredictionJob; undefined: it is none.
 * @param predictions  the files that it has left, which it does not name (see `outputOf`); undefined: not looked for
 */
export function remoteOf(value: unknown, predictions?: readonly string[]): Remote | undefined {
  const id = textAt(value, 'name')?.split('/').at(-1)
  const vendorState = textAt(value, 'state')?.replace(/^JOB_STATE_/, '')
  if (!id || !vendorState) return undefined
  const state = states.get(vendorState) ?? 'unknown'
  const fileId = inputOf(value)
  const counts = countsOf(value, vendorState, state)
  // A failed job that has rows to show has run them, and they are paid for: harvest it.
  const shows = predictions?.length ?? textAt(at(value, 'outputInfo'), 'gcsOutputDirectory')?.length ?? 0
  const ran = state === 'refused' && (shows > 0 || (counts?.completed ?? 0) > 0)
  const rest = restOf(value, vendorState)
  return {
    id,
    state: ran ? 'ended' : state,
    vendorState,
    key: keyOf(value, fileId),
    fileId,
    createdAt: timeAt(value, 'createTime') ?? 0,
    counts,
    files: (predictions ?? []).map((id) => ({ id, role: 'output' })),
    ...(rest === undefined ? {} : { rest }),
    ...(state === 'refused' && !ran ? { refusal: lateRefusalOf(at(value, 'error')) } : {}),
    about: aboutOf(value),
  }
}

function aboutOf(value: unknown): RemoteAbout {
  const path = textAt(value, 'model') ?? ''
  const inBucket = at(at(value, 'outputConfig'), 'gcsDestination') !== undefined
  return {
    endpoint: path.includes('/anthropic/') ? '/v1/messages' : ':generateContent',
    model: path.split('/').at(-1) || null,
    endedAt: timeAt(value, 'endTime') ?? null,
    expiresAt: null,
    usage: null,
    ...(inBucket ? {} : { elsewhere: 'its results go to a table of BigQuery, and not to a bucket' }),
  }
}

/** By its label; where those are not kept, by the name that the input is also filed under. */
function keyOf(value: unknown, fileId: string | null): string | null {
  const name = textAt(value, 'displayName')
  return textAt(at(value, 'labels'), keyLabel) ?? (name !== null && fileId?.includes(`/${name}/`) ? name : null)
}

const inputOf = (value: unknown): string | null => inputsOf(value)[0] ?? null

/** The files that a job reads. */
export function inputsOf(value: unknown): readonly string[] {
  const uris = at(at(at(value, 'inputConfig'), 'gcsSource'), 'uris')
  return [uris].flat().filter((uri) => typeof uri === 'string')
}

/** A row of an input as a batch line of its dialect. */
export function asBatchLine(row: unknown, number: number, model: string | null): object {
  const request = at(row, 'request') as object | undefined
  const id = textAt(row, 'custom_id') ?? textAt(row, 'key') ?? textAt(at(request, 'labels'), rowLabel) ?? String(number)
  if (at(request, 'anthropic_version') === undefined) return { key: id, request }
  const { anthropic_version: _, ...params } = request as Record<string, unknown>
  return { custom_id: id, params: { ...(model === null ? {} : { model }), ...params } }
}

/** Incomplete rows may be given as -1: unknown. How many there are altogether is then told by our label. */
function countsOf(value: unknown, word: string, state: Remote['state']): Remote['counts'] {
  if (waiting.has(word)) return { total: 0, completed: 0, failed: 0 }
  const stats = at(value, 'completionStats')
  const rows = numberAt(at(value, 'labels'), rowsLabel)
  // Success without figures says nothing of how many; of what was stopped it says that there were none.
  if (stats === undefined && (rows === undefined || state !== 'ended' || word === 'SUCCEEDED')) return null
  const [completed = 0, failed = 0, incomplete = 0] = ['successfulCount', 'failedCount', 'incompleteCount'].map(
    (name) => numberAt(stats, name),
  )
  return { total: rows ?? completed + failed + Math.max(0, incomplete), completed, failed }
}

/** Rows that did not run are left out of the predictions. A run of a day is cut off, under one name or another. */
function restOf(value: unknown, word: string): Remote['rest'] {
  if (word === 'EXPIRED' || word === 'PARTIALLY_SUCCEEDED') return 'expired'
  if (word !== 'CANCELLED') return undefined
  const [start, end] = [timeAt(value, 'startTime'), timeAt(value, 'endTime')]
  return start !== undefined && end !== undefined && end - start >= runMs ? 'expired' : 'cancelled'
}

/** Where the predictions of an ended job lie, as a prefix: the folder it names, else that which it was told to write to. */
export function outputOf(value: unknown): string | null {
  const named = textAt(at(value, 'outputInfo'), 'gcsOutputDirectory')
  const told = textAt(at(at(value, 'outputConfig'), 'gcsDestination'), 'outputUriPrefix')
  const folder = named ?? told
  return folder === null ? null : `${folder.replace(/\/+$/, '')}/`
}

/** `predictions.jsonl`, in pieces `predictions_0001.jsonl`, and what was written along the way. */
export const isPredictions = (uri: string): boolean => /\/(\w+_)?predictions?[^/]*\.jsonl$/.test(uri)

/** The purchase's body. */
export function jobOf({ key, model, fileId, rows }: Prepared, outputUriPrefix: string): object {
  return {
    displayName: key,
    model: modelPath(model),
    inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: [fileId] } },
    outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix } },
    labels: { [keyLabel]: key, [rowsLabel]: String(rows) },
  }
}

/**
 * Gemini's rows have no id of their own. Labels of a request come back with it, and our ids are letters that a label may
 * have, so ours is put before the body's own members. Claude's rows have one, and say which edition of the API they speak.
 */
export function rowFrame(endpoint: string): RowFrame {
  const inBody =
    endpoint === '/v1/messages'
      ? { beforeId: '{"custom_id":"', afterId: '","request":{"anthropic_version":"vertex-2023-10-16",' }
      : { beforeId: `{"request":{"labels":{"${rowLabel}":"`, afterId: '"},' }
  return {
    beforeId: Buffer.from(inBody.beforeId),
    afterId: Buffer.from(inBody.afterId),
    afterBody: Buffer.from('}\n'),
    opensBody: true,
    blanksModel: true, // the job names it; in a body it is refused
  }
}
/** Label of a row, which holds its id. */
export const rowLabel = 'redeye'

/** A page of the list; undefined: it is none. An empty list has no member at all. */
export function pageOf(
  value: unknown,
): { readonly jobs: readonly unknown[]; readonly next: string | null } | undefined {
  const jobs = at(value, 'batchPredictionJobs') ?? []
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Array.isArray(jobs)) return undefined
  return { jobs, next: textAt(value, 'nextPageToken') }
}

export interface StoredObject {
  readonly name: string
  readonly bytes: number | null
  /** Epoch ms. */
  readonly createdAt: number
}

/** A page of a bucket's objects; undefined: it is none. */
export function objectsOf(
  value: unknown,
): { readonly objects: readonly StoredObject[]; readonly next: string | null } | undefined {
  const items = at(value, 'items') ?? []
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Array.isArray(items)) return undefined
  return {
    objects: items.flatMap((item) => {
      const name = textAt(item, 'name')
      const createdAt = Date.parse(textAt(item, 'timeCreated') ?? '') || 0
      return name === null ? [] : { name, bytes: numberAt(item, 'size') ?? null, createdAt }
    }),
    next: textAt(value, 'nextPageToken'),
  }
}

export const sizeOf = (object: unknown): number | undefined => numberAt(object, 'size')

/** `gs://bucket/name` in its parts. */
export function partsOf(uri: string): { readonly bucket: string; readonly name: string } {
  const [, bucket, name = ''] = /^gs:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? []
  if (bucket === undefined) throw new VendorUnavailable(`"${uri}" is no place in Cloud Storage.`)
  return { bucket, name }
}

interface VendorError {
  readonly message: string
  /** As `INVALID_ARGUMENT`; Cloud Storage has a reason instead, as `notFound`. */
  readonly code: string
  /** Of its details, where they say more: `BILLING_DISABLED`. */
  readonly reason: string
}

/** Google's own envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(Array.isArray(json) ? json[0] : json, 'error')
  const message = at(error, 'message')
  if (typeof message !== 'string') return undefined
  const [details, errors] = [at(error, 'details'), at(error, 'errors')]
  const reasons = [details, errors].flatMap((list) => (Array.isArray(list) ? list : []))
  const reason = reasons.map((each) => textAt(each, 'reason')).find((each) => each !== null) ?? ''
  return { message: message.slice(0, 1000), code: textAt(error, 'status') ?? reason, reason }
}

type Answer = Pick<HttpAnswer, 'status' | 'json' | 'retryAfterMs'>

/**
 * An answer that says surely that nothing was bought; undefined: this one does not. 408 and 409 speak of a request in
 * flight, a 5xx of nothing at all, and a 4xx without Google's envelope may be anybody's.
 * @param rows  of the purchase: a model that is not sold fails all of them
 */
export function refusalOf(answer: Answer, rows: number): Refusal | undefined {
  const refusal = sureRefusalOf(answer)
  if (refusal === undefined || refusal.kind !== 'unavailable') return refusal
  const { code, message } = refusal
  if (/\bmodels?\b/i.test(message) && /not (support|found|exist|available)|unsupported|do(es)? not/i.test(message))
    return { kind: 'rows', code, message, rows: Array.from({ length: rows }, (_, row) => ({ row, code, message })) }
  return { ...refusal, kind: isMissingInput(message) ? 'file' : 'unavailable' }
}

/** The same of an upload. What is wrong with it is the bucket, and no smaller upload will do; but 410 says: once more. */
export function uploadRefusalOf(answer: Answer): Refusal | undefined {
  const refusal = answer.status === 410 ? undefined : sureRefusalOf(answer)
  return refusal?.kind === 'unavailable' ? { ...refusal, kind: 'whole' } : refusal
}

function sureRefusalOf({ status, json, retryAfterMs }: Answer): Refusal | undefined {
  const error = envelopeOf(json)
  if (error === undefined || status < 400 || status >= 500 || status === 408 || status === 409) return undefined
  return {
    kind: kindOf(status, error),
    code: error.code === '' ? null : error.code,
    message: error.message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** A create is not looked into: what it is refused for is the project, the bucket or the model, never a row. */
function kindOf(status: number, { reason, message }: VendorError): Refusal['kind'] {
  if (status === 402 || /^(BILLING_DISABLED|accountDisabled\w*)$/.test(reason) || unpaid.test(message)) return 'billing'
  if (status === 429 || /rateLimit|RATE_LIMIT/.test(reason)) return 'rate'
  return status === 401 || status === 403 ? 'credentials' : 'unavailable'
}

/** Why a job FAILED without a row to show; `code` is that of gRPC. */
function lateRefusalOf(error: unknown): Refusal {
  const number = numberAt(error, 'code')
  const message = textAt(error, 'message')?.slice(0, 1000) ?? 'The vendor gave no reason.'
  return {
    kind: lateKindOf(number, message),
    code: number === undefined ? null : (codes[number] ?? String(number)),
    message,
  }
}

const codes: Readonly<Record<number, string>> = {
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
}

function lateKindOf(code: number | undefined, message: string): Refusal['kind'] {
  if (unpaid.test(message)) return 'billing'
  if (code === 5 || isMissingInput(message)) return 'file'
  if (code === 7 || code === 16) return 'credentials' // mostly the service agent's, which reads and writes the bucket
  if (code === 8) return 'quota'
  if (code === 4 || code === 14) return 'unavailable'
  return 'whole' // INTERNAL too: it is the usual disguise of a row that is wrong
}

const unpaid = /requires billing|billing (account|disabled)/i

const isMissingInput = (message: string): boolean =>
  /\b(input|object|file)\b|gs:\/\//i.test(message) && /(could not be|not) found|no such|does not exist/i.test(message)

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
  return typeof number === 'string' && /^-?\d+$/.test(number) ? Number(number) : undefined
}

function timeAt(value: unknown, name: string): number | undefined {
  const time = Date.parse(textAt(value, name) ?? '')
  return Number.isNaN(time) ? undefined : time
}
