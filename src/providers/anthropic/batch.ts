import { VendorUnavailable } from '../../domain/errors.ts'
import { MINUTE } from '../../kit/clock.ts'
import {
  type BatchLane,
  type Call,
  type Found,
  type Leftover,
  type Mark,
  type Prepared,
  type Purchase,
  type Remote,
  type RemoteFile,
  type ResultStream,
  ResultsGone,
  type Upload,
} from '../contract.ts'
import { firstIdIn } from '../first-id.ts'
import { ask, asUnavailable, requestOf, succeeded, summary, unexpected } from './calls.ts'
import { attach, attachmentsAt, isFile, removeFile } from './files.ts'
import { limits } from './limits.ts'
import { scanRow } from './scanner.ts'
import { pageOf, refusalOf, remoteOf, requestsHead, requestsTail, rowFrame } from './wire.ts'

export const batch: BatchLane = {
  limits,
  rowFrame,
  buy,
  find,
  list,
  poll,
  open,
  cancel,
  attach,
  remove,
  leftovers,
  scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
  marks: false,
  keeps: {
    member: '"cache_control":{"type":"ephemeral","ttl":"1h"}', // in five minutes the rows of a batch mostly miss it
    writes: 'cacheWrite1h',
    hits: { low: 0.3, likely: 0.7, high: 0.98 }, // batch guide: 30 to 98 %, by how the traffic comes
  },
  idIn,
}

const batches = '/v1/messages/batches'
const pageSize = 1000 // the vendor's most
/** Clocks of ours and theirs, and how long a create may take to land after its last byte left. */
const findBefore = 5 * MINUTE
const findAfter = 15 * MINUTE
/** The body is looked at before the answer comes: some minutes for the longest. */
const answerBytesPerMs = 1000

/** The rows travel in the body; the last byte held back is that of the whole body. */
async function buy(
  call: Call,
  _prepared: Prepared,
  release: () => Promise<boolean>,
  upload: Upload,
): Promise<Purchase> {
  const request = await requestOf(call, 'POST', batches, {
    headers: { 'content-type': 'application/json' },
    headersTimeoutMs: MINUTE + upload.bytes / answerBytesPerMs,
  })
  const held = await call.http.hold({ ...request, body: requestsOf(upload) }, release)
  if (held.kind === 'withheld') return held
  if (held.kind === 'failed') {
    const { message, code } = held.error
    if (held.released) return { kind: 'unsure', why: message }
    // A list without its end cannot have been carried out: a long body breaks more often than a short one.
    return { kind: 'refused', refusal: { kind: 'unavailable', code, message } }
  }
  const { answer } = held
  const refusal = refusalOf(answer)
  if (refusal) return { kind: 'refused', refusal }
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  if (remote && (remote.counts?.total ?? upload.rows) === upload.rows) return { kind: 'bought', remote }
  if (!held.released && !succeeded(answer)) return { kind: 'withheld' }
  return { kind: 'unsure', why: `the purchase was answered with ${summary(answer)}` }
}

/** `{"requests":[` rows `]}`, without the comma before the first. */
function requestsOf(upload: Upload): { bytes: number; stream(): AsyncIterable<Uint8Array> } {
  return {
    bytes: requestsHead.length + upload.bytes - 1 + requestsTail.length,
    async *stream() {
      yield requestsHead
      let first = true
      for await (const block of upload.body()) {
        yield first ? block.subarray(1) : block
        first = false
      }
      yield requestsTail
    },
  }
}

/** Those of the account that it may be by time and count: nothing of ours is on them until they have ended. */
async function find(call: Call, mark: Mark): Promise<Found> {
  const from = mark.sentAt - findBefore
  const to = mark.sendBy + findAfter
  const remotes: Remote[] = []
  for await (const remote of list(call, from)) {
    const { createdAt, counts } = remote
    if (createdAt >= from && createdAt <= to && (counts?.total ?? mark.rows) === mark.rows) remotes.push(remote)
  }
  return remotes.length === 0 ? { kind: 'absent' } : { kind: 'candidates', remotes }
}

/** Newest first, by contract; one page behind `since` is read on, for what was created meanwhile shifts the pages. */
async function* list(call: Call, since: number): AsyncGenerator<Remote> {
  const cursors = new Set<string>()
  for (let after = ''; ; ) {
    const answer = await ask(call, 'GET', `${batches}?limit=${pageSize}${after}`)
    const page = succeeded(answer) ? pageOf(answer.json) : undefined
    if (!page) throw unexpected(answer, 'the list of batches')
    let allOlder = true
    let last: string | null = page.last
    for (const value of page.data) {
      const remote = remoteOf(value)
      if (!remote) throw unexpected(answer, 'the list of batches')
      if (remote.createdAt >= since) allOlder = false
      last = remote.id
      yield remote
    }
    if (last === null || !page.more || allOlder) return
    if (cursors.has(last)) throw new VendorUnavailable('The vendor repeats one page of its list of batches for ever.')
    cursors.add(last)
    after = `&after_id=${encodeURIComponent(last)}`
  }
}

async function poll(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'GET', pathOf(remoteId))
  if (answer.status === 404 && answer.json !== undefined) return undefined
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  if (!remote) throw unexpected(answer, `batch ${remoteId}`)
  return remote
}

async function cancel(call: Call, remoteId: string): Promise<Remote | undefined> {
  const answer = await ask(call, 'POST', `${pathOf(remoteId)}/cancel`)
  const remote = succeeded(answer) ? remoteOf(answer.json) : undefined
  if (remote) return remote
  // Too late, or already: what it has come to is for a look to say.
  if (succeeded(answer) || [400, 404, 409].includes(answer.status)) return poll(call, remoteId)
  throw unexpected(answer, `cancelling ${remoteId}`)
}

/** Results are the batch's own: they go with it, and only once it has ended. */
async function remove(call: Call, remoteId: string): Promise<void> {
  if (isFile(remoteId)) return removeFile(call, remoteId)
  const answer = await ask(call, 'DELETE', pathOf(remoteId))
  if (answer.status !== 404 && !succeeded(answer)) throw unexpected(answer, `deleting ${remoteId}`)
}

/** Files of ours, and all batches of the workspace, for no mark tells ours from others. */
async function* leftovers(call: Call): AsyncGenerator<Leftover> {
  yield* attachmentsAt(call)
  for await (const { id, createdAt, state } of list(call, 0)) {
    const running = state !== 'ended'
    yield { kind: 'submission', id, key: null, bytes: null, createdAt, running, removable: true }
  }
}

async function open(call: Call, file: RemoteFile): Promise<ResultStream> {
  const request = await requestOf(call, 'GET', `${pathOf(file.id)}/results`, {
    headers: { accept: '*/*', 'accept-encoding': 'identity' }, // Content-Length shall count the bytes we get
  })
  const { status, headers, body, discard } = await call.http.stream(request).catch(asUnavailable)
  const encoding = headers['content-encoding'] ?? 'identity'
  if (status !== 200 || encoding !== 'identity' || /^text\/html/i.test(headers['content-type'] ?? '')) {
    discard()
    if (status === 404 && /^application\/json/i.test(headers['content-type'] ?? ''))
      throw new ResultsGone(`Anthropic has no results of ${file.id}.`, { status })
    throw unexpected({ status, headers, json: undefined }, `the results of ${file.id}`)
  }
  const length = Number(headers['content-length'] ?? Number.NaN)
  return { bytes: Number.isNaN(length) ? null : length, body: checked(body, file.id) }
}

async function* checked(body: AsyncIterable<Uint8Array>, id: string): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const chunk of body) {
      if (first && chunk[0] === 60) throw new VendorUnavailable(`The results of ${id} are HTML, not JSONL.`)
      first = false
      yield chunk
    }
  } catch (error) {
    asUnavailable(error)
  }
}

async function idIn(call: Call, remote: Remote): Promise<string | null> {
  const [file] = remote.files
  return file === undefined ? null : firstIdIn(await open(call, file), scanRow)
}

/** A free call that shows whether the key works for batches, and whose it is. */
export async function check(call: Call): Promise<{ scope: string; detail: string }> {
  const answer = await ask(call, 'GET', `${batches}?limit=1`)
  if (!succeeded(answer) || !pageOf(answer.json)) throw unexpected(answer, 'the list of batches')
  const owner = [answer.headers['anthropic-organization-id'], answer.headers['anthropic-workspace-id']]
  const scope = owner.filter(Boolean).join('/')
  return { scope, detail: `${new URL(call.baseUrl).host} takes the key${scope === '' ? '' : `, for ${scope}`}` }
}

const pathOf = (id: string): string => `${batches}/${encodeURIComponent(id)}`
