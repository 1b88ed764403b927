import { isJson, type Json } from '../json.ts'
import { tokensIn } from '../usage.ts'

/** Pixels that are one token wide and high. */
const patch = 28
/** What is larger is shrunk until it fits; the first for models that see sharply. */
const sharp = { edgeMax: 2576, tokensMax: 4784 }
const plain = { edgeMax: 1568, tokensMax: 1568 }
/** A page is read as text and seen as an image. */
const tokensPerPage = 3000

/** What of an uploaded file counts, whichever block it will stand in. */
export interface Seen {
  readonly picture: Picture | undefined
  readonly pages: number
}

export function seenIn(bytes: Buffer): Seen {
  return { picture: pictureIn(bytes.subarray(0, 48), () => bytes), pages: pagesIn(bytes) }
}

const seenOf = (source: unknown): Seen | undefined =>
  isJson(source) && source['type'] === 'file' ? (source['seen'] as Seen | undefined) : undefined

/** What an image costs: a token per patch of 28 by 28 pixels; the full figure where its size cannot be known. */
export function imageTokens(source: unknown, seesSharply: boolean): number {
  const { edgeMax, tokensMax } = seesSharply ? sharp : plain
  const size =
    isJson(source) && source['type'] === 'base64' ? pictureOf(String(source['data'])) : seenOf(source)?.picture
  if (!size) return tokensMax
  const patches = (scale: number) =>
    Math.max(1, Math.ceil((size.width * scale) / patch)) * Math.max(1, Math.ceil((size.height * scale) / patch))
  let scale = Math.min(1, edgeMax / Math.max(size.width, size.height))
  while (patches(scale) > tokensMax) scale *= 0.99
  return patches(scale)
}

/** A text counts as text, a PDF by its pages, anything unseen as one page. */
export function documentTokens(source: unknown): number {
  if (!isJson(source)) return tokensPerPage
  if (source['type'] === 'text') return tokensIn(String(source['data']))
  const pages = source['type'] === 'base64' ? pagesIn(Buffer.from(String(source['data']), 'base64')) : undefined
  return (pages ?? seenOf(source)?.pages ?? 1) * tokensPerPage
}

function pagesIn(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  return Math.max(1, text.match(/\/Type\s*\/Page(?![a-zA-Z])/g)?.length ?? 0)
}

export interface Picture {
  readonly type: string
  readonly width: number
  readonly height: number
}

/** What the first bytes of an image say. @returns undefined for what is none of the four formats */
export const pictureOf = (data: string): Picture | undefined =>
  pictureIn(Buffer.from(data.slice(0, 64), 'base64'), () => Buffer.from(data, 'base64'))

function pictureIn(head: Buffer, whole: () => Buffer): Picture | undefined {
  if (head.length >= 24 && head.readUInt32BE(0) === 0x89504e47) {
    return { type: 'image/png', width: head.readUInt32BE(16), height: head.readUInt32BE(20) }
  }
  if (head.length >= 10 && head.toString('latin1', 0, 3) === 'GIF') {
    return { type: 'image/gif', width: head.readUInt16LE(6), height: head.readUInt16LE(8) }
  }
  if (head.length >= 30 && head.toString('latin1', 8, 12) === 'WEBP') return webp(head)
  if (head.length >= 2 && head.readUInt16BE(0) === 0xffd8) return jpeg(whole())
  return undefined
}

function webp(head: Buffer): Picture {
  const type = 'image/webp'
  const chunk = head.toString('latin1', 12, 16)
  if (chunk === 'VP8X') return { type, width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 }
  if (chunk === 'VP8L') {
    const bits = head.readUInt32LE(21)
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return { type, width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff }
}

/** The size stands in the frame header (SOF), somewhere behind segments of any length. */
function jpeg(bytes: Buffer): Picture {
  const type = 'image/jpeg'
  let at = 2
  while (at + 9 < bytes.length) {
    const marker = bytes.readUInt16BE(at)
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)
    if (isFrame) return { type, height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    if ((marker & 0xff00) !== 0xff00) break
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return { type, width: plain.edgeMax, height: plain.edgeMax }
}

/** The blocks whose source lies behind a URL: they are fetched when the request is run, and may fail then. */
export function hasUrlSource(bodyText: string): boolean {
  return /"source":\{[^{}]*"type":"url"/.test(bodyText)
}

/** A base64 source whose media type and bytes disagree, or that is no image at all. */
export function imageProblem(source: Json): string | undefined {
  if (source['type'] !== 'base64') return undefined
  const said = String(source['media_type'])
  if (!['image/jpeg', 'image/png', 'image/gif', 'image/webp'].includes(said)) {
    return "media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
  }
  const picture = typeof source['data'] === 'string' ? pictureOf(source['data']) : undefined
  if (!picture) return 'base64: Could not process image'
  if (picture.type === said) return undefined
  return `base64: The image was specified using the ${said} media type, but the image appears to be a ${picture.type} image`
}
