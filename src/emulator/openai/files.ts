import { open, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { bodyChunks } from '../body.ts'
import type { Json } from '../json.ts'
import { boundaryOf, MultipartBroken, scanMultipart } from '../multipart.ts'
import { listOf, pageAfter, pageLimit } from './batches.ts'
import { momentOf } from './course.ts'
import { checkedExpiry } from './create-checks.ts'
import { type Desk, type FileRecord, fileOf } from './desk.ts'
import { envelope, invalid, missingFile, missingParameter, noSuchFile, Refusal, rateLimited } from './errors.ts'
import type { Scope } from './scope.ts'
import { limits } from './validate.ts'
import { fileView } from './view.ts'

export const uploadPurposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']

/** A multipart body with one file in it, received to disk. */
export interface Received {
  readonly fields: Readonly<Record<string, string>>
  readonly path: string
  readonly bytes: number
  readonly filename: string | null
}

const fieldBytesMax = 64 << 10

/** Streams the part named `part` to a file; whatever goes wrong, nothing is left behind. */
export async function receiveFile(
  desk: Desk,
  request: IncomingMessage,
  idleMs: number,
  part: string,
  bytesMax: number,
  cut?: (bytes: number) => void,
): Promise<Received> {
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary === undefined) {
    throw new Refusal(invalid('Invalid Content-Type header. Expected multipart/form-data.'))
  }
  const path = join(desk.dir, `${desk.nextId('upload-body')}.input`)
  const handle = await open(path, 'w')
  const fields: Record<string, string> = {}
  let bytes = 0
  let filename: string | null = null
  let field: string | null = null
  let pending: Buffer[] = []
  let pendingBytes = 0
  const flush = async () => {
    if (pendingBytes === 0) return
    const block = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending)
    pending = []
    pendingBytes = 0
    for (let at = 0; at < block.length; ) at += (await handle.write(block, at)).bytesWritten
  }
  try {
    await scanMultipart(bodyChunks(request, idleMs), boundary, {
      begin(head) {
        field = head.name
        if (head.name === part) filename = head.filename ?? ''
        else fields[head.name] = ''
        return undefined
      },
      data(chunk) {
        if (field !== part) {
          const name = field ?? ''
          if ((fields[name] ?? '').length < fieldBytesMax) fields[name] += chunk.toString('utf8')
          return undefined
        }
        bytes += chunk.length
        cut?.(bytes)
        if (bytes > bytesMax) return undefined
        pending.push(chunk)
        pendingBytes += chunk.length
        return pendingBytes >= 1 << 20 ? flush() : undefined
      },
      end: () => undefined,
    })
    await flush()
    await handle.close()
  } catch (error) {
    await handle.close()
    await unlink(path).catch(() => undefined)
    if (error instanceof MultipartBroken) throw new Refusal(invalid(error.message))
    throw error
  }
  return { fields, path, bytes, filename }
}

/** POST /files. */
export async function uploadFile(
  desk: Desk,
  scope: Scope,
  request: IncomingMessage,
  idleMs: number,
  cut?: (bytes: number) => void,
): Promise<FileRecord> {
  const received = await receiveFile(
    desk,
    request,
    idleMs,
    'file',
    Math.max(limits.fileBytesMax, desk.likeness.fileBytesMax ?? 0),
    cut,
  )
  try {
    return await keepFile(desk, scope, received)
  } catch (error) {
    await unlink(received.path).catch(() => undefined)
    if (error instanceof Refusal) {
      const { status, body } = error.wire
      desk.log.record(desk.likeness.name, 'upload-refused', { status, bytes: received.bytes, error: body.error })
    }
    throw error
  }
}

async function keepFile(desk: Desk, scope: Scope, received: Received): Promise<FileRecord> {
  const { fields, filename, bytes, path } = received
  if (filename === null) throw new Refusal(missingParameter('file'))
  const { dress } = desk.likeness
  const purpose = dress && fields['purpose'] === dress.purpose ? 'batch' : checkedPurpose(fields['purpose'])
  const expires = checkedExpiry(expiryField(fields), 'expires_after')
  await checkContent(desk, purpose, filename, bytes, path)
  const minuteAgo = desk.clock.now() - 60_000
  let lastMinute = 0
  for (const file of desk.files.values())
    if (file.createdAt > minuteAgo && file.purpose !== 'batch_output') lastMinute++
  if (lastMinute >= limits.uploadsPerMinuteMax) {
    throw new Refusal(
      rateLimited(`Rate limit reached for file uploads. Limit: ${limits.uploadsPerMinuteMax} per minute.`, 5),
    )
  }
  return addFile(desk, scope, { purpose, filename, bytes, path, expires })
}

export function checkedPurpose(purpose: string | undefined): string {
  if (purpose === undefined || purpose === '') throw new Refusal(missingParameter('purpose'))
  if (!uploadPurposes.includes(purpose)) {
    const supported = uploadPurposes.map((each) => `'${each}'`)
    const listed = `${supported.slice(0, -1).join(', ')}, and ${supported.at(-1)}`
    throw new Refusal(
      invalid(`Invalid value: '${purpose}'. Supported values are: ${listed}.`, 'purpose', 'invalid_value'),
    )
  }
  return purpose
}

/** The shallow checks of an upload: name, size, and whether it begins like JSONL at all. */
export async function checkContent(
  desk: Desk,
  purpose: string,
  filename: string,
  bytes: number,
  path: string,
): Promise<void> {
  if (purpose !== 'batch') {
    if (bytes > limits.fileBytesMax) throw new Refusal(tooLarge(bytes, limits.fileBytesMax))
    return
  }
  if (!filename.toLowerCase().endsWith('.jsonl')) throw badFormat()
  const { fileBytesMax = limits.batchFileBytesMax } = desk.likeness
  if (bytes > fileBytesMax) throw new Refusal(tooLarge(bytes, fileBytesMax))
  if (bytes === 0 || !(await beginsLikeJsonl(path))) throw badFormat()
  const storage = desk.switchboard.account().storageBytesMax
  if (storage === undefined) return
  let stored = bytes
  for (const file of desk.files.values()) stored += file.bytes
  if (stored > storage) {
    throw new Refusal(
      envelope(
        403,
        'invalid_request_error',
        `You have exceeded your file storage quota: ${stored} of ${storage} bytes. Delete files you no longer need.`,
        null,
        'storage_quota_exceeded',
      ),
    )
  }
}

const badFormat = () => new Refusal(invalid('Invalid file format for Batch API. Must be .jsonl'))

const tooLarge = (bytes: number, max: number) =>
  invalid(`File is too large: ${bytes} bytes. The maximum is ${max} bytes.`, 'file', 'file_too_large')

const firstLineBytesMax = 1 << 20

async function beginsLikeJsonl(path: string): Promise<boolean> {
  const handle = await open(path)
  try {
    const head = Buffer.alloc(firstLineBytesMax)
    const { bytesRead } = await handle.read(head, 0, firstLineBytesMax, 0)
    const end = head.subarray(0, bytesRead).indexOf(10)
    // A first line longer than this is looked at by the batch's validation, not here.
    if (end < 0 && bytesRead === firstLineBytesMax) return true
    const line: unknown = JSON.parse(head.toString('utf8', 0, end < 0 ? bytesRead : end))
    return typeof line === 'object' && line !== null && !Array.isArray(line)
  } catch {
    return false
  } finally {
    await handle.close()
  }
}

function expiryField(fields: Readonly<Record<string, string>>): unknown {
  const anchor = fields['expires_after[anchor]']
  const seconds = fields['expires_after[seconds]']
  return anchor === undefined && seconds === undefined ? undefined : { anchor, seconds: Number(seconds) }
}

const batchFileExpiry = 2_592_000

export function addFile(
  desk: Desk,
  scope: Scope,
  {
    purpose,
    filename,
    bytes,
    path,
    expires,
  }: { purpose: string; filename: string; bytes: number; path: string; expires: number | undefined },
): FileRecord {
  const createdAt = desk.clock.now()
  const lifetime = expires ?? (purpose === 'batch' ? batchFileExpiry : undefined)
  const file: FileRecord = {
    id: desk.nextId('file'),
    scope: scope.key,
    purpose,
    filename,
    bytes,
    createdAt,
    expiresAt: lifetime === undefined ? null : Math.floor(createdAt / 1000) + lifetime,
    path,
    readers: [],
  }
  desk.files.set(file.id, file)
  desk.log.record(desk.likeness.name, 'upload', { file: file.id, bytes, filename, purpose })
  return file
}

/** GET /files. */
export function listFiles(desk: Desk, scope: Scope, query: URLSearchParams): Json {
  const limit = pageLimit(query, 10_000, 10_000)
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') {
    throw new Refusal(
      invalid(`Invalid value: '${order}'. Supported values are: 'asc' and 'desc'.`, 'order', 'invalid_value'),
    )
  }
  const purpose = query.get('purpose')
  const files = [...desk.files.values()].filter(
    (file) => fileOf(desk, scope.key, file.id) && (purpose === null || file.purpose === purpose),
  )
  const ordered = order === 'desc' ? files.toReversed() : files
  const page = pageAfter(ordered, query.get('after'), limit, noSuchFile)
  return listOf(page.items.map(fileView), page.hasMore)
}

/** The newest first. */
export const ownFiles = (desk: Desk, scope: string): FileRecord[] =>
  [...desk.files.values()].filter((file) => fileOf(desk, scope, file.id)).toReversed()

export function existingFile(desk: Desk, scope: Scope, id: string): FileRecord {
  const file = fileOf(desk, scope.key, id)
  if (!file) throw new Refusal(noSuchFile(id))
  return file
}

/** DELETE /files/{id}. A batch that has not finished validating loses its input with it. */
export function deleteFile(desk: Desk, scope: Scope, id: string): Json {
  const file = existingFile(desk, scope, id)
  desk.files.delete(id)
  const now = desk.clock.now()
  for (const batch of desk.batches.values()) {
    if (batch.inputFileId !== id || batch.scope !== scope.key) continue
    if (momentOf(batch.course, 0, now).status === 'validating')
      batch.course.failure = [missingFile(id, scope.organization)]
  }
  // Results are views into a batch's own files, which the bill and the log still need.
  if (file.purpose !== 'batch_output') {
    void Promise.allSettled(file.readers).then(() => unlink(file.path).catch(() => undefined))
  }
  desk.log.record(desk.likeness.name, 'delete', { file: id, purpose: file.purpose })
  return { object: 'file', id, deleted: true }
}
