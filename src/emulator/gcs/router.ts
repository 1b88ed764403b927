import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { masked } from '../gemini/fields-mask.ts'
import { type Json, parsedJson } from '../json.ts'
import { type Exchange, sendText } from '../server.ts'
import { sendError, sendFile, strike, type WireAct } from '../wire.ts'
import { anonymous, invalid, noSuchObject, preconditionFailed, Refusal, unauthorized, unknownPath } from './errors.ts'
import type { Operation, StorageSwitchboard } from './faults.ts'
import { etagOf, type ObjectStore, objectView, type StoredObject } from './objects.ts'
import { matches, type Progress, type StorageUploads } from './uploads.ts'

const bucketPath = /^\/storage\/v1\/b\/([^/]+)$/
const objectsPath = /^\/(?:(?:resumable\/)?(upload)\/)?storage\/v1\/b\/([^/]+)\/o$/
const objectPath = /^\/(?:(download)\/)?storage\/v1\/b\/([^/]+)\/o\/(.+)$/

export function createStorageRouter(
  store: ObjectStore,
  uploads: StorageUploads,
  switchboard: StorageSwitchboard,
): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const { response } = exchange
    try {
      checkToken(exchange)
      await store.settle()
      const operation = operationOf(exchange)
      const act = switchboard.wire(operation, (candidate) => fits(candidate, operation))
      if (act?.kind === 'delay') await setTimeout(act.milliseconds)
      if (act && strike(act, '', response, exchange.stampDate)) return
      const takenMax = switchboard.account().partBytesTaken
      await run(exchange, operation, act, { store, uploads, takenMax })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      exchange.stampDate()
      sendError(response, error.wire)
    }
  }
}

function operationOf({ method, path, query }: Exchange): Operation {
  if (objectsPath.test(path)) {
    if (method === 'GET') return 'objects'
    if (method === 'PUT' || method === 'DELETE') return 'upload'
    return query.get('uploadType') === 'resumable' && !query.has('upload_id') ? 'start' : 'upload'
  }
  if (objectPath.test(path)) {
    if (method === 'DELETE') return 'delete-object'
    return query.get('alt') === 'media' || path.startsWith('/download/') ? 'download' : 'object'
  }
  if (bucketPath.test(path)) return 'bucket'
  throw new Refusal(unknownPath())
}

function fits(act: WireAct, operation: Operation): boolean {
  if (act.kind === 'cut-upload') return operation === 'upload'
  if (act.kind === 'cut-download' || act.kind === 'short-download') return operation === 'download'
  return act.kind !== 'fresh-file' && act.kind !== 'land-late'
}

interface Storage {
  readonly store: ObjectStore
  readonly uploads: StorageUploads
  readonly takenMax: number | undefined
}

async function run(
  exchange: Exchange,
  operation: Operation,
  act: WireAct | undefined,
  storage: Storage,
): Promise<void> {
  const { path, query, response } = exchange
  const after = () => act !== undefined && strike(act, '-after', response, exchange.stampDate)
  if (operation === 'start' || operation === 'upload') return upload(exchange, operation, act, storage, after)
  const [, , bucket = '', encoded = ''] = objectPath.exec(path) ?? objectsPath.exec(path) ?? []
  if (operation === 'bucket') {
    const name = bucketPath.exec(path)?.[1] ?? ''
    return answer(exchange, { kind: 'storage#bucket', id: name, name, location: 'US', storageClass: 'STANDARD' })
  }
  if (operation === 'objects') return answer(exchange, listOf(storage.store, decodeURIComponent(bucket), query))
  const name = decodeURIComponent(encoded)
  const object = storage.store.get(bucket, name)
  if (!object) throw new Refusal(noSuchObject(bucket, name))
  if (!matches(object, query.get('ifGenerationMatch'))) throw new Refusal(preconditionFailed())
  if (operation === 'object') return answer(exchange, objectView(object))
  if (operation === 'download') return download(exchange, object, act)
  storage.store.delete(object)
  if (after()) return
  exchange.stampDate()
  response.writeHead(204)
  response.end()
}

async function upload(
  exchange: Exchange,
  operation: 'start' | 'upload',
  act: WireAct | undefined,
  { uploads, takenMax }: Storage,
  after: () => boolean,
): Promise<void> {
  const { path, query, request, response, method } = exchange
  const [, isUpload, encoded = ''] = objectsPath.exec(path) ?? []
  if (isUpload === undefined) throw new Refusal(unknownPath())
  const bucket = decodeURIComponent(encoded)
  const session = query.get('upload_id')
  const length = Number(request.headers['content-length'] ?? 0)
  const cut = act?.kind === 'cut-upload' ? Math.floor(length * act.share) : undefined
  if (operation === 'start') {
    const id = uploads.start(exchange, bucket, parsedJson(await wholeBody(request, exchange.idleBodyTimeoutMs)))
    if (after()) return
    const kept = new URLSearchParams(query)
    kept.set('upload_id', id)
    response.setHeader('location', `http://${request.headers.host ?? 'localhost'}/gcs${path}?${kept}`)
    response.setHeader('x-guploader-uploadid', id)
    exchange.stampDate()
    return sendText(response, 200, 'text/plain; charset=utf-8', '')
  }
  if (session !== null && method === 'DELETE') {
    uploads.abandon(session)
    response.writeHead(499)
    return void response.end()
  }
  if (session !== null) {
    const progress = await uploads.part(exchange, session, cut, takenMax)
    return after() ? undefined : sendProgress(exchange, progress)
  }
  const kind = query.get('uploadType')
  if (method !== 'POST' || (kind !== 'media' && kind !== 'multipart')) {
    throw new Refusal(invalid('uploadType must be media, multipart or resumable.'))
  }
  const object = await uploads[kind](exchange, bucket, cut)
  if (!after()) answer(exchange, objectView(object))
}

/** 308 means: go on after these. */
function sendProgress(exchange: Exchange, progress: Progress): void {
  if ('object' in progress) return answer(exchange, objectView(progress.object))
  exchange.stampDate()
  const range = progress.received > 0 ? { range: `bytes=0-${progress.received - 1}` } : {}
  exchange.response.writeHead(308, { ...range, 'content-length': 0 })
  exchange.response.end()
}

function answer(exchange: Exchange, value: Json): void {
  exchange.stampDate()
  const fields = exchange.query.get('fields')
  const shown = fields === null ? value : (masked(value, fields) ?? {})
  sendText(exchange.response, 200, 'application/json; charset=UTF-8', JSON.stringify(shown))
}

function download(exchange: Exchange, object: StoredObject, act: WireAct | undefined): void {
  const { response, request } = exchange
  exchange.stampDate()
  const headers = {
    'content-type': object.contentType,
    'x-goog-generation': object.generation,
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    etag: etagOf(object),
    'accept-ranges': 'bytes',
  }
  const range = request.headers.range === undefined ? undefined : wantedRange(request.headers.range, object.size)
  if (range === null) {
    response.writeHead(416, { 'content-range': `bytes */${object.size}`, 'content-length': 0 })
    return void response.end()
  }
  if (range === undefined) return sendFile(response, { path: object.path, bytes: object.size, headers }, act)
  const [start, end] = range
  const contentRange = `bytes ${start}-${end}/${object.size}`
  const part = { path: object.path, start, bytes: end + 1 - start, status: 206 }
  sendFile(response, { ...part, headers: { ...headers, 'content-range': contentRange } }, act)
}

/** @returns null for a range that begins past the end; undefined for one that is no range */
function wantedRange(text: string, size: number): [number, number] | null | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(text)
  if (!found || (found[1] === '' && found[2] === '')) return undefined
  const start = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1])
  const end = found[1] === '' || found[2] === '' ? size - 1 : Math.min(size - 1, Number(found[2]))
  return start >= size || end < start ? null : [start, end]
}

function listOf(store: ObjectStore, bucket: string, query: URLSearchParams): Json {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const max = Math.min(1000, Number(query.get('maxResults') ?? 1000) || 1000)
  const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString('utf8')
  const items: Json[] = []
  const prefixes = new Set<string>()
  let last = ''
  for (const object of store.list(bucket)) {
    const { name } = object
    if (!name.startsWith(prefix) || (after !== '' && name <= after)) continue
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    const folder = cut < 0 ? undefined : name.slice(0, cut + delimiter.length)
    // What lies in a folder already told belongs to this page still.
    if (items.length + prefixes.size >= max && !(folder !== undefined && prefixes.has(folder))) {
      return { ...objects(items, prefixes), nextPageToken: Buffer.from(last).toString('base64url') }
    }
    last = name
    if (folder !== undefined) prefixes.add(folder)
    else items.push(objectView(object))
  }
  return objects(items, prefixes)
}

function objects(items: readonly Json[], prefixes: ReadonlySet<string>): Json {
  return {
    kind: 'storage#objects',
    ...(items.length > 0 ? { items } : {}),
    ...(prefixes.size > 0 ? { prefixes: [...prefixes] } : {}),
  }
}

/** The URL of an upload session is a credential of its own. */
function checkToken({ request, query }: Exchange): void {
  if (query.has('upload_id')) return
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) throw new Refusal(anonymous())
  if (token === 'ya29.wrong') throw new Refusal(unauthorized())
}
