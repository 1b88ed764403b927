import { VendorUnavailable } from '../../domain/errors.ts'
import { randomId } from '../../kit/ids.ts'
import { extensions } from '../../kit/media-file.ts'
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
  type Purchase,
  type Reference,
  type Remote,
  type RemoteFile,
  type ResultStream,
  ResultsGone,
  type Upload,
} from '../contract.ts'
import { isKey } from '../keys.ts'
import { reworded } from '../reworded.ts'
import { storageOf } from './account.ts'
import { ask, requestOf, succeeded, summary, unexpected } from './calls.ts'
import { content } from './content.ts'
import { limits } from './limits.ts'
import { erase, listBelow, objectsBelow, read, upload as writeObject } from './storage.ts'
import {
  asBatchLine,
  envelopeOf,
  inputsOf,
  isPredictions,
  jobOf,
  outputOf,
  pageOf,
  refusalOf,
  remoteOf,
  rowFrame,
} from './wire.ts'

export const batch = {
  limits,
  rowFrame,
  prepare,
  buy,
  find,
  fence,
  list,
  poll,
  open: (call: Call, file: RemoteFile) => read(call, file.id),
  input,
  cancel,
  attach,
  remove: erase,
  leftovers,
  scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
  marks: true,
  openSchemas: true,
  ownRows: true,
  content,
} satisfies BatchLane

const pageSize = 100

/** A fresh object each time: what a process that was thought dead still writes is not what another has bought with. */
async function prepare(call: Call, upload: Upload): Promise<Prepared> {
  const { key, endpoint, model, rows, bytes } = upload
  const fileId = `${folderOf(call, key)}/${randomId('input')}.jsonl`
  await writeObject(call, fileId, 'application/jsonl', { bytes, stream: () => upload.body() })
  return { fileId, key, endpoint, model, rows }
}

/** Requests name it by the address of the object. */
async function attach(call: Call, file: Attachment): Promise<Reference> {
  const { key, type, bytes } = file
  const fileId = `${folderOf(call, key)}/${randomId('attachment')}.${extensions[type]}`
  await writeObject(call, fileId, type, { bytes, stream: () => file.body() })
  return { fileId, text: fileId, expiresAt: null }
}

/** Everything of one purchase lies below one folder. */
function folderOf(call: Call, key: string): string {
  const { bucket, folder } = storageOf(call)
  return `gs://${bucket}/${folder}/${key}`
}

async function buy(call: Call, prepared: Prepared, release: () => Promise<boolean>): Promise<Purchase> {
  const body = JSON.stringify(jobOf(prepared, `${folderOf(call, prepared.key)}/output`))
  const headers = { 'content-type': 'application/json' }
  const request = await requestOf(call, 'POST', jobsOf(call), { headers }).catch(withoutToken)
  if ('kind' in request) return request
  const held = await call.http.hold({ ...request, body }, release)
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
  // An answer about another input than ours is no answer to this purchase.
  if (remote && (remote.fileId ?? prepared.fileId) === prepared.fileId) return { kind: 'bought', remote }
  // Without its last byte a request cannot have been carried out, whatever was said about it.
  if (!held.released && !succeeded(answer)) return { kind: 'withheld' }
  return { kind: 'unsure', why: `the purchase was answered with ${summary(answer)}` }
}

/** Nothing was sent yet, so it is no purchase in doubt. */
function withoutToken(error: unknown): Purchase & { kind: 'refused' } {
  if (error instanceof CredentialsRefused)
    return { kind: 'refused', refusal: { kind: 'credentials', code: error.code, message: error.message } }
  if (error instanceof VendorUnavailable)
    return { kind: 'refused', refusal: { kind: 'unavailable', code: error.code, message: error.message } }
  throw error
}

async function find(call: Call, mark: Mark): Promise<Found> {
  for await (const remote of jobs(call, `display_name="${mark.key}"`)) {
    const ours = remote.key === mark.key || (mark.fileId !== null && remote.fileId === mark.fileId)
    if (ours) return { kind: 'found', remote }
  }
  return { kind: 'absent' }
}

async function fence(call: Call, mark: Mark): Promise<void> {
  if (mark.fileId !== null) await erase(call, mark.fileId)
}

function list(call: Call, since: number): AsyncGenerator<Remote> {
  return jobs(call, `create_time>="${new Date(since).toISOString()}"`)
}

/** Every job that passes the filter, in the vendor's order, which no page states: so all are read. */
async function* jobs(call: Call, filter: string): AsyncGenerator<Remote> {
  const tokens = new Set<string>()
  for (let token: string | null = ''; token !== null; ) {
    const page: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`
    const url = `${jobsOf(call)}?pageSize=${pageSize}&filter=${encodeURIComponent(filter)}${page}`
    const answer = await ask(call, 'GET', url)
    const found = succeeded(answer) ? pageOf(answer.json) : undefined
    if (!found) throw unexpected(answer, 'the list of jobs')
    for (const value of found.jobs) {
      const remote = remoteOf(value)
      if (!remote) throw unexpected(answer, 'the list of jobs')
      yield remote
    }
    token = found.next
    if (token !== null && tokens.has(token))
      throw new VendorUnavailable('The vendor repeats one page of its list of jobs for ever.')
    tokens.add(token ?? '')
  }
}

/** Of a job that has ended, the bucket is asked what it has left there. */
async function poll(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'GET', urlOf(call, remoteId))
  if (answer.status === 404 && answer.json !== undefined) return undefined
  // Ids are digits; what is none is turned away before anybody looks for it.
  if (answer.status === 400 && !/^\d+$/.test(remoteId) && envelopeOf(answer.json)) return undefined
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  if (!remote) throw unexpected(answer, `job ${remoteId}`)
  if (remote.state !== 'ended' && remote.state !== 'refused') return remote
  const output = outputOf(answer.json)
  return remoteOf(answer.json, output === null ? [] : (await listBelow(call, output)).filter(isPredictions))
}

/** Rows have no id where nobody gave them one: then it is the number of the row. */
async function input(call: Call, { id, about }: Remote): Promise<ResultStream> {
  const answer = await ask(call, 'GET', urlOf(call, id))
  const [uri, ...more] = inputsOf(answer.json)
  if (uri === undefined || more.length > 0 || uri.includes('*'))
    throw new ResultsGone(
      `Job ${id} has not one file as its input, but ${more.length === 0 ? (uri ?? 'none') : 'several'}.`,
    )
  const { body } = await read(call, uri).catch(asGone)
  return { bytes: null, body: reworded(body, (row, number) => asBatchLine(row, number, about?.model ?? null)) }
}

async function cancel(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'POST', `${urlOf(call, remoteId)}:cancel`, {
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  // The answer is empty; and too late, or already: what it has come to is for a look to say.
  if (succeeded(answer) || [400, 404, 409].includes(answer.status)) return poll(call, remoteId)
  throw unexpected(answer, `cancelling ${remoteId}`)
}

/** Objects of our folder of the bucket, each below its key. A job holds no data but these. */
async function* leftovers(call: Call): AsyncGenerator<Leftover> {
  const { bucket, folder } = storageOf(call)
  const running = new Set<string>()
  for await (const { key, state } of list(call, call.clock.now() - limits.windowMs)) {
    if (key !== null && state !== 'ended' && state !== 'refused') running.add(key)
  }
  const root = `gs://${bucket}/${folder}/`
  for await (const { name: id, bytes, createdAt } of objectsBelow(call, root)) {
    const [key = '', place = ''] = id.slice(root.length).split('/')
    if (!isKey(key)) continue
    const kind = place.startsWith('input') ? 'input' : place.startsWith('attachment') ? 'attachment' : 'output'
    yield { kind, id, key, bytes, createdAt, running: running.has(key), removable: true }
  }
}

/** Free calls that show whether the credentials work, for jobs and for the bucket. */
export async function check(call: Call): Promise<{ scope: string; detail: string }> {
  const answer = await ask(call, 'GET', `${jobsOf(call)}?pageSize=1`)
  if (!succeeded(answer) || !pageOf(answer.json)) throw unexpected(answer, 'the list of jobs')
  const { bucket, folder } = storageOf(call)
  await listBelow(call, `gs://${bucket}/${folder}/nothing`)
  const [, project = '', location = ''] = /\/projects\/([^/]+)\/locations\/([^/]+)$/.exec(call.baseUrl) ?? []
  const scope = [decodeURIComponent(project), location].join('/')
  return { scope, detail: `${new URL(call.baseUrl).host} takes the credentials, and gs://${bucket} can be read` }
}

const jobsOf = ({ baseUrl }: Call): string => `${baseUrl.replace(/\/+$/, '')}/batchPredictionJobs`

const urlOf = (call: Call, id: string): string => `${jobsOf(call)}/${encodeURIComponent(id)}`
