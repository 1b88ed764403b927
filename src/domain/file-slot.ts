import type { ImageSize, MediaType } from '../kit/media-file.ts'

/**
 * A file that is too large to stand in its request. It lies in a blob beside the requests, once however many name it; in
 * the request stands a slot, a string of fixed length, over which the vendor's reference to the uploaded file is written
 * when the request leaves. So no length or offset depends on what the vendor calls it.
 */
export interface AttachedFile {
  /** Of its content, hex. */
  readonly sha256: string
  readonly type: MediaType
  readonly bytes: number
  /** Where it lies in the blob. */
  readonly offset: number
  readonly size?: ImageSize | undefined
  /** Of a PDF, where they could be counted. */
  readonly pages?: number | undefined
}

/** Of a slot with its quotes: as long as the longest reference, in JSON, may be. */
export const SLOT_BYTES = 512

const PREFIX = 'redeye-file:'

/** What a slot of one intake begins with. The token is random, so that nothing in its input can look like one. */
export const slotStart = (token: string): string => `${PREFIX}${token}:`

export function slotOf(token: string, { sha256, type, bytes, offset, size, pages }: AttachedFile): string {
  const facts = [sha256, type, bytes, offset, size?.width ?? '', size?.height ?? '', pages ?? '']
  return `${slotStart(token)}${facts.join(':')}:`.padEnd(SLOT_BYTES - 2, '.')
}

/** The file that a slot stands for; undefined: the text is none. */
export function slotIn(text: unknown): (AttachedFile & { readonly token: string }) | undefined {
  if (typeof text !== 'string' || text.length !== SLOT_BYTES - 2 || !text.startsWith(PREFIX)) return undefined
  const [, token = '', sha256 = '', type = '', bytes = '', offset = '', width = '', height = '', pages = ''] =
    text.split(':')
  return {
    token,
    sha256,
    type: type as MediaType,
    bytes: Number(bytes),
    offset: Number(offset),
    ...(width === '' ? {} : { size: { width: Number(width), height: Number(height) } }),
    ...(pages === '' ? {} : { pages: Number(pages) }),
  }
}
