import { open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { bodyChunks } from '../body.ts'
import { isJson, type Json, list } from '../json.ts'
import { boundaryOf, MultipartBroken, scanMultipart } from '../multipart.ts'
import type { Exchange } from '../server.ts'
import type { Caller } from './caller.ts'
import type { Desk } from './desk.ts'
import { invalid, type Problem, Refusal } from './errors.ts'
import { type Seen, seenIn } from './media.ts'

/** A file that was uploaded; what requests that name it are told by. Its bytes are not kept. */
export interface FileRecord {
  readonly id: string
  readonly workspace: string
  readonly filename: string
  readonly mimeType: string
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly seen: Seen
}

const fileBytesMax = 500_000_000
const lifetimes = { min: 3_600, max: 7_776_000 }

/** POST /v1/files */
export async function uploadFile(desk: Desk, caller: Caller, { request, idleBodyTimeoutMs }: Exchange): Promise<Json> {
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary === undefined) throw new Refusal(invalid('Content-Type must be multipart/form-data'))
  const path = join(desk.dir, desk.nextId('upload'))
  const handle = await open(path, 'w')
  const fields: Record<string, string> = {}
  let [field, filename, mimeType, bytes] = ['', '', 'application/octet-stream', -1]
  try {
    await scanMultipart(bodyChunks(request, idleBodyTimeoutMs), boundary, {
      begin(head) {
        field = head.name
        if (field === 'file') {
          filename = head.filename ?? ''
          mimeType = head.contentType ?? mimeType
          bytes = 0
        } else fields[field] = ''
        return undefined
      },
      data(chunk) {
        if (field !== 'file') fields[field] += chunk.toString('utf8')
        else {
          bytes += chunk.length
          if (bytes <= fileBytesMax) return handle.writeFile(chunk)
        }
        return undefined
      },
      end: () => undefined,
    })
    await handle.close()
    if (bytes < 0) throw new Refusal(invalid('file: Field required'))
    if (bytes === 0) throw new Refusal(invalid('file: File is empty'))
    if (bytes > fileBytesMax)
      throw new Refusal({ type: 'request_too_large', message: 'File exceeds the maximum size of 500 MB' })
    const lifetime = lifetimeOf(fields['expires_in_seconds'])
    const createdAt = desk.clock.now()
    const file: FileRecord = {
      id: desk.nextId('file'),
      workspace: caller.workspace,
      filename,
      mimeType,
      bytes,
      createdAt,
      expiresAt: lifetime === null ? null : createdAt + lifetime * 1000,
      seen: seenIn(await readFile(path)),
    }
    desk.files.set(file.id, file)
    desk.log.record('anthropic', 'upload', { file: file.id, bytes, filename, mimeType })
    return view(file)
  } catch (error) {
    if (error instanceof MultipartBroken) throw new Refusal(invalid(error.message))
    throw error
  } finally {
    await handle.close().catch(() => undefined)
    await unlink(path).catch(() => undefined)
  }
}

function lifetimeOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= lifetimes.min && seconds <= lifetimes.max) return seconds
  throw new Refusal(invalid(`expires_in_seconds: Input should be between ${lifetimes.min} and ${lifetimes.max}`))
}

/** GET /v1/files, newest first. The cursor is where the next page begins. */
export function listFiles(desk: Desk, caller: Caller, query: URLSearchParams): Json {
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new Refusal(invalid('limit: Input should be between 1 and 1000'))
  const own = [...desk.files.values()].filter(({ workspace }) => workspace === caller.workspace).toReversed()
  const page = query.get('page')
  const start = page === null ? 0 : own.findIndex(({ id }) => id === Buffer.from(page, 'base64url').toString())
  if (start < 0) throw new Refusal(invalid('page: Invalid cursor'))
  const next = own[start + limit]
  return {
    data: own.slice(start, start + limit).map(view),
    next_page: next === undefined ? null : Buffer.from(next.id).toString('base64url'),
  }
}

/** GET /v1/files/{id} */
export const getFile = (desk: Desk, caller: Caller, id: string): Json => view(existing(desk, caller, id))

/** DELETE /v1/files/{id} */
export function deleteFile(desk: Desk, caller: Caller, id: string): Json {
  existing(desk, caller, id)
  desk.files.delete(id)
  desk.log.record('anthropic', 'delete', { file: id })
  return { id, type: 'file_deleted' }
}

/** GET /v1/files/{id}/content. What a user uploaded never comes back. */
export function contentOf(desk: Desk, caller: Caller, id: string): never {
  existing(desk, caller, id)
  throw new Refusal({
    ...invalid(`File ${id} is not downloadable.`),
    details: { error_code: 'file_not_downloadable' },
  })
}

function existing(desk: Desk, caller: Caller, id: string): FileRecord {
  const file = fileNamed(desk, caller.workspace, id)
  if (file === undefined) throw new Refusal(noSuchFile(id))
  return file
}

function fileNamed(desk: Desk, workspace: string, id: string): FileRecord | undefined {
  const file = desk.files.get(id)
  if (file?.workspace !== workspace) return undefined
  return file.expiresAt === null || desk.clock.now() < file.expiresAt ? file : undefined
}

const noSuchFile = (id: string): Problem => ({ type: 'not_found_error', message: `File not found: ${id}` })

function view({ id, filename, mimeType, bytes, createdAt, expiresAt }: FileRecord): Json {
  return {
    type: 'file',
    id,
    filename,
    mime_type: mimeType,
    size_bytes: bytes,
    created_at: new Date(createdAt).toISOString(),
    downloadable: false,
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }
}

/** The request with what is seen in its files put beside their ids; or what is wrong with one of them. */
export function withFiles(
  desk: Desk,
  workspace: string,
  params: Json,
): { readonly params: Json } | { readonly problem: Problem } {
  let problem: Problem | undefined
  const block = (value: unknown): unknown => {
    if (!isJson(value)) return value
    if (value['type'] === 'tool_result') return { ...value, content: blocks(value['content']) }
    const source = value['source']
    if (!isJson(source) || source['type'] !== 'file') return value
    const id = String(source['file_id'])
    const file = fileNamed(desk, workspace, id)
    if (file === undefined) problem ??= noSuchFile(id)
    else if (!fits(String(value['type']), file.mimeType))
      problem ??= invalid(
        `File ${id} of type ${file.mimeType} cannot be used in a block of type ${String(value['type'])}`,
      )
    return { ...value, source: { ...source, seen: file?.seen } }
  }
  const blocks = (content: unknown): unknown => (Array.isArray(content) ? content.map(block) : content)
  const messages = list(params['messages']).map((message) =>
    isJson(message) ? { ...message, content: blocks(message['content']) } : message,
  )
  if (problem) return { problem }
  return { params: Array.isArray(params['messages']) ? { ...params, messages } : params }
}

const fits = (block: string, mimeType: string): boolean =>
  block === 'image'
    ? /^image\/(png|jpeg|gif|webp)$/.test(mimeType)
    : block === 'document' && (mimeType === 'application/pdf' || mimeType.startsWith('text/'))
