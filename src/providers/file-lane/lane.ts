import { VendorUnavailable } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import { MINUTE } from '../../kit/clock.ts'
import { type HttpAnswer, HttpFailed, type HttpRequest } from '../../kit/http.ts'
import type { MediaType } from '../../kit/media-file.ts'
import {
  type Attachment,
  asGone,
  type BatchLane,
  type Call,
  CredentialsRefused,
  type Found,
  type Leftover,
  type Mark,
  type Prepared,
  PrepareRefused,
  type Purchase,
  type Reference,
  type Remote,
  type RemoteFile,
  type ResultStream,
  ResultsGone,
  type Upload,
} from '../contract.ts'
import { firstIdIn } from '../first-id.ts'
import { attachmentKeyIn, attachmentName, isKey, keyIn } from '../keys.ts'
import { reworded } from '../reworded.ts'
import { at } from './fields.ts'
import { scanner, scanRow } from './scanner.ts'
import {
  bareRow,
  type FileWire,
  fileOf,
  type List,
  type ListedFile,
  listedFileOf,
  refusalOf,
  type Turn,
} from './wire.ts'

/** A vendor whose rows are uploaded as a file that the purchase names. */
export interface FileVendor {
  /** As people call it. */
  readonly label: string
  readonly limits: Limits
  readonly wire: FileWire
  /** Where its base URL is told. */
  readonly baseUrlVariable: string
  /** Headers that carry the key. Default: a bearer token. */
  authorize?(apiKey: string): Readonly<Record<string, string>>
  /** What every base URL ends with; told without it, it is added. */
  readonly basePath?: string
  /**
   * What of ours a submission bears for as long as it is there: our key in its metadata, or the input file alone, of which
   * each purchase has its own. By either it is looked up. Once the file's name means nothing to us (a store restored from
   * a backup), only the ids in the results show whose it is.
   */
  readonly mark: 'metadata' | 'file'
  /** As in RowFrame. */
  readonly renames?: Readonly<Record<string, string>>
  /** The purpose of a file that requests name by its id. Absent: none do. */
  attachmentPurpose?(type: MediaType): string
}

/**
 * Of a vendor that knows the limit of an answer by OpenAI's older name alone: by its reference of chat completions, read
 * 2026-11-24. Where the newer is not refused, it is passed over, and nothing limits the answer.
 */
export const olderNames = { max_completion_tokens: 'max_tokens' } as const

/** The lane of a vendor, and the call that shows whether its key works. */
export function fileLane(v: FileVendor) {
  const batch = {
    limits: v.limits,
    rowFrame: (endpoint: string) => ({
      ...v.wire.rowFrame(endpoint),
      ...(v.renames === undefined ? {} : { renames: v.renames }),
    }),
    prepare: (call: Call, upload: Upload) => prepare(v, call, upload),
    buy: (call: Call, prepared: Prepared, release: () => Promise<boolean>) => buy(v, call, prepared, release),
    find: (call: Call, mark: Mark) => find(v, call, mark),
    fence: (call: Call, mark: Mark) => fence(v, call, mark),
    list: (call: Call, since: number) => list(v, call, since),
    poll: (call: Call, remoteId: string) => poll(v, call, remoteId),
    open: (call: Call, file: RemoteFile) => open(v, call, file),
    input: (call: Call, remote: Remote) => input(v, call, remote),
    cancel: (call: Call, remoteId: string) => cancel(v, call, remoteId),
    ...(v.attachmentPurpose === undefined ? {} : { attach: (call: Call, file: Attachment) => attach(v, call, file) }),
    remove: (call: Call, fileId: string) => remove(v, call, fileId),
    leftovers: (call: Call) => leftovers(v, call),
    scanner,
    marks: true,
    ...(v.mark === 'file' ? { idIn: (call: Call, remote: Remote) => idIn(v, call, remote) } : {}),
  } satisfies BatchLane
  return { batch, check: (call: Call) => check(v, call) }
}

/** Clocks of ours and theirs, and an order that is not quite newest first. */
const findSlack = 10 * MINUTE
const orderSlack = MINUTE
const uploadAnswerMs = 5 * MINUTE // 200 MB are looked at before the answer comes

async function prepare(v: FileVendor, call: Call, upload: Upload): Promise<Prepared> {
  const { key, endpoint, model, rows, bytes } = upload
  const fileId = await uploadFile(v, call, {
    key,
    path: v.wire.uploadPath,
    fields: { purpose: v.wire.purpose, ...v.wire.uploadFields?.(upload) },
    filename: `${key}.jsonl`,
    type: 'application/jsonl',
    bytes,
    body: () => upload.body(),
  })
  return { fileId, key, endpoint, model, rows }
}

async function attach(v: FileVendor, call: Call, file: Attachment): Promise<Reference> {
  const purpose = v.attachmentPurpose?.(file.type) ?? ''
  const filename = attachmentName(file)
  const fileId = await uploadFile(v, call, { ...file, path: '/files', fields: { purpose }, filename })
  return { fileId, text: fileId, expiresAt: null }
}

interface Form extends Pick<Upload, 'key' | 'bytes' | 'body'> {
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  readonly filename: string
  readonly type: string
}

async function uploadFile(v: FileVendor, call: Call, form: Form): Promise<string> {
  // Cannot occur where every row starts with its frame, and is improbable enough in any other file.
  const boundary = `redeye-${form.key}`
  const head = Buffer.from(
    Object.entries(form.fields)
      .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('') +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${form.filename}"\r\n` +
      `Content-Type: ${form.type}\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const answer = await ask(v, call, 'POST', form.path, {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    headersTimeoutMs: uploadAnswerMs,
    body: {
      bytes: head.length + form.bytes + tail.length,
      async *stream() {
        yield head
        yield* form.body()
        yield tail
      },
    },
  })
  const refusal = refusalIn(v, answer)
  if (refusal) throw new PrepareRefused(refusal)
  const file = succeeded(answer) ? fileOf(answer.json) : undefined
  if (!file) throw unexpected(v, answer, 'the upload')
  if (file.bytes !== undefined && file.bytes !== form.bytes) {
    throw new VendorUnavailable(`The vendor holds ${file.bytes} bytes of the ${form.bytes} uploaded as ${file.id}.`)
  }
  return file.id
}

async function buy(v: FileVendor, call: Call, prepared: Prepared, release: () => Promise<boolean>): Promise<Purchase> {
  const body = JSON.stringify(v.wire.createBody(prepared))
  const headers = { 'content-type': 'application/json' }
  const held = await call.http.hold({ ...requestOf(v, call, 'POST', v.wire.batchesPath, { headers }), body }, release)
  if (held.kind === 'withheld') return held
  if (held.kind === 'failed') {
    const { sent, message, code } = held.error
    if (sent) return { kind: 'unsure', why: message }
    return { kind: 'refused', refusal: { kind: 'unavailable', code, message } }
  }
  const { answer } = held
  const refusal = refusalIn(v, answer)
  if (refusal) return { kind: 'refused', refusal }
  const remote = succeeded(answer) ? remoteIn(v, call, answer.json) : undefined
  // An answer about another file than ours is no answer to this purchase.
  if (remote && (remote.fileId ?? prepared.fileId) === prepared.fileId) return { kind: 'bought', remote }
  // Without its last byte a request cannot have been carried out, whatever was said about it.
  if (!held.released && !succeeded(answer)) return { kind: 'withheld' }
  return { kind: 'unsure', why: `the purchase was answered with ${summary(v, answer)}` }
}

async function find(v: FileVendor, call: Call, mark: Mark): Promise<Found> {
  for await (const remote of list(v, call, mark.sentAt - findSlack)) {
    const ours = remote.key === mark.key || (mark.fileId !== null && remote.fileId === mark.fileId)
    if (ours) return { kind: 'found', remote }
  }
  return { kind: 'absent' }
}

/** Throws unless the vendor says that the file is gone: a fence that is only hoped for is none. */
async function fence(v: FileVendor, call: Call, mark: Mark): Promise<void> {
  if (mark.fileId === null) return
  const answer = await ask(v, call, 'DELETE', `/files/${encodeURIComponent(mark.fileId)}`)
  const gone =
    answer.status === 404
      ? v.wire.envelopeOf(answer.json) !== undefined
      : succeeded(answer) && at(answer.json, 'deleted') === true
  if (!gone) throw unexpected(v, answer, `deleting the input file ${mark.fileId}`)
}

async function remove(v: FileVendor, call: Call, fileId: string): Promise<void> {
  const answer = await ask(v, call, 'DELETE', `/files/${encodeURIComponent(fileId)}`)
  if (answer.status !== 404 && !succeeded(answer)) throw unexpected(v, answer, `deleting the file ${fileId}`)
}

/**
 * Input files bear our key as their name. Result files are told by the batch that names them, and it by its metadata or
 * its input file; both are kept for a while, so that older batches need not be read.
 */
async function* leftovers(v: FileVendor, call: Call): AsyncGenerator<Leftover> {
  const files = await Array.fromAsync(listedFiles(v, call))
  const inputs = new Map<string, string>()
  for (const { id, purpose, filename, bytes = null, createdAt } of files) {
    const key = keyIn(filename)
    if (key !== undefined && (purpose === v.wire.purpose || purpose === '')) inputs.set(id, key)
    const attached = v.attachmentPurpose === undefined ? undefined : attachmentKeyIn(filename)
    if (attached !== undefined)
      yield { kind: 'attachment', id, key: attached, bytes, createdAt, running: false, removable: true }
  }
  const outputs = new Map<string, string>()
  const running = new Set<string>()
  for await (const remote of list(v, call, call.clock.now() - v.limits.collectWithinMs)) {
    const { id, state, createdAt } = remote
    const key = remote.key ?? inputs.get(remote.fileId ?? '')
    if (key === undefined || !isKey(key)) continue
    for (const file of remote.files) outputs.set(file.id, key)
    if (state === 'ended' || state === 'refused') continue
    running.add(key)
    yield { kind: 'submission', id, key, bytes: null, createdAt, running: true, removable: false }
  }
  for (const { id, bytes = null, createdAt } of files) {
    const key = inputs.get(id) ?? outputs.get(id)
    if (key === undefined) continue
    const kind = inputs.has(id) ? 'input' : 'output'
    yield { kind, id, key, bytes, createdAt, running: running.has(key), removable: true }
  }
}

async function* listedFiles(v: FileVendor, call: Call): AsyncGenerator<ListedFile> {
  for await (const files of pages(v, call, 'files', listedFileOf)) yield* files
}

/**
 * Reads on until a whole page is older than `since`, so that the page after the boundary is seen too. That the newest
 * come first is custom, not contract: where the order is another, the list is read to its end.
 */
async function* list(v: FileVendor, call: Call, since: number): AsyncGenerator<Remote> {
  let newestFirst = true
  let previous = Number.POSITIVE_INFINITY
  for await (const remotes of pages(v, call, 'submissions', (value) => remoteIn(v, call, value))) {
    let allOlder = true
    for (const remote of remotes) {
      const createdAt = remote.createdAt || previous // one without a time says nothing about the order
      if (createdAt >= since) allOlder = false
      if (createdAt > previous + orderSlack) newestFirst = false
      previous = createdAt
      yield remote
    }
    if (allOlder && newestFirst) return
  }
}

async function* pages<Item extends { readonly id: string }>(
  v: FileVendor,
  call: Call,
  list: List,
  itemOf: (value: unknown) => Item | undefined,
): AsyncGenerator<readonly Item[]> {
  const path = list === 'files' ? '/files' : v.wire.batchesPath
  const seen = new Set<string>()
  for (let turn: Turn = { page: 0 }; ; ) {
    const answer = await ask(v, call, 'GET', path + v.wire.pageQuery(list, turn))
    const page = succeeded(answer) ? v.wire.pageOf(answer.json, list) : undefined
    const items = page?.data.map(itemOf)
    if (!page || !items?.every((item) => item !== undefined)) throw unexpected(v, answer, `the list of ${list}`)
    const last = items.at(-1)?.id
    const cursor = page.token ?? last
    if (cursor !== undefined && seen.has(cursor)) {
      if (page.more === undefined) return // it cannot turn pages, and has shown what there is
      throw new VendorUnavailable(`The vendor repeats one page of its list of ${list} for ever.`)
    }
    if (items.length > 0) yield items
    if (cursor === undefined || page.more === false) return
    seen.add(cursor)
    turn = {
      page: turn.page + 1,
      ...(last === undefined ? {} : { last }),
      ...(page.token === undefined ? {} : { token: page.token }),
    }
  }
}

async function idIn(v: FileVendor, call: Call, { files: [file] }: Remote): Promise<string | null> {
  return file === undefined ? null : firstIdIn(await open(v, call, file), scanRow)
}

async function poll(v: FileVendor, call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(v, call, 'GET', `${v.wire.batchesPath}/${encodeURIComponent(remoteId)}`)
  if (answer.status === 404 && answer.json !== undefined) return undefined
  const remote = succeeded(answer) ? remoteIn(v, call, answer.json) : undefined
  if (!remote) throw unexpected(v, answer, `submission ${remoteId}`)
  return remote
}

async function cancel(v: FileVendor, call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(
    v,
    call,
    'POST',
    `${v.wire.batchesPath}/${encodeURIComponent(remoteId)}${v.wire.cancelSuffix ?? '/cancel'}`,
  )
  const remote = succeeded(answer) ? remoteIn(v, call, answer.json) : undefined
  // Not every vendor has a word for one that is being cancelled: then only we know that it is.
  if (remote) return remote.state === 'open' ? { ...remote, state: 'cancelling' } : remote
  // Too late, or already: what it has come to is for a look to say.
  if (succeeded(answer) || [400, 404, 409].includes(answer.status)) return poll(v, call, remoteId)
  throw unexpected(v, answer, `cancelling ${remoteId}`)
}

async function open(v: FileVendor, call: Call, file: RemoteFile): Promise<ResultStream> {
  const request = requestOf(v, call, 'GET', `/files/${encodeURIComponent(file.id)}/content`, {
    headers: { accept: '*/*', 'accept-encoding': 'identity' }, // Content-Length shall count the bytes we get
  })
  const { status, headers, body, discard } = await call.http.stream(request).catch(asUnavailable)
  const encoding = headers['content-encoding'] ?? 'identity'
  if (status !== 200 || encoding !== 'identity' || /^text\/html/i.test(headers['content-type'] ?? '')) {
    discard()
    // The vendor says so in JSON; a page that is not found may be anybody's.
    if (status === 404 && /^application\/json/i.test(headers['content-type'] ?? ''))
      throw new ResultsGone(`${v.label} no longer has the result file ${file.id}.`, { status })
    throw unexpected(v, { status, headers, json: undefined }, `the content of ${file.id}`)
  }
  const length = Number(headers['content-length'] ?? Number.NaN)
  return { bytes: Number.isNaN(length) ? null : length, body: checked(body, file.id) }
}

/** Rows without an address have that of their job, and perhaps its model: as batch lines they say so themselves. */
async function input(v: FileVendor, call: Call, { id, fileId, about }: Remote): Promise<ResultStream> {
  if (fileId === null) throw new ResultsGone(`${v.label} names no input file of ${id}.`)
  const file = await open(v, call, { id: fileId, role: 'output' }).catch(asGone)
  const endpoint = about?.endpoint
  if (v.wire.rowFrame !== bareRow || !endpoint) return file
  const full = (row: unknown): unknown => {
    const body = { ...(about.model === null ? {} : { model: about.model }), ...(at(row, 'body') as object) }
    return { custom_id: at(row, 'custom_id'), method: 'POST', url: endpoint, body }
  }
  return { bytes: null, body: reworded(file.body, full) }
}

/** A body shorter than its Content-Length fails by itself, below. */
async function* checked(body: AsyncIterable<Uint8Array>, fileId: string): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const chunk of body) {
      // A proxy's error page under a wrong content type; no JSONL starts like this.
      if (first && chunk[0] === 60) throw new VendorUnavailable(`The content of ${fileId} is HTML, not JSONL.`)
      first = false
      yield chunk
    }
  } catch (error) {
    asUnavailable(error)
  }
}

/** A free call that shows whether the key works for submissions, and whose it is. */
async function check(v: FileVendor, call: Call): Promise<{ scope: string; detail: string }> {
  const answer = await ask(v, call, 'GET', v.wire.batchesPath + v.wire.pageQuery('submissions', { page: 0 }))
  if (!succeeded(answer) || !v.wire.pageOf(answer.json, 'submissions'))
    throw unexpected(v, answer, 'the list of submissions')
  const owner = [
    answer.headers['openai-organization'] ?? call.headers['OpenAI-Organization'],
    answer.headers['openai-project'] ?? call.headers['OpenAI-Project'],
  ]
  const scope = owner.filter(Boolean).join('/')
  return { scope, detail: `${new URL(call.baseUrl).host} takes the key${scope === '' ? '' : `, for ${scope}`}` }
}

export const succeeded = ({ status }: Pick<HttpAnswer, 'status'>): boolean => status >= 200 && status < 300

function requestOf(
  v: FileVendor,
  call: Call,
  method: HttpRequest['method'],
  path: string,
  more: Partial<HttpRequest> = {},
): HttpRequest {
  const base = call.baseUrl.replace(/\/+$/, '')
  const url = base + (v.basePath === undefined || base.endsWith(v.basePath) ? '' : v.basePath) + path
  const headers = {
    accept: 'application/json',
    'user-agent': 'redeye',
    ...call.headers,
    ...(v.authorize?.(call.apiKey) ?? { authorization: `Bearer ${call.apiKey}` }),
    ...more.headers,
  }
  return { method, url, signal: call.signal, ...more, headers }
}

export async function ask(
  v: FileVendor,
  call: Call,
  method: HttpRequest['method'],
  path: string,
  more?: Partial<HttpRequest>,
): Promise<HttpAnswer> {
  return await call.http.call(requestOf(v, call, method, path, more)).catch(asUnavailable)
}

function asUnavailable(error: unknown): never {
  if (error instanceof HttpFailed) throw new VendorUnavailable(error.message, { cause: error })
  throw error
}

function remoteIn(v: FileVendor, call: Call, value: unknown): Remote | undefined {
  const remote = v.wire.remoteOf(value, call.http.vendorNow(call.baseUrl))
  return remote && { ...remote, about: v.wire.aboutOf(value) }
}

const refusalIn = (v: FileVendor, answer: HttpAnswer) => refusalOf(answer, v.wire.envelopeOf(answer.json))

type Summed = Pick<HttpAnswer, 'status' | 'headers' | 'json'>

/** The error for an answer that the contract does not explain. */
export function unexpected(v: FileVendor, answer: Summed, what: string): Error {
  const message = `${v.label} answered ${what} with ${summary(v, answer)}.`
  const { status } = answer
  const refusal = refusalOf({ status, retryAfterMs: undefined }, v.wire.envelopeOf(answer.json))
  if (status === 401 || status === 403 || refusal?.kind === 'credentials')
    return new CredentialsRefused(message, status)
  const hint = `Is ${v.baseUrlVariable} right? The job is kept and resumes when the vendor answers again: redeye watch JOB.`
  return new VendorUnavailable(message, status < 500 ? { status, hint } : { status })
}

const summary = ({ wire }: FileVendor, { status, headers, json }: Summed): string =>
  `HTTP ${status}, ${wire.envelopeOf(json)?.message ?? headers['content-type'] ?? 'no content type'}`
