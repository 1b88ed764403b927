import { slotIn } from '../domain/file-slot.ts'
import type { Media, Source } from './conversation.ts'
import type { Translation } from './translation.ts'

/** Images that OpenAI and Anthropic read. */
export const webImages: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])
/** Images that Gemini reads. */
export const geminiImages: ReadonlySet<string> = new Set(
  'image/png image/jpeg image/webp image/heic image/heif'.split(' '),
)

/** `data:<mime>;base64,<data>`, strictly. */
export function parseDataUrl(t: Translation, url: string, at: string): Source {
  const comma = url.indexOf(',')
  const head = url.slice(5, comma)
  if (comma < 0 || !head.endsWith(';base64') || !mimeType.test(head.slice(0, -7)))
    return t.refuse(at, 'a data URL must read data:<media type>;base64,<data>')
  return { kind: 'base64', mime: head.slice(0, -7).toLowerCase(), data: cleanBase64(url.slice(comma + 1)) }
}
const mimeType = /^[\w.+-]+\/[\w.+-]+$/

/** Line breaks inside base64 are taken by some vendors only. */
export const cleanBase64 = (data: string): string => (/\s/.test(data) ? data.replace(/\s+/g, '') : data)

export const toDataUrl = (mime: string, data: string): string => `data:${mime};base64,${data}`

/** By media type; what is none of these is a document, and up to its reader. */
export function kindOf(mime: string): Media['kind'] {
  const [kind] = mime.split('/')
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document'
}

/** The text of a plain-text document in base64. */
export function decodeText(t: Translation, data: string, at: string): string {
  try {
    return utf8.decode(Buffer.from(data, 'base64'))
  } catch {
    return t.refuse(at, 'the text document is not UTF-8')
  }
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The words about a document, for dialects that have no fields for them. */
export function wordsAbout(t: Translation, media: Media): string[] {
  const words = [media.title && `Title: ${media.title}`, media.context && `Context: ${media.context}`]
  const said = words.filter((word) => word !== undefined && word !== '')
  if (said.length > 0) t.warn('document_words_inlined', media.at)
  return said as string[]
}

/** A slot for the reference to a file that is uploaded to whoever answers. */
export function readSlot(t: Translation, text: string): (Source & { readonly kind: 'slot' }) | undefined {
  const { slots } = t.options
  const slot = slots === undefined ? undefined : slotIn(text)
  return slot === undefined || slot.token !== slots ? undefined : { kind: 'slot', slot: text, mime: slot.type }
}

/** A file id means something to its own vendor only. */
export function foreignFile(t: Translation, media: Media): never {
  return t.refuse(media.at, 'a file id is known to its own vendor only; upload the file there or send it inline')
}
