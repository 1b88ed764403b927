/** What a file holds, told by its first bytes and never by its name. */

export const mediaTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'application/pdf',
  'text/plain',
] as const
export type MediaType = (typeof mediaTypes)[number]

export interface ImageSize {
  readonly width: number
  readonly height: number
}

const namedTypes: Readonly<Record<string, MediaType>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  txt: 'text/plain',
}

/** How files of a type are named. */
export const extensions: Readonly<Record<MediaType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
  'text/plain': 'txt',
}

/** What a name's extension says; undefined where it says nothing that could be wrong. */
export function typeByName(name: string): MediaType | undefined {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? undefined : namedTypes[name.slice(dot + 1).toLowerCase()]
}

/**
 * The type of a file by its first bytes.
 * @param head   its beginning; a few hundred bytes are enough
 * @returns undefined for what is none of them. Text is what is UTF-8 as far as `head` goes, and has no control characters.
 */
export function sniffMedia(head: Uint8Array): MediaType | undefined {
  if (head.length === 0) return undefined
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 16)).toString('latin1')
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'image/gif'
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'image/webp'
  if (start.startsWith('%PDF-')) return 'application/pdf'
  return isText(head) ? 'text/plain' : undefined
}

/** C0 controls that stand in no text: all but tab, line feed, form feed and carriage return. */
const isControl = (byte: number): boolean => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13

function isText(head: Uint8Array): boolean {
  if (head.some(isControl)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }) // a character may go on behind the head
    return true
  } catch {
    return false
  }
}

/** The size of an image by its header; undefined where the header is damaged, or lies behind what is given. */
export function imageSize(type: MediaType, bytes: Uint8Array): ImageSize | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = sizeReaders[type]?.(view)
  return size === undefined || size.width === 0 || size.height === 0 ? undefined : size
}

const sizeReaders: { readonly [Type in MediaType]?: (bytes: Buffer) => ImageSize | undefined } = {
  'image/png': (bytes) =>
    bytes.length < 24 || bytes.toString('latin1', 12, 16) !== 'IHDR'
      ? undefined
      : { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) },
  'image/gif': (bytes) =>
    bytes.length < 10 ? undefined : { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) },
  'image/webp': webpSize,
  'image/jpeg': jpegSize,
}

function webpSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.length < 30) return undefined
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 }
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    default:
      return undefined
  }
}

/** The size stands in the frame header, behind segments of any number and length (a thumbnail, a colour profile). */
function jpegSize(bytes: Buffer): ImageSize | undefined {
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] as number
    if (marker === 0xff) {
      at++ // a fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    } else at += 2 + bytes.readUInt16BE(at + 2)
  }
  return undefined
}
