import { VendorUnavailable } from '../../domain/errors.ts'
import { DAY, MINUTE } from '../../kit/clock.ts'
import type { HttpAnswer } from '../../kit/http.ts'
import {
  type Attachment,
  asGone,
  type BatchLane,
  type Call,
  type Found,
  type Leftover,
  type Mark,
  type Prepared,
  type Purchase,
  type Reference,
  type Remote,
  type RemoteFile,
  type ResultStream,
  ResultsGone,
  type Upload,
} from '../contract.ts'
import { attachmentKeyIn, attachmentName, isKey, keyIn } from '../keys.ts'
import { ask, nothing, requestOf, succeeded, summary, unexpected } from './calls.ts'
import { deleteFile, downloadFile, findFile, listFiles, readInlined, uploadFile } from './files.ts'
import { filesKeptMs, limits } from './limits.ts'
import { createOf, pageOf, refusalOf, remoteOf, rowFrame, type StoredFile } from './wire.ts'

export const batch = {
  limits,
  rowFrame,
  prepare,
  buy,
  find,
  fence,
  list,
  poll,
  open: (call: Call, { id }: RemoteFile) => (isFile(id) ? downloadFile(call, id) : readInlined(call, id)),
  input,
  cancel,
  attach,
  remove,
  leftovers,
  scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
  marks: true,
  openSchemas: true,
} satisfies BatchLane

const pageSize = 100
/** Empty pages may lead on, but not for ever. */
const emptyPagesMax = 100
/** Clocks of theirs that differ, and an order that is not quite newest first. */
const orderSlack = MINUTE
/** Results are said to be kept for six weeks; uploads are, for two days. */
const keptMs = 42 * DAY

async function prepare(call: Call, upload: Upload): Promise<Prepared> {
  const { key, endpoint, model, rows, bytes } = upload
  const sent = { displayName: `${key}.jsonl`, mimeType: 'application/jsonl', bytes, body: () => upload.body() }
  const { id: fileId } = await uploadFile(call, sent)
  return { fileId, key, endpoint, model, rows }
}

async function attach(call: Call, file: Attachment): Promise<Reference> {
  const { type: mimeType, bytes } = file
  const sent = { displayName: attachmentName(file), mimeType, bytes, body: () => file.body() }
  const { id, uri, createdAt, expiresAt } = await uploadFile(call, sent)
  const text = uri === '' ? `${call.baseUrl.replace(/\/+$/, '')}/v1beta/${id}` : uri
  return { fileId: id, text, expiresAt: expiresAt || (createdAt || call.http.vendorNow(call.baseUrl)) + filesKeptMs }
}

async function buy(call: Call, prepared: Prepared, release: () => Promise<boolean>): Promise<Purchase> {
  const { path, body } = createOf(prepared)
  const headers = { 'content-type': 'application/json' }
  const held = await call.http.hold({ ...requestOf(call, 'POST', path, { headers }), body }, release)
  if (held.kind === 'withheld') return held
  if (held.kind === 'failed') {
    const { sent, message, code } = held.error
    if (sent) return { kind: 'unsure', why: message }
    return { kind: 'refused', refusal: { kind: 'unavailable', code, message } }
  }
  const { answer } = held
  const refusal = refusalOf(answer, prepared.rows)
  if (refusal) return { kind: 'refused', refusal }
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  // An answer about another file than ours is no answer to this purchase.
  if (remote && (remote.fileId ?? prepared.fileId) === prepared.fileId) return { kind: 'bought', remote }
  // Without its last byte a request cannot have been carried out, whatever was said about it.
  if (!held.released && !succeeded(answer)) return { kind: 'withheld' }
  return { kind: 'unsure', why: `the purchase was answered with ${summary(answer)}` }
}

/** The list is read to its end: no page states its order. */
async function find(call: Call, mark: Mark): Promise<Found> {
  for await (const page of pages(call)) {
    for (const remote of page) {
      const ours = remote.key === mark.key || (mark.fileId !== null && remote.fileId === mark.fileId)
      if (ours) return { kind: 'found', remote }
    }
  }
  return { kind: 'absent' }
}

/** Throws unless the vendor says that the file is gone: a fence that is only hoped for is none. */
async function fence(call: Call, mark: Mark): Promise<void> {
  if (mark.fileId !== null) await deleteFile(call, mark.fileId)
}

/** Rows that came inside of an operation are no file. */
async function remove(call: Call, fileId: string): Promise<void> {
  if (isFile(fileId)) await deleteFile(call, fileId)
}

/** Input files and attachments bear our key as their name; result files are told by the batch that names them. */
async function* leftovers(call: Call): AsyncGenerator<Leftover> {
  const outputs = new Map<string, string>()
  const running = new Set<string>()
  for await (const { id, key, state } of list(call, call.clock.now() - keptMs)) {
    if (key === null || !isKey(key)) continue
    if (state !== 'ended' && state !== 'refused') running.add(key)
    // The list is silent about results.
    for (const file of (await poll(call, id))?.files ?? []) if (isFile(file.id)) outputs.set(file.id, key)
  }
  const item = (
    kind: 'input' | 'attachment' | 'output',
    { id, bytes, createdAt }: StoredFile,
    key: string,
  ): Leftover => {
    return { kind, id, key, bytes: bytes ?? null, createdAt, running: running.has(key), removable: true }
  }
  for await (const file of listFiles(call)) {
    const input = keyIn(file.displayName)
    const attached = attachmentKeyIn(file.displayName)
    const output = outputs.get(file.id)
    outputs.delete(file.id)
    if (output !== undefined) yield item('output', file, output)
    else if (input !== undefined) yield item('input', file, input)
    else if (attached !== undefined) yield item('attachment', file, attached)
  }
  for (const [id, key] of outputs) {
    const file = await findFile(call, id) // it may be in no list
    if (file) yield item('output', file, key)
  }
}

const isFile = (id: string): boolean => !id.startsWith('batches/')

/**
 * Reads on until a whole page is older than `since`, so that the page after the boundary is seen too. That the newest
 * come first is custom, not contract: where the order is another, the list is read to its end.
 */
async function* list(call: Call, since: number): AsyncGenerator<Remote> {
  let newestFirst = true
  let previous = Number.POSITIVE_INFINITY
  for await (const page of pages(call)) {
    for (const remote of page) {
      const createdAt = remote.createdAt || previous // one without a time says nothing about the order
      if (createdAt > previous + orderSlack) newestFirst = false
      previous = createdAt
      yield remote
    }
    const allOlder = page.length > 0 && page.every(({ createdAt }) => createdAt < since)
    if (allOlder && newestFirst) return
  }
}

async function* pages(call: Call): AsyncGenerator<readonly Remote[]> {
  const tokens = new Set<string>()
  let empty = 0
  for (let token: string | null = ''; token !== null; ) {
    const query: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`
    const answer: HttpAnswer = await ask(call, 'GET', `/v1beta/batches?pageSize=${pageSize}${query}`)
    const page = succeeded(answer) ? pageOf(answer.json) : undefined
    if (!page) throw unexpected(answer, 'the list of batches')
    yield page.operations.map((value) => {
      const remote = remoteOf(value)
      if (!remote) throw unexpected(answer, 'the list of batches')
      return remote
    })
    token = page.next
    empty = page.operations.length === 0 ? empty + 1 : 0
    if (token !== null && (tokens.has(token) || empty > emptyPagesMax))
      throw new VendorUnavailable('The vendor repeats one page of its list of batches for ever.')
    tokens.add(token ?? '')
  }
}

async function poll(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'GET', pathOf(remoteId))
  if (answer.status === 404 && answer.json !== undefined) return undefined
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  if (!remote) throw unexpected(answer, `batch ${remoteId}`)
  return remote
}

/** Said to be given for generated files only, and not for what was uploaded. */
async function input(call: Call, { id, fileId }: Remote): Promise<ResultStream> {
  if (fileId === null) throw new ResultsGone(`The requests of ${id} came inside of it, and are not told.`)
  return downloadFile(call, fileId).catch(asGone)
}

/** The wire has no word for a batch that is being cancelled: that it is, only we know. */
async function cancel(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'POST', `${pathOf(remoteId)}:cancel`, nothing)
  // Too late, or already: what it has come to is for a look to say.
  if (!succeeded(answer) && ![400, 404, 409].includes(answer.status)) throw unexpected(answer, `cancelling ${remoteId}`)
  const remote = await poll(call, remoteId)
  return succeeded(answer) && remote?.state === 'open' ? { ...remote, state: 'cancelling' } : remote
}

/** A free call that shows whether the key works for batches; whose it is, no answer tells. */
export async function check(call: Call): Promise<{ scope: string; detail: string }> {
  const answer = await ask(call, 'GET', '/v1beta/batches?pageSize=1')
  if (!succeeded(answer) || !pageOf(answer.json)) throw unexpected(answer, 'the list of batches')
  return { scope: '', detail: `${new URL(call.baseUrl).host} takes the key` }
}

const pathOf = (id: string): string => `/v1beta/batches/${encodeURIComponent(id)}`
