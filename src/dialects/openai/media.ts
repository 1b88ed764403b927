import type { CacheMark, Media, Source, Text } from '../conversation.ts'
import { decodeText, foreignFile, kindOf, parseDataUrl, readSlot, toDataUrl, webImages, wordsAbout } from '../media.ts'
import { type Json, type Translation, wordOf } from '../translation.ts'

/** Chat and Responses have the same parts under different names. */

export function readImage(
  t: Translation,
  url: string,
  detail: unknown,
  at: string,
  cache: CacheMark | undefined,
): Media {
  const source = url.startsWith('data:')
    ? parseDataUrl(t, url, at)
    : (readSlot(t, url) ?? ({ kind: 'url', url } as const))
  if (source.kind === 'base64' && kindOf(source.mime) !== 'image') t.refuse(at, `${source.mime} is no image`)
  return { kind: 'image', source, at, detail: readDetail(t, detail, at), cache }
}

/** The fields of a file part: an inline file, one by address, or one by id. */
export function readFile(t: Translation, file: Json, at: string, cache: CacheMark | undefined): Media {
  const title = file['filename'] as string | undefined
  const { file_data: data, file_id: id, file_url: url } = file
  if (typeof id === 'string') {
    const source = readSlot(t, id) ?? ({ kind: 'file', id, vendor: 'openai' } as const)
    return { kind: 'document', source, at, title, cache }
  }
  if (typeof url === 'string') return { kind: 'document', source: { kind: 'url', url }, at, title, cache }
  if (typeof data !== 'string') return t.refuse(at, 'a file without data, address or id')
  if (!data.startsWith('data:')) return t.refuse(at, 'the file data must be a data URL, which names its media type')
  const source = parseDataUrl(t, data, at)
  return { kind: 'document', source, at, title, cache }
}

export function readDetail(t: Translation, detail: unknown, at: string): Media['detail'] {
  if (detail === undefined || detail === null || detail === 'auto') return undefined
  if (detail === 'low' || detail === 'high' || detail === 'original') return detail
  return t.refuse(at, `image detail "${wordOf(detail)}" is not known`)
}

export function readBreakpoint(t: Translation, value: unknown, at: string): CacheMark | undefined {
  if (value === undefined || value === null) return undefined
  return { ttl: t.record(value, at)['ttl'] as string | undefined }
}

/** `prompt_cache_breakpoint` of a part, where the model takes it. */
export function writeBreakpoint(t: Translation, part: Text | Media): Json | undefined {
  const { cache } = part
  if (cache === undefined) return undefined
  if (t.from.startsWith('openai')) return cache.ttl === undefined ? explicit : { ...explicit, ttl: cache.ttl }
  if (!t.facts.cacheMarks) {
    t.warnOnce('cache_mark_dropped', part.at)
    return undefined
  }
  t.warnOnce('cache_mark_changed', part.at, cache.ttl ?? '5m', '30m')
  return explicit
}
const explicit = { mode: 'explicit' }

/** An image by its address, inline or, where there is a field for it, by the id of a file. */
export function imageFields(
  t: Translation,
  media: Media,
): { readonly image_url: string } | { readonly file_id: string } {
  return media.source.kind === 'slot' ? { file_id: media.source.slot } : { image_url: imageUrl(t, media) }
}

export function imageUrl(t: Translation, media: Media): string {
  const { source } = media
  if (source.kind === 'url') {
    if (source.mime !== undefined) t.warn('mime_type_dropped', media.at, source.mime)
    return source.url
  }
  if (source.kind === 'slot') return t.refuse(media.at, 'an image has no file id there; send it inline')
  if (source.kind !== 'base64') return foreignFile(t, media)
  if (!webImages.has(source.mime)) return t.refuse(media.at, `images of type ${source.mime} are not read there`)
  return toDataUrl(source.mime, source.data)
}

/** A document as a file part's fields, or as the texts that say what it says. */
export function fileFields(t: Translation, media: Media): Json | string[] {
  const { source, title } = media
  if (source.kind === 'file') {
    if (source.vendor !== 'openai') return foreignFile(t, media)
    return { file_id: source.id, ...(title !== undefined && { filename: title }) }
  }
  if (source.kind === 'slot') return { file_id: source.slot }
  if (isPlainText(t, media)) {
    t.warn('text_document_inlined', media.at)
    return [...wordsAbout(t, media), textOfDocument(t, source, media.at)]
  }
  if (source.kind === 'url') {
    if (t.to === 'openai-chat') return t.refuse(media.at, 'it takes no documents by address; send the file inline')
    if (source.mime !== undefined) t.warn('mime_type_dropped', media.at, source.mime)
    return { file_url: source.url, ...(title !== undefined && { filename: title }) }
  }
  if (source.kind !== 'base64') return foreignFile(t, media)
  if (source.mime !== 'application/pdf' && !t.from.startsWith('openai'))
    return t.refuse(media.at, `documents of type ${source.mime} are not read there`)
  if (title === undefined) t.warn('filename_added', media.at, null, 'document.pdf')
  return { filename: title ?? 'document.pdf', file_data: toDataUrl(source.mime, source.data) }
}

/** What is said about a document and has no field: it goes before it. */
export const contextOf = (t: Translation, media: Media): string[] =>
  media.context === undefined || isPlainText(t, media) ? [] : wordsAbout(t, { ...media, title: undefined })

/** OpenAI reads such a document as text only; what its own users call a file stays one. */
const isPlainText = (t: Translation, { source }: Media): boolean =>
  source.kind === 'text' || (source.kind === 'base64' && source.mime === 'text/plain' && !t.from.startsWith('openai'))

const textOfDocument = (t: Translation, source: Source, at: string): string =>
  source.kind === 'text' ? source.text : source.kind === 'base64' ? decodeText(t, source.data, at) : ''
