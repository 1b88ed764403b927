import { createHash } from 'node:crypto'
import { type FileHandle, open, stat, unlink } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import { type ImageSize, imageSize, type MediaType, sniffMedia, typeByName } from '../kit/media-file.ts'
import { PdfPages } from '../kit/pdf-pages.ts'
import { mediaTokens } from '../pricing/media-tokens.ts'
import type { AttachmentOption } from '../tables/request.ts'
import type { AttachedFiles, FileContent } from './attached-files.ts'
import { BadRow } from './bad-row.ts'
import type { Fitting } from './fit-files.ts'
import { tokensByLength } from './manifest.ts'

/** A file that was looked at, and is open to be read. */
export interface Attachment extends Fitting {
  /**
   * Writes its part and returns what that is to the model, in tokens, at the most. Reads the file by pieces.
   * @param referred  a slot for its reference stands in the part, and the file is kept beside the requests
   */
  write(to: PartWriter, referred: boolean): Promise<number>
  close(): Promise<void>
}

export interface PartWriter {
  readonly model: string
  write(bytes: Uint8Array): Promise<void>
  /** Hears the digest of each file, in whichever way it goes along. */
  readonly digest: (sha256: Uint8Array) => void
  readonly attached: AttachedFiles
  /** The name of a document goes with its reference. */
  readonly keepsNames: boolean
}

/** Where the frame of a JPEG is looked for: thumbnails and profiles before it are rarely longer than the first. */
const HEAD_BYTES = 64 * 1024
const HEAD_BYTES_MAX = 16 * 1024 * 1024
/** A multiple of three, so that the base64 of the pieces is that of the whole. */
const PIECE_BYTES = 768 * 1024

/**
 * @param fetched  brings what lies at an address into a file of ours, whose path it returns
 * @throws BadRow when it is not there, cannot be read, or is not what it should be
 */
export async function openAttachment(
  { as, from }: AttachmentOption,
  fetched: (address: string) => Promise<string>,
): Promise<Attachment> {
  if (from.trim() === '') throw new BadRow(`the template of --${as} names no file in this row`)
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) return openPath(from, { as, from, name: basename(from) })
  if (!/^https:/i.test(from)) throw new BadRow(`${from}: only https addresses and local files are taken`)
  if (as === 'image') return imageAt(from)
  // No vendor's chat takes a document by its address, and one that did would fetch it hours later.
  const path = await fetched(from)
  const name = URL.parse(from)?.pathname.split('/').at(-1) || 'document'
  try {
    return await openPath(path, { as, from, name })
  } finally {
    await unlink(path) // it stays readable while it is open, and is gone whatever happens
  }
}

/** What a row named, as it is called in messages and to the vendor. */
interface Named extends AttachmentOption {
  readonly name: string
}

async function openPath(path: string, named: Named): Promise<Attachment> {
  const file = await opened(path, named.from)
  try {
    const { size: bytes } = await file.stat()
    if (bytes === 0) throw new BadRow(`${named.from}: the file is empty`)
    const { type, size } = await identified(file, named)
    if (type === 'text/plain') return textPart(file, named, bytes)
    return mediaPart(file, named, {
      from: named.from,
      type,
      bytes,
      size,
      identity: path === named.from ? await identityOf(file) : undefined,
      pieces: () => pieces(file, named.from, bytes),
    })
  } catch (error) {
    await file.close()
    throw error
  }
}

function imageAt(address: string): Attachment {
  const part = Buffer.from(`{"type":"image_url","image_url":{"url":${JSON.stringify(address)}}},`)
  return {
    from: address,
    type: null,
    bytes: 0,
    partBytes: part.length,
    async write(to) {
      await to.write(part)
      return mediaTokens(to.model, { type: null, bytes: 0 }).high
    },
    close: async () => {},
  }
}

async function opened(path: string, from: string): Promise<FileHandle> {
  try {
    const stats = await stat(path) // before it is opened: that of a pipe would wait for ever
    if (stats.isDirectory()) throw new BadRow(`${from}: is a folder; name a file of it`)
    if (!stats.isFile()) throw new BadRow(`${from}: is no plain file`)
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof BadRow) throw error
    throw new BadRow(`${from}: ${troubleOf(path, error as NodeJS.ErrnoException)}`)
  }
}

function troubleOf(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return message
  return isAbsolute(path) ? 'no such file' : `no such file; relative paths begin at ${process.cwd()}`
}

/** What the file holds; images with their size. */
async function identified(file: FileHandle, { as, from, name }: Named): Promise<{ type: MediaType; size?: ImageSize }> {
  let head = await headOf(file, from, HEAD_BYTES)
  const type = sniffMedia(head)
  const named = typeByName(name)
  if (type === undefined) {
    const but = named === undefined ? '' : `, whatever its name says`
    throw new BadRow(`${from}: is no PNG, JPEG, GIF, WebP, PDF or text${but}`)
  }
  if (named !== undefined && named !== type)
    throw new BadRow(`${from}: holds ${type}, not the ${named} of its name; rename it if that is meant`)
  if (!type.startsWith('image/')) {
    if (as === 'image') throw new BadRow(`${from}: holds ${type}, no image; attach it by --file`)
    return { type }
  }
  let size = imageSize(type, head)
  while (size === undefined && head.length >= HEAD_BYTES && head.length < HEAD_BYTES_MAX) {
    const longer = await headOf(file, from, head.length * 4)
    if (longer.length === head.length) break
    head = longer
    size = imageSize(type, head)
  }
  if (size === undefined) throw new BadRow(`${from}: its header is damaged, no width and height are in it`)
  return { type, size }
}

async function headOf(file: FileHandle, from: string, bytes: number): Promise<Uint8Array> {
  const head = new Uint8Array(bytes)
  return head.subarray(0, await fill(file, from, { into: head, position: 0 }))
}

/** Fills `into` from a position on; fewer bytes only at the end of the file. */
async function fill(
  file: FileHandle,
  from: string,
  { into, position }: { into: Uint8Array; position: number },
): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await file
      .read(into, filled, into.length - filled, position + filled)
      .catch((error: Error) => {
        throw new BadRow(`${from}: ${error.message}`)
      })
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** The file's bytes, as many as there were when it was opened; each piece is overwritten by the next. */
async function* pieces(file: FileHandle, from: string, bytes: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(Math.min(bytes, PIECE_BYTES))
  for (let position = 0; position < bytes; ) {
    const filled = await fill(file, from, { into: piece.subarray(0, bytes - position), position })
    if (filled === 0) throw new BadRow(`${from}: became shorter while it was read`)
    yield piece.subarray(0, filled)
    position += filled
  }
}

/** A change of a file changes its time; one that is put in its place is another one. */
async function identityOf(file: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

function mediaPart(file: FileHandle, { name }: Named, content: FileContent): Attachment {
  const { from, type, bytes, size } = content
  const isDocument = type === 'application/pdf'
  const filename = `"filename":${JSON.stringify(name)},`
  const member = isDocument
    ? `{"type":"file","file":{${filename}"file_data":`
    : '{"type":"image_url","image_url":{"url":'
  const before = Buffer.from(`${member}"data:${type};base64,`)
  const after = Buffer.from('"}},')
  return {
    from,
    type,
    bytes,
    size,
    partBytes: before.length + Math.ceil(bytes / 3) * 4 + after.length,
    async write(to, referred) {
      if (referred) return writeReference(to, content, isDocument && to.keepsNames ? filename : '')
      const pages = isDocument ? new PdfPages() : undefined
      const hash = createHash('sha256')
      await to.write(before)
      for await (const piece of content.pieces()) {
        hash.update(piece)
        pages?.add(piece)
        await to.write(Buffer.from(Buffer.from(piece.buffer, 0, piece.length).toString('base64'), 'latin1'))
      }
      await to.write(after)
      to.digest(hash.digest())
      return mediaTokens(to.model, { type, bytes, size, pages: pages?.finish() }).high
    },
    close: () => file.close(),
  }
}

async function writeReference(to: PartWriter, content: FileContent, filename: string): Promise<number> {
  const kept = await to.attached.keep(content)
  const slot = `"${to.attached.slotOf(kept)}"`
  const part =
    content.type === 'application/pdf'
      ? `{"type":"file","file":{${filename}"file_id":${slot}}},`
      : `{"type":"image_url","image_url":{"url":${slot}}},`
  to.digest(Buffer.from(kept.sha256, 'hex'))
  await to.write(Buffer.from(part))
  return mediaTokens(to.model, kept).high
}

/** A text goes as text: every vendor reads that, and none of them has a better place for it. */
function textPart(file: FileHandle, { from }: Named, bytes: number): Attachment {
  const before = Buffer.from('{"type":"text","text":"')
  const after = Buffer.from('"},')
  return {
    from,
    type: 'text/plain',
    bytes,
    partBytes: before.length + bytes + after.length,
    async write(to) {
      const decoder = new TextDecoder('utf-8', { fatal: true })
      const escaped = (piece?: Uint8Array): Buffer => {
        try {
          return Buffer.from(JSON.stringify(decoder.decode(piece, { stream: piece !== undefined })).slice(1, -1))
        } catch {
          throw new BadRow(`${from}: is text, but not all of it is UTF-8`)
        }
      }
      let length = 0
      const put = async (text: Buffer): Promise<void> => {
        length += text.length
        await to.write(text)
      }
      const hash = createHash('sha256')
      await to.write(before)
      for await (const piece of pieces(file, from, bytes)) {
        hash.update(piece)
        await put(escaped(piece))
      }
      await put(escaped())
      await to.write(after)
      to.digest(hash.digest())
      return tokensByLength(length)
    },
    close: () => file.close(),
  }
}
