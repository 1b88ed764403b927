import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { bodyChunks } from '../body.ts'
import { isJson, type Json, parsedJson } from '../json.ts'
import type { ActLog } from '../log.ts'
import { boundaryOf, MultipartBroken, scanMultipart } from '../multipart.ts'
import type { Exchange } from '../server.ts'
import { invalid, preconditionFailed, Refusal, sessionGone } from './errors.ts'
import { type Checksums, checksumsOf, createSumming, type ObjectStore, type StoredObject } from './objects.ts'

/** Parts of a resumable upload are whole numbers of this, but for the last. */
const partStep = 256 << 10

interface Session {
  readonly id: string
  readonly bucket: string
  readonly name: string
  readonly contentType: string
  readonly metadata: Json | undefined
  readonly generationMatch: string | null
  readonly path: string
  received: number
  object: StoredObject | null
}

/** How far a session is: done with an object, or so many bytes in. */
export type Progress = { readonly object: StoredObject } | { readonly received: number }

export interface StorageUploads {
  /** The whole object is the body. */
  media(exchange: Exchange, bucket: string, cut: number | undefined): Promise<StoredObject>
  /** Two parts: what it is called, and what it is. */
  multipart(exchange: Exchange, bucket: string, cut: number | undefined): Promise<StoredObject>
  /** @returns the id of the session */
  start(exchange: Exchange, bucket: string, body: unknown): string
  part(exchange: Exchange, id: string, cut: number | undefined, takenMax: number | undefined): Promise<Progress>
  abandon(id: string): void
}

export function createStorageUploads(
  store: ObjectStore,
  dir: string,
  nextId: (kind: string, length: number) => string,
  log: ActLog,
): StorageUploads {
  const sessions = new Map<string, Session>()
  const freshPath = () => join(dir, `gcs-${nextId('object', 20)}.object`)

  const receive = async (
    exchange: Exchange,
    cut: number | undefined,
    run: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
  ) => {
    const path = freshPath()
    const summing = createSumming()
    const handle = await open(path, 'w')
    try {
      await run(async (bytes) => {
        summing.add(bytes)
        for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten
        if (cut !== undefined && summing.size > cut) exchange.request.socket.destroy()
      })
      return { path, checksums: summing.done() }
    } catch (error) {
      await unlink(path).catch(() => undefined)
      throw error
    } finally {
      await handle.close()
    }
  }

  const keep = async (
    target: Pick<StoredObject, 'bucket' | 'name' | 'contentType' | 'metadata' | 'path'>,
    checksums: Checksums,
    generationMatch: string | null,
  ) => {
    if (!matches(store.get(target.bucket, target.name), generationMatch)) {
      await unlink(target.path).catch(() => undefined)
      throw new Refusal(preconditionFailed())
    }
    const object = store.put(target, checksums)
    log.record('gcs', 'upload', { file: `gs://${object.bucket}/${object.name}`, bytes: object.size })
    return object
  }

  return {
    async media(exchange, bucket, cut) {
      const name = nameOf(exchange.query, undefined)
      const { path, checksums } = await receive(exchange, cut, async (write) => {
        for await (const chunk of bodyChunks(exchange.request, exchange.idleBodyTimeoutMs)) await write(chunk)
      })
      const contentType = exchange.request.headers['content-type'] ?? 'application/octet-stream'
      return keep({ bucket, name, contentType, metadata: undefined, path }, checksums, generationOf(exchange))
    },

    async multipart(exchange, bucket, cut) {
      const boundary = boundaryOf(exchange.request.headers['content-type'], 'related')
      if (boundary === undefined) throw new Refusal(invalid('Expected multipart/related with a boundary.'))
      let parts = 0
      let head = ''
      let dataType: string | undefined
      const { path, checksums } = await receive(exchange, cut, async (write) => {
        try {
          await scanMultipart(bodyChunks(exchange.request, exchange.idleBodyTimeoutMs), boundary, {
            begin({ contentType }) {
              if (++parts === 2) dataType = contentType
              return undefined
            },
            data(bytes) {
              if (parts === 1) head += bytes.toString('utf8')
              return parts === 2 ? write(bytes) : undefined
            },
            end: () => undefined,
          })
        } catch (error) {
          if (error instanceof MultipartBroken) throw new Refusal(invalid(error.message))
          throw error
        }
      })
      const described = parsedJson(Buffer.from(head))
      if (parts !== 2 || !isJson(described)) throw new Refusal(invalid('Expected metadata as JSON, then the object.'))
      const name = nameOf(exchange.query, described['name'])
      const contentType = String(described['contentType'] ?? dataType ?? 'application/octet-stream')
      const metadata = isJson(described['metadata']) ? described['metadata'] : undefined
      return keep({ bucket, name, contentType, metadata, path }, checksums, generationOf(exchange))
    },

    start(exchange, bucket, body) {
      const described = isJson(body) ? body : {}
      const name = nameOf(exchange.query, described['name'])
      const generationMatch = generationOf(exchange)
      if (!matches(store.get(bucket, name), generationMatch)) throw new Refusal(preconditionFailed())
      const id = nextId('session', 40)
      sessions.set(id, {
        id,
        bucket,
        name,
        contentType: String(
          described['contentType'] ?? exchange.request.headers['x-upload-content-type'] ?? 'application/octet-stream',
        ),
        metadata: isJson(described['metadata']) ? described['metadata'] : undefined,
        generationMatch,
        path: freshPath(),
        received: 0,
        object: null,
      })
      return id
    },

    async part(exchange, id, cut, takenMax) {
      const session = sessions.get(id)
      if (!session) throw new Refusal(sessionGone())
      if (session.object) return { object: session.object }
      const range = rangeOf(exchange)
      if (range.from !== undefined) await take(session, exchange, range, cut, takenMax)
      if (range.total === undefined || session.received < range.total) return { received: session.received }
      if (session.received === 0) await (await open(session.path, 'w')).close()
      const { bucket, name, contentType, metadata, path } = session
      const checksums = await checksumsOf(path, session.received)
      session.object = await keep({ bucket, name, contentType, metadata, path }, checksums, session.generationMatch)
      return { object: session.object }
    },

    abandon(id) {
      const session = sessions.get(id)
      if (!session) throw new Refusal(sessionGone())
      sessions.delete(id)
      if (!session.object) void unlink(session.path).catch(() => undefined)
    },
  }
}

interface PartRange {
  /** Undefined when only the state is asked for. */
  readonly from: number | undefined
  readonly end: number
  readonly total: number | undefined
}

/** `bytes 0-262143/*`, `bytes 262144-299999/300000`, `bytes *\/300000`; without the header, the rest in one piece. */
function rangeOf({ request }: Exchange): PartRange {
  const text = request.headers['content-range']
  if (text === undefined) {
    const length = Number(request.headers['content-length'] ?? 0)
    return { from: 0, end: length - 1, total: length }
  }
  const found = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(text)
  if (!found) throw new Refusal(invalid(`Invalid Content-Range: ${text}`))
  const total = found[3] === '*' ? undefined : Number(found[3])
  if (found[1] === undefined) return { from: undefined, end: -1, total }
  return { from: Number(found[1]), end: Number(found[2]), total }
}

async function take(
  session: Session,
  exchange: Exchange,
  { from = 0, end, total }: PartRange,
  cut: number | undefined,
  takenMax: number | undefined,
): Promise<void> {
  if (from > session.received) {
    throw new Refusal(invalid(`The part begins at ${from}, but ${session.received} bytes were received.`))
  }
  const isLast = total !== undefined && end + 1 >= total
  if (!isLast && (end + 1 - from) % partStep !== 0) {
    throw new Refusal(invalid(`A part that is not the last must be a multiple of ${partStep} bytes.`))
  }
  const handle = await open(session.path, session.received === 0 ? 'w' : 'r+')
  let at = from
  // A part that breaks off is kept so far as it was surely written, and whoever asks is told at once.
  const keep = (end: number) => {
    const taken = Math.min(end, from + (takenMax ?? Number.POSITIVE_INFINITY))
    session.received = Math.max(session.received, taken)
  }
  try {
    for await (const chunk of bodyChunks(exchange.request, exchange.idleBodyTimeoutMs)) {
      for (let written = 0; written < chunk.length; ) {
        written += (await handle.write(chunk, written, chunk.length - written, at + written)).bytesWritten
      }
      at += chunk.length
      keep(at - (at % partStep))
      if (cut !== undefined && at - from > cut) exchange.request.socket.destroy()
    }
    keep(at)
  } finally {
    await handle.close()
  }
}

function nameOf(query: URLSearchParams, described: unknown): string {
  const name = query.get('name') ?? (typeof described === 'string' ? described : '')
  if (name === '') throw new Refusal(invalid('Required parameter: name'))
  return name
}

function generationOf({ query }: Exchange): string | null {
  return query.get('ifGenerationMatch')
}

/** Zero means: only if there is no such object yet. */
export function matches(object: StoredObject | undefined, generation: string | null): boolean {
  if (generation === null) return true
  return generation === '0' ? object === undefined : object?.generation === generation
}
