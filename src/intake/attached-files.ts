import { createHash, randomBytes } from 'node:crypto'
import { type AttachedFile, slotOf } from '../domain/file-slot.ts'
import { base32 } from '../kit/ids.ts'
import type { ImageSize, MediaType } from '../kit/media-file.ts'
import { PdfPages } from '../kit/pdf-pages.ts'
import type { BlobStore, BlobWriter } from '../stores/contract.ts'
import { BadRow } from './bad-row.ts'
import type { AttachedBlob } from './manifest.ts'

/** A file that is open to be read. */
export interface FileContent {
  readonly from: string
  readonly type: MediaType
  readonly bytes: number
  readonly size: ImageSize | undefined
  /** Equal for the same file while it has not changed; undefined: it is read but once. */
  readonly identity: string | undefined
  /** Its bytes from the first, in pieces that are overwritten by the next. */
  pieces(): AsyncIterable<Uint8Array>
}

/** Files that the requests of one intake name by reference: each content once, one behind the other in a blob. */
export class AttachedFiles {
  readonly #blobs: BlobStore
  readonly #name: string
  readonly #token = base32(randomBytes(13), 20)
  readonly #byIdentity = new Map<string, AttachedFile>()
  readonly #byContent = new Map<string, AttachedFile>()
  #writer: BlobWriter | undefined

  constructor(blobs: BlobStore, folder: string) {
    this.#blobs = blobs
    this.#name = `${folder}/attached`
  }

  /** Keeps the file, if it is not here yet, and returns what is known of it. */
  async keep(content: FileContent): Promise<AttachedFile> {
    const { identity } = content
    const seen = identity === undefined ? undefined : this.#byIdentity.get(identity)
    if (seen !== undefined) return seen
    const { sha256, pages } = await read(content)
    const file = this.#byContent.get(sha256) ?? (await this.#append(content, sha256, pages))
    if (identity !== undefined) this.#byIdentity.set(identity, file)
    return file
  }

  slotOf(file: AttachedFile): string {
    return slotOf(this.#token, file)
  }

  /** Makes them durable; undefined: there are none. */
  async finish(): Promise<AttachedBlob | undefined> {
    await this.#writer?.commit()
    return this.#writer && { token: this.#token, blob: this.#name }
  }

  async abort(): Promise<void> {
    await this.#writer?.abort()
  }

  /** Read a second time: where it would lie is not known before its content is known to be new. */
  async #append(content: FileContent, sha256: string, pages: number | undefined): Promise<AttachedFile> {
    this.#writer ??= await this.#blobs.put(this.#name)
    const writer = this.#writer
    const offset = writer.bytes
    const hash = createHash('sha256')
    for await (const piece of content.pieces()) {
      hash.update(piece)
      await writer.write(piece)
    }
    if (hash.digest('hex') !== sha256) throw new BadRow(`${content.from}: changed while it was read`)
    const { type, bytes, size } = content
    const file = { sha256, type, bytes, offset, size, pages }
    this.#byContent.set(sha256, file)
    return file
  }
}

async function read({ type, pieces }: FileContent): Promise<{ sha256: string; pages: number | undefined }> {
  const hash = createHash('sha256')
  const pages = type === 'application/pdf' ? new PdfPages() : undefined
  for await (const piece of pieces()) {
    hash.update(piece)
    pages?.add(piece)
  }
  return { sha256: hash.digest('hex'), pages: pages?.finish() }
}
