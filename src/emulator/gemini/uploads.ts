import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { bodyChunks } from '../body.ts'
import { isJson, type Json } from '../json.ts'
import type { Exchange } from '../server.ts'
import type { Desk, FileRecord } from './desk.ts'
import { exhausted, invalidArgument, notFound, problem, Refusal } from './errors.ts'
import { fileView } from './files.ts'
import { limits } from './limits.ts'
import { field } from './proto-json.ts'

/** Every part but the last is a whole number of these. */
const granularity = 8 << 20
/** What a dropped connection leaves behind is kept in steps of this. */
const keptSteps = 256 << 10

interface Upload {
  readonly id: string
  readonly project: string
  readonly origin: string
  readonly mimeType: string
  readonly displayName: string | undefined
  /** Wanted by the client, without `files/`. */
  readonly name: string | undefined
  /** Bytes announced, where they were. */
  readonly announced: number | undefined
  readonly path: string
  readonly hash: Hash
  hashed: number
  received: number
  status: 'active' | 'final' | 'cancelled'
  file: FileRecord | null
}

/** What a call to an upload answers: the headers say it, the body only at the very end. */
export interface UploadReply {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json | null
}

/** Resumable uploads: one call to start, then any number of parts at given offsets, the last one final. */
export interface Uploads {
  start(exchange: Exchange, project: string, origin: string, body: unknown): UploadReply
  /** @param share  of the part that is taken before the line drops */
  continue(exchange: Exchange, share: number | undefined): Promise<UploadReply>
}

export function createUploads(desk: Desk): Uploads {
  const uploads = new Map<string, Upload>()
  return {
    start(exchange, project, origin, body) {
      const upload = begun(desk, exchange, project, origin, body)
      uploads.set(upload.id, upload)
      const url = `${origin}/upload/v1beta/files?upload_id=${upload.id}&upload_protocol=resumable`
      return {
        headers: {
          'x-goog-upload-status': 'active',
          'x-goog-upload-url': url,
          'x-goog-upload-control-url': url,
          'x-goog-upload-chunk-granularity': String(granularity),
        },
        body: null,
      }
    },
    async continue(exchange, share) {
      const upload = uploads.get(exchange.query.get('upload_id') ?? '')
      if (!upload) throw new Refusal(notFound())
      const commands = (header(exchange, 'x-goog-upload-command') ?? '').split(',').map((word) => word.trim())
      if (commands.includes('query')) return stateOf(desk, upload)
      if (commands.includes('cancel')) return cancelled(upload)
      // A part whose answer was lost is sent again, even the last one.
      if (upload.status === 'final') return stateOf(desk, upload)
      if (upload.status === 'cancelled') throw new Refusal(problem('FAILED_PRECONDITION', 'Upload has been cancelled.'))
      if (!commands.includes('upload') && !commands.includes('finalize')) {
        throw new Refusal(invalidArgument('Invalid X-Goog-Upload-Command.'))
      }
      if (commands.includes('upload')) await take(upload, exchange, commands.includes('finalize'), share)
      if (commands.includes('finalize')) await finish(desk, upload)
      return stateOf(desk, upload)
    },
  }
}

function begun(desk: Desk, exchange: Exchange, project: string, origin: string, body: unknown): Upload {
  if (header(exchange, 'x-goog-upload-protocol') !== 'resumable') {
    throw new Refusal(invalidArgument('Upload protocol must be resumable.'))
  }
  if (header(exchange, 'x-goog-upload-command') !== 'start') {
    throw new Refusal(invalidArgument('Invalid X-Goog-Upload-Command: expected start.'))
  }
  const file = isJson(body) && isJson(body['file']) ? body['file'] : {}
  const size = header(exchange, 'x-goog-upload-header-content-length') ?? field(file, 'sizeBytes')
  const announced = size === undefined ? undefined : Number(size)
  if (announced !== undefined && announced > limits.fileBytesMax) {
    throw new Refusal(invalidArgument(`File is too large: ${announced} bytes. The maximum is ${limits.fileBytesMax}.`))
  }
  const stored = [...desk.files.values()]
    .filter((each) => each.project === project && each.source === 'UPLOADED' && each.expiresAt > desk.clock.now())
    .reduce((sum, each) => sum + each.bytes, 0)
  const storageMax = desk.switchboard.account().storageBytesMax ?? limits.storageBytesMax
  if (stored + (announced ?? 0) > storageMax) throw new Refusal(exhausted())
  const name = field(file, 'name') === undefined ? undefined : String(field(file, 'name')).replace(/^files\//, '')
  if (name !== undefined && !/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Refusal(
      invalidArgument(
        '* CreateFileRequest.file.name: must be up to 40 lower-case letters, digits or dashes, with no dash at either end.\n',
      ),
    )
  }
  if (name !== undefined && desk.files.has(name)) {
    throw new Refusal(problem('ALREADY_EXISTS', `File files/${name} already exists.`))
  }
  const id = desk.nextId('upload', 24)
  const displayName = field(file, 'displayName')
  return {
    id,
    project,
    origin,
    mimeType: String(
      field(file, 'mimeType') ?? header(exchange, 'x-goog-upload-header-content-type') ?? 'application/octet-stream',
    ),
    displayName: displayName === undefined ? undefined : String(displayName),
    name,
    announced,
    path: join(desk.dir, `gemini-${id}.upload`),
    hash: createHash('sha256'),
    hashed: 0,
    received: 0,
    status: 'active',
    file: null,
  }
}

/** Writes a part where it belongs. Parts may be sent again from any point that was reached before. */
async function take(upload: Upload, exchange: Exchange, isLast: boolean, share: number | undefined): Promise<void> {
  const offset = Number(header(exchange, 'x-goog-upload-offset') ?? 0)
  const length = Number(header(exchange, 'content-length') ?? Number.NaN)
  if (!Number.isInteger(offset) || offset < 0 || offset > upload.received) {
    throw new Refusal(invalidArgument(`Invalid upload offset ${offset}: ${upload.received} bytes were received.`))
  }
  if (!isLast && length % granularity !== 0) {
    throw new Refusal(invalidArgument(`A part that is not the last must be a multiple of ${granularity} bytes.`))
  }
  const stopAt = share === undefined ? Number.POSITIVE_INFINITY : Math.floor(length * share)
  const handle = await open(upload.path, upload.received === 0 ? 'w' : 'r+')
  let at = offset
  try {
    for await (const chunk of bodyChunks(exchange.request, exchange.idleBodyTimeoutMs)) {
      for (let from = 0; from < chunk.length; ) {
        from += (await handle.write(chunk, from, chunk.length - from, at + from)).bytesWritten
      }
      at += chunk.length
      hashOn(upload, chunk, at)
      // A part that breaks off is kept so far as it was surely written, and whoever asks is told at once.
      upload.received = Math.max(upload.received, at - (at % keptSteps))
      if (at > limits.fileBytesMax) throw new Refusal(invalidArgument('File is too large.'))
      if (at - offset > stopAt) exchange.request.socket.destroy()
    }
    upload.received = Math.max(upload.received, at)
  } finally {
    await handle.close()
  }
}

/** Bytes are hashed as they come; those that come twice, or after a gap, are hashed from the file at the end. */
function hashOn(upload: Upload, chunk: Buffer, end: number): void {
  if (upload.hashed !== end - chunk.length) return
  upload.hash.update(chunk)
  upload.hashed = end
}

async function finish(desk: Desk, upload: Upload): Promise<void> {
  if (upload.announced !== undefined && upload.received !== upload.announced) {
    throw new Refusal(
      invalidArgument(`Upload is incomplete: ${upload.received} of ${upload.announced} bytes were received.`),
    )
  }
  if (upload.received === 0) await (await open(upload.path, 'w')).close()
  const sha256 =
    upload.hashed === upload.received ? upload.hash.digest('hex') : await sha256Of(upload.path, upload.received)
  const { fileProcessingSeconds = 0, fileFails = false } = desk.switchboard.account()
  const createdAt = desk.clock.now()
  const id = upload.name ?? desk.nextId('file', 12)
  upload.file = {
    id,
    project: upload.project,
    displayName: upload.displayName,
    mimeType: upload.mimeType,
    bytes: upload.received,
    sha256,
    createdAt,
    expiresAt: createdAt + limits.fileLifeMs,
    activeAt: createdAt + fileProcessingSeconds * 1000,
    fails: fileFails,
    source: 'UPLOADED',
    path: upload.path,
    origin: upload.origin,
    readers: [],
  }
  desk.files.set(id, upload.file)
  upload.status = 'final'
  desk.log.record('gemini', 'upload', {
    file: `files/${id}`,
    bytes: upload.received,
    filename: upload.displayName ?? null,
    purpose: 'batch',
  })
}

async function sha256Of(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  if (bytes === 0) return hash.digest('hex')
  for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}

function stateOf(desk: Desk, upload: Upload): UploadReply {
  return {
    headers: {
      'x-goog-upload-status': upload.status,
      'x-goog-upload-size-received': String(upload.received),
      'x-goog-upload-chunk-granularity': String(granularity),
    },
    body: upload.file ? { file: fileView(desk, upload.file) } : null,
  }
}

async function cancelled(upload: Upload): Promise<UploadReply> {
  if (upload.status === 'active') {
    upload.status = 'cancelled'
    await unlink(upload.path).catch(() => undefined)
  }
  return { headers: { 'x-goog-upload-status': upload.status }, body: null }
}

function header({ request }: Exchange, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}
