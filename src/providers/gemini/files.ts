import { parseExact } from '../../dialects/exact-json.ts'
import { VendorUnavailable } from '../../domain/errors.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import type { HttpAnswer, HttpStream } from '../../kit/http.ts'
import { type Call, PrepareRefused, type ResultStream, ResultsGone } from '../contract.ts'
import { ask, asUnavailable, requestOf, succeeded, unexpected } from './calls.ts'
import { envelopeOf, fileOf, filePageOf, inlinedRows, isAboutFile, refusalOf, type StoredFile } from './wire.ts'

/** A file on its way to the project's storage. */
export interface Sent {
  readonly displayName: string
  readonly mimeType: string
  readonly bytes: number
  body(): AsyncIterable<Uint8Array>
}

const uploadAnswerMs = 5 * MINUTE
/** A file may be looked at before it can be used. */
const looks = 30
const lookEvery = 2 * SECOND
/** Rows inside of an operation; the most that was seen of them could not be read at all. */
const inlinedBytesMax = 256 * 1024 * 1024
const errorBytesMax = 64 * 1024

/** Starts a resumable upload and sends all bytes in one part. */
export async function uploadFile(call: Call, sent: Sent): Promise<StoredFile> {
  const answer = await call.http
    .call({
      // The address is all that authorizes the bytes, so the key is not sent with them.
      method: 'POST',
      url: await startUpload(call, sent),
      headers: {
        'user-agent': 'redeye',
        'content-type': sent.mimeType,
        'x-goog-upload-command': 'upload, finalize',
        'x-goog-upload-offset': '0',
      },
      headersTimeoutMs: uploadAnswerMs,
      signal: call.signal,
      body: { bytes: sent.bytes, stream: () => sent.body() },
    })
    .catch(asUnavailable)
  refuse(answer)
  const whole = /^final$/i.test(answer.headers['x-goog-upload-status'] ?? '')
  const file = succeeded(answer) && whole ? fileIn(answer) : undefined
  if (!file) throw unexpected(answer, 'the end of the upload')
  if (file.bytes !== undefined && file.bytes !== sent.bytes)
    throw new VendorUnavailable(`The vendor holds ${file.bytes} bytes of the ${sent.bytes} uploaded as ${file.id}.`)
  await untilActive(call, file)
  return file
}

async function startUpload(call: Call, { displayName, mimeType, bytes }: Sent): Promise<string> {
  const answer = await ask(call, 'POST', '/upload/v1beta/files', {
    headers: {
      'content-type': 'application/json',
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': mimeType,
    },
    body: JSON.stringify({ file: { displayName, mimeType } }),
  })
  refuse(answer)
  const address = URL.parse(answer.headers['x-goog-upload-url'] ?? '')
  if (!succeeded(answer) || address === null) throw unexpected(answer, 'the start of the upload')
  // Wherever it points, the rows go to the host that was named to us; the official SDK does so too.
  return new URL(call.baseUrl).origin + address.pathname + address.search
}

function refuse(answer: HttpAnswer): void {
  const refusal = refusalOf(answer)
  if (refusal) throw new PrepareRefused(refusal)
}

const fileIn = ({ json }: HttpAnswer) => fileOf((json as { file?: unknown } | undefined)?.file)

async function untilActive(call: Call, { id, state: first }: { id: string; state: string }): Promise<void> {
  let state = first
  for (let look = 0; state === 'PROCESSING' && look < looks; look++) {
    await call.clock.sleep(lookEvery, call.signal)
    const answer = await ask(call, 'GET', pathOf(id))
    const file = succeeded(answer) ? fileOf(answer.json) : undefined
    if (!file) throw unexpected(answer, `the file ${id}`)
    state = file.state
  }
  if (state === 'ACTIVE') return
  const message = `The vendor cannot use the file ${id}: it is ${state}.`
  throw new PrepareRefused({ kind: 'file', code: state, message })
}

const filePageSize = 100 // the vendor's most
const emptyPagesMax = 100

/** Files of the project that have not expired; whether results are among them, no page states. */
export async function* listFiles(call: Call): AsyncGenerator<StoredFile> {
  let empty = 0
  for (let token: string | null = ''; token !== null; ) {
    const query: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`
    const answer = await ask(call, 'GET', `/v1beta/files?pageSize=${filePageSize}${query}`)
    const page = succeeded(answer) ? filePageOf(answer.json) : undefined
    if (!page) throw unexpected(answer, 'the list of files')
    for (const value of page.files) {
      const file = fileOf(value)
      if (!file) throw unexpected(answer, 'the list of files')
      yield file
    }
    empty = page.files.length === 0 ? empty + 1 : 0
    if (page.next !== null && (page.next === token || empty > emptyPagesMax))
      throw new VendorUnavailable('The vendor repeats one page of its list of files for ever.')
    token = page.next
  }
}

/** undefined: there is no such file, or none of ours. */
export async function findFile(call: Call, id: string): Promise<StoredFile | undefined> {
  const answer = await ask(call, 'GET', pathOf(id))
  const file = succeeded(answer) ? fileOf(answer.json) : undefined
  if (!file && !isGone(answer)) throw unexpected(answer, `the file ${id}`)
  return file
}

/** Whether the vendor says that the file is gone. A missing one is forbidden here, as a stranger's is. */
export async function deleteFile(call: Call, id: string): Promise<void> {
  const answer = await ask(call, 'DELETE', pathOf(id))
  if (succeeded(answer) && answer.json !== undefined) return
  if (!isGone(answer)) throw unexpected(answer, `deleting the file ${id}`)
}

function isGone({ status, json }: Pick<HttpAnswer, 'status' | 'json'>): boolean {
  const error = envelopeOf(json)
  return error !== undefined && (status === 404 || (status === 403 && isAboutFile(error)))
}

/** A result file, by the address that the official SDK uses, or else by that of the guide. */
export async function downloadFile(call: Call, id: string): Promise<ResultStream> {
  const path = `${pathOf(id)}:download?alt=media`
  for (const address of [path, `/download${path}`]) {
    const request = requestOf(call, 'GET', address, {
      headers: { accept: '*/*', 'accept-encoding': 'identity' }, // Content-Length shall count the bytes we get
    })
    const answer = await call.http.stream(request).catch(asUnavailable)
    const { status, headers } = answer
    const encoding = headers['content-encoding'] ?? 'identity'
    if (status === 200 && encoding === 'identity' && !/^text\/html/i.test(headers['content-type'] ?? '')) {
      const length = Number(headers['content-length'] ?? Number.NaN)
      return { bytes: Number.isNaN(length) ? null : length, body: checked(answer.body, id) }
    }
    const json = await errorIn(answer)
    if (status === 404 && address === path) continue
    if (isGone({ status, json })) throw new ResultsGone(`Gemini no longer has the result file ${id}.`, { status })
    throw unexpected({ status, headers, json }, `the content of ${id}`)
  }
  throw new Error('unreachable')
}

/** The body of an answer that is no file; it says why. */
async function errorIn({ status, headers, body, discard }: HttpStream): Promise<unknown> {
  if (status === 200 || !/^application\/json/i.test(headers['content-type'] ?? '')) {
    discard()
    return undefined
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > errorBytesMax) break
    }
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined // it says nothing after all
  }
}

async function* checked(body: AsyncIterable<Uint8Array>, id: string): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const chunk of body) {
      // A proxy's error page under a wrong content type; no JSONL starts like this.
      if (first && chunk[0] === 60) throw new VendorUnavailable(`The content of ${id} is HTML, not JSONL.`)
      first = false
      yield chunk
    }
  } catch (error) {
    asUnavailable(error)
  }
}

/** Rows inside of an operation, as the lines of a file would have them; their numbers survive. */
export async function readInlined(call: Call, operation: string): Promise<ResultStream> {
  const answer = await ask(call, 'GET', `/v1beta/${operation}`, { answerBytesMax: inlinedBytesMax })
  if (!succeeded(answer) || answer.json === undefined) throw unexpected(answer, `the results of ${operation}`)
  const rows = inlinedRows(parseExact(answer.text).value)
  return {
    bytes: null,
    body: (async function* () {
      for (const row of rows) yield Buffer.from(`${JSON.stringify(lineOf(row))}\n`)
    })(),
  }
}

function lineOf(row: unknown): object {
  const { metadata, ...said } = row as { metadata?: { key?: unknown } }
  return { key: metadata?.key, ...said }
}

const pathOf = (id: string): string => `/v1beta/files/${encodeURIComponent(id.replace(/^files\//, ''))}`
