import { unlink } from 'node:fs/promises'
import type { Json } from '../json.ts'
import { momentOf } from './course.ts'
import type { Desk, FileRecord } from './desk.ts'
import { fileNotActive, fileOutOfReach, invalidArgument, notFound, type Problem, problem, Refusal } from './errors.ts'
import { pageOf } from './pages.ts'
import { timestamp } from './proto-json.ts'

export function idOfName(name: string): string {
  return name.replace(/^files\//, '')
}

/** The file, while it can be seen. */
export function fileNamed(
  desk: Desk,
  project: string,
  id: string,
  at: number = desk.clock.now(),
): FileRecord | undefined {
  const file = desk.files.get(id)
  return file && file.project === project && at < file.expiresAt ? file : undefined
}

/** What is said of a file that cannot be seen: an id that never was is simply not found. */
export function goneOrNever(desk: Desk, id: string): Problem {
  return desk.files.has(id) || desk.formerFiles.has(id) ? fileOutOfReach(id) : notFound()
}

export function existingFile(desk: Desk, project: string, id: string): FileRecord {
  const file = fileNamed(desk, project, id)
  if (!file) throw new Refusal(goneOrNever(desk, id))
  return file
}

/** GET /files/{id}:download. What a user uploaded never comes back. */
export function downloadable(desk: Desk, project: string, id: string): FileRecord {
  const file = existingFile(desk, project, id)
  if (file.source === 'UPLOADED') {
    throw new Refusal(invalidArgument(`File files/${id} cannot be downloaded: only generated files can.`))
  }
  return file
}

/** Why a file that a request points to cannot be read at a moment. URIs of other hosts are taken on trust. */
export function fileUriProblem(desk: Desk, project: string, uri: string, at: number): Problem | undefined {
  if (!/^(https?|gs):\/\/|^files\//.test(uri)) return invalidArgument(`Invalid or unsupported file uri: ${uri}`)
  const id = /\/files\/([^/:?]+)$/.exec(uri)?.[1] ?? /^files\/([^/]+)$/.exec(uri)?.[1]
  if (id === undefined) return undefined
  const file = fileNamed(desk, project, id, at)
  if (!file) return fileOutOfReach(id)
  return file.fails || at < file.activeAt ? fileNotActive(id) : undefined
}

export function fileView(desk: Desk, file: FileRecord): Json {
  const now = desk.clock.now()
  const uploaded = file.source === 'UPLOADED'
  const state = now < file.activeAt ? 'PROCESSING' : file.fails ? 'FAILED' : 'ACTIVE'
  const path = `v1beta/files/${file.id}`
  return {
    name: `files/${file.id}`,
    ...(file.displayName === undefined ? {} : { displayName: file.displayName }),
    mimeType: file.mimeType,
    sizeBytes: String(file.bytes),
    createTime: timestamp(file.createdAt),
    updateTime: timestamp(Math.max(file.createdAt, Math.min(now, file.activeAt))),
    ...(uploaded ? { expirationTime: timestamp(file.expiresAt) } : {}),
    // The text of the hex digest in base64, not its bytes.
    ...(uploaded && state !== 'PROCESSING' ? { sha256Hash: Buffer.from(file.sha256).toString('base64') } : {}),
    uri: `${file.origin}/${path}`,
    ...(uploaded ? {} : { downloadUri: `${file.origin}/download/${path}:download?alt=media` }),
    state,
    source: file.source,
    ...(state === 'FAILED' ? { error: { code: 13, message: 'File processing failed.' } } : {}),
  }
}

/** GET /files, newest first. */
export function listFiles(desk: Desk, project: string, query: URLSearchParams): Json {
  const files = [...desk.files.values()].filter((file) => fileNamed(desk, project, file.id)).toReversed()
  const page = pageOf(files, query, 10, desk.switchboard.account())
  return {
    ...(page.items.length > 0 ? { files: page.items.map((file) => fileView(desk, file)) } : {}),
    ...page.tail,
  }
}

/** DELETE /files/{id}. A batch that has not started loses its input with it. */
export function deleteFile(desk: Desk, project: string, id: string): Json {
  const file = existingFile(desk, project, id)
  desk.files.delete(id)
  desk.formerFiles.add(id)
  const now = desk.clock.now()
  for (const batch of desk.batches.values()) {
    if (batch.input.kind !== 'file' || batch.input.fileId !== id || batch.project !== project) continue
    if (momentOf(batch.course, 0, now).phase !== 'pending') continue
    batch.problem = problem('NOT_FOUND', `Input file files/${id} was not found.`)
    batch.course.failure = { keepsLines: false }
  }
  // Results are a batch's own files, which the bill and the log still need.
  if (file.source === 'UPLOADED') {
    void Promise.allSettled(file.readers).then(() => unlink(file.path).catch(() => undefined))
  }
  desk.log.record('gemini', 'delete', { file: `files/${id}`, purpose: file.source.toLowerCase() })
  return {}
}
