import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { isJson, type Json } from '../json.ts'
import { checkedExpiry } from './create-checks.ts'
import type { Desk, UploadRecord } from './desk.ts'
import { invalid, missingParameter, noSuchUpload, Refusal } from './errors.ts'
import { addFile, checkContent, checkedPurpose, receiveFile } from './files.ts'
import type { Scope } from './scope.ts'
import { uploadView } from './view.ts'

const uploadBytesMax = 8_000_000_000
const partBytesMax = 64 << 20

/** POST /uploads. */
export function createUpload(desk: Desk, scope: Scope, body: unknown): Json {
  if (!isJson(body)) throw new Refusal(invalid('We could not parse the JSON body of your request.'))
  for (const name of ['bytes', 'filename', 'mime_type', 'purpose']) {
    if (body[name] === undefined || body[name] === null) throw new Refusal(missingParameter(name))
  }
  const bytes = Number(body['bytes'])
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > uploadBytesMax) {
    throw new Refusal(
      invalid(`Invalid 'bytes': expected an integer between 1 and ${uploadBytesMax}.`, 'bytes', 'invalid_value'),
    )
  }
  const upload: UploadRecord = {
    id: desk.nextId('upload'),
    scope: scope.key,
    bytes,
    filename: String(body['filename']),
    purpose: checkedPurpose(String(body['purpose'])),
    createdAt: desk.clock.now(),
    expiresAfter: checkedExpiry(body['expires_after'], 'expires_after') ?? null,
    parts: new Map(),
    status: 'pending',
    file: null,
  }
  desk.uploads.set(upload.id, upload)
  return uploadView(desk, upload)
}

/** POST /uploads/{id}/parts. Parts may arrive in parallel and in any order. */
export async function addPart(
  desk: Desk,
  scope: Scope,
  id: string,
  request: IncomingMessage,
  idleMs: number,
): Promise<Json> {
  const upload = pending(desk, scope, id)
  const received = await receiveFile(desk, request, idleMs, 'data', partBytesMax)
  if (received.filename === null) throw new Refusal(missingParameter('data'))
  if (received.bytes > partBytesMax) {
    await unlink(received.path)
    throw new Refusal(
      invalid(`Part is too large: ${received.bytes} bytes. The maximum is ${partBytesMax} bytes.`, 'data'),
    )
  }
  const partId = desk.nextId('part')
  upload.parts.set(partId, { path: received.path, bytes: received.bytes })
  return { id: partId, object: 'upload.part', created_at: desk.clock.seconds(), upload_id: id }
}

/** POST /uploads/{id}/complete. Puts the parts together in the order given. */
export async function completeUpload(desk: Desk, scope: Scope, id: string, body: unknown): Promise<Json> {
  const upload = pending(desk, scope, id)
  const partIds = isJson(body) && Array.isArray(body['part_ids']) ? (body['part_ids'] as unknown[]) : undefined
  if (!partIds) throw new Refusal(missingParameter('part_ids'))
  const parts = partIds.map((partId) => {
    const part = upload.parts.get(String(partId))
    if (!part) throw new Refusal(invalid(`Part '${String(partId)}' not found in upload '${id}'.`, 'part_ids'))
    return part
  })
  const total = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (total !== upload.bytes) {
    throw new Refusal(
      invalid(
        `The total bytes of the parts (${total}) do not match the bytes of the upload (${upload.bytes}).`,
        'bytes',
      ),
    )
  }
  const path = join(desk.dir, `${id}.input`)
  const md5 = await concatenate(
    parts.map((part) => part.path),
    path,
  )
  const expected = isJson(body) ? body['md5'] : undefined
  if (typeof expected === 'string' && expected !== md5) {
    await unlink(path)
    throw new Refusal(invalid('The md5 checksum does not match the uploaded bytes.', 'md5'))
  }
  await checkContent(desk, upload.purpose, upload.filename, total, path)
  const { purpose, filename } = upload
  upload.file = addFile(desk, scope, {
    purpose,
    filename,
    bytes: total,
    path,
    expires: upload.expiresAfter ?? undefined,
  })
  upload.status = 'completed'
  await dropParts(upload)
  return uploadView(desk, upload)
}

/** POST /uploads/{id}/cancel. */
export async function cancelUpload(desk: Desk, scope: Scope, id: string): Promise<Json> {
  const upload = pending(desk, scope, id)
  upload.status = 'cancelled'
  await dropParts(upload)
  return uploadView(desk, upload)
}

function pending(desk: Desk, scope: Scope, id: string): UploadRecord {
  const upload = desk.uploads.get(id)
  if (!upload || upload.scope !== scope.key) throw new Refusal(noSuchUpload(id))
  const status = uploadView(desk, upload)['status']
  if (status !== 'pending') throw new Refusal(invalid(`Upload '${id}' is ${String(status)} and takes no more calls.`))
  return upload
}

async function dropParts(upload: UploadRecord): Promise<void> {
  await Promise.all([...upload.parts.values()].map((part) => unlink(part.path).catch(() => undefined)))
  upload.parts.clear()
}

async function concatenate(sources: readonly string[], path: string): Promise<string> {
  const hash = createHash('md5')
  const handle = await open(path, 'w')
  try {
    for (const source of sources) {
      for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten
      }
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}
