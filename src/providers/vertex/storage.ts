import { VendorUnavailable } from '../../domain/errors.ts'
import { MINUTE } from '../../kit/clock.ts'
import type { StreamedBody } from '../../kit/http.ts'
import { type Call, PrepareRefused, type ResultStream, ResultsGone } from '../contract.ts'
import { storageOf } from './account.ts'
import { ask, asUnavailable, requestOf, succeeded, unexpected } from './calls.ts'
import { envelopeOf, objectsOf, partsOf, type StoredObject, sizeOf, uploadRefusalOf } from './wire.ts'

/** Objects of Cloud Storage, by their `gs://bucket/name`. */

const uploadAnswerMs = 5 * MINUTE

/** Writes an object of exactly so many bytes in one go. Throws VendorUnavailable, or PrepareRefused. */
export async function upload(call: Call, uri: string, type: string, body: StreamedBody): Promise<void> {
  const { bucket, name } = partsOf(uri)
  const place = `${storageOf(call).url}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`
  const answer = await ask(call, 'POST', `${place}?uploadType=media&name=${encodeURIComponent(name)}`, {
    headers: { 'content-type': type },
    headersTimeoutMs: uploadAnswerMs,
    body,
  })
  const refusal = uploadRefusalOf(answer)
  if (refusal) throw new PrepareRefused(refusal)
  const size = succeeded(answer) ? sizeOf(answer.json) : undefined
  if (size === undefined) throw unexpected(answer, 'the upload')
  if (size !== body.bytes)
    throw new VendorUnavailable(`Cloud Storage holds ${size} bytes of the ${body.bytes} uploaded as ${uri}.`)
}

/** Names of the objects below a `gs://bucket/prefix`, as `gs://` URIs, in order. */
export async function listBelow(call: Call, prefixUri: string): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of objectsBelow(call, prefixUri)) found.push(name)
  return found
}

/** The objects below a `gs://bucket/prefix`, each under its `gs://` URI, in order. */
export async function* objectsBelow(call: Call, prefixUri: string): AsyncGenerator<StoredObject> {
  const { bucket, name } = partsOf(prefixUri)
  const place = `${storageOf(call).url}/storage/v1/b/${encodeURIComponent(bucket)}/o`
  for (let token: string | null = ''; token !== null; ) {
    const page: string = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`
    const answer = await ask(call, 'GET', `${place}?prefix=${encodeURIComponent(name)}${page}`)
    const found = succeeded(answer) ? objectsOf(answer.json) : undefined
    if (!found) throw unexpected(answer, `the list of ${prefixUri}`)
    for (const object of found.objects) yield { ...object, name: `gs://${bucket}/${object.name}` }
    if (found.next !== null && found.next === token)
      throw new VendorUnavailable(`Cloud Storage repeats one page of its list of ${prefixUri} for ever.`)
    token = found.next
  }
}

/** Throws unless the storage itself says that it is gone: a fence that is only hoped for is none. */
export async function erase(call: Call, uri: string): Promise<void> {
  const answer = await ask(call, 'DELETE', urlOf(call, uri))
  const gone = succeeded(answer) || (answer.status === 404 && envelopeOf(answer.json) !== undefined)
  if (!gone) throw unexpected(answer, `deleting ${uri}`)
}

/** Reads an object from its start. Throws ResultsGone when there is none. */
export async function read(call: Call, uri: string): Promise<ResultStream> {
  const request = await requestOf(call, 'GET', `${urlOf(call, uri)}?alt=media`, {
    headers: { accept: '*/*', 'accept-encoding': 'identity' }, // Content-Length shall count the bytes we get
  })
  const { status, headers, body, discard } = await call.http.stream(request).catch(asUnavailable)
  const encoding = headers['content-encoding'] ?? 'identity'
  if (status !== 200 || encoding !== 'identity' || /^text\/html/i.test(headers['content-type'] ?? '')) {
    discard()
    // A 404 of this call comes as text/html with a sentence in it, whoever asks.
    if (status === 404) throw new ResultsGone(`Cloud Storage has no object ${uri}.`, { status })
    throw unexpected({ status, headers, json: undefined }, `the content of ${uri}`)
  }
  const length = Number(headers['content-length'] ?? Number.NaN)
  return { bytes: Number.isNaN(length) ? null : length, body: checked(body, uri) }
}

async function* checked(body: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const chunk of body) {
      if (first && chunk[0] === 60) throw new VendorUnavailable(`The content of ${uri} is HTML, not JSONL.`)
      first = false
      yield chunk
    }
  } catch (error) {
    asUnavailable(error)
  }
}

function urlOf(call: Call, uri: string): string {
  const { bucket, name } = partsOf(uri)
  return `${storageOf(call).url}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`
}
