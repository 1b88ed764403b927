import { argumentsOf } from '../check-turns.ts'
import type { CacheMark, Media, Part, Result, Text, Turn } from '../conversation.ts'
import { decodeText, foreignFile, webImages } from '../media.ts'
import type { Json, Translation } from '../translation.ts'

/** At most so many breakpoints a request; the last ones hold the longest prefixes. */
const marksMax = 4

/** Cache marks of a request, of which only the last few count. */
export class Marks {
  readonly #t: Translation
  readonly #kept = new Set<CacheMark>()

  constructor(t: Translation, system: readonly Text[], turns: readonly Turn[]) {
    this.#t = t
    const all = [...system, ...turns.flatMap((turn) => turn.parts)]
    const marks = all.filter((part) => 'cache' in part && part.cache !== undefined) as (Text | Media)[]
    for (const { cache } of marks.slice(-marksMax)) this.#kept.add(cache as CacheMark)
    const first = marks[0]
    if (first !== undefined) t.warn('cache_mark_changed', first.at, first.cache?.ttl ?? '30m', '1h')
    if (marks.length > marksMax) t.warn('cache_mark_dropped', first?.at ?? '')
  }

  /** `cache_control` of a block. */
  of(part: Text | Media): Json {
    return part.cache !== undefined && this.#kept.has(part.cache) ? marked : none
  }

  get translation(): Translation {
    return this.#t
  }
}
const none = {}
// OpenAI keeps a prefix for 30 minutes or longer.
const marked = { cache_control: { type: 'ephemeral', ttl: '1h' } }

export function writeText(marks: Marks, text: Text): Json {
  if (text.text === '') return marks.translation.refuse(text.at, 'the text is empty')
  return { type: 'text', text: text.text, ...marks.of(text) }
}

export function writeMessages(t: Translation, marks: Marks, turns: readonly Turn[]): Json[] {
  return turns.map((turn) => {
    const role = turn.role === 'model' ? 'assistant' : turn.role
    const [only] = turn.parts
    if (turn.parts.length === 1 && only?.kind === 'text' && only.cache === undefined && only.text !== '')
      return { role, content: only.text }
    return { role, content: turn.parts.map((part) => writePart(t, marks, part)) }
  })
}

function writePart(t: Translation, marks: Marks, part: Part): Json {
  switch (part.kind) {
    case 'text':
      return writeText(marks, part)
    case 'call':
      return { type: 'tool_use', id: part.id, name: part.name, input: argumentsOf(t, part) }
    case 'result':
      return writeResult(t, marks, part)
    case 'refusal':
      t.warn('refusal_as_text', part.at)
      return { type: 'text', text: part.text }
    default:
      return writeMedia(t, marks, part)
  }
}

function writeResult(t: Translation, marks: Marks, result: Result): Json {
  const { parts } = result
  const [only] = parts
  const empty = parts.every((part) => part.kind === 'text' && part.text === '')
  const content =
    parts.length === 1 && only?.kind === 'text' && only.cache === undefined
      ? only.text
      : parts.map((part) => (part.kind === 'text' ? writeText(marks, part) : writeMedia(t, marks, part)))
  return {
    type: 'tool_result',
    tool_use_id: result.id,
    ...(!empty && { content }),
    ...(result.error && { is_error: true }),
  }
}

function writeMedia(t: Translation, marks: Marks, media: Media): Json {
  const { kind, title, context } = media
  if (kind === 'image') {
    if (media.detail !== undefined) t.refuse(media.at, 'there is no level of image detail')
    return { type: 'image', source: writeImageSource(t, media), ...marks.of(media) }
  }
  if (kind !== 'document') return t.refuse(media.at, `${kind} is not taken there`)
  return {
    type: 'document',
    source: writeDocumentSource(t, media),
    ...(title !== undefined && { title }),
    ...(context !== undefined && { context }),
    ...marks.of(media),
  }
}

function writeImageSource(t: Translation, media: Media): Json {
  const { source } = media
  if (source.kind === 'url') return writeUrl(t, media, source)
  if (source.kind === 'slot') return { type: 'file', file_id: source.slot }
  if (source.kind !== 'base64') return foreignFile(t, media)
  if (!webImages.has(source.mime)) return t.refuse(media.at, `images of type ${source.mime} are not read there`)
  return { type: 'base64', media_type: source.mime, data: source.data }
}

function writeDocumentSource(t: Translation, media: Media): Json {
  const { source } = media
  if (source.kind === 'url') return writeUrl(t, media, source)
  if (source.kind === 'text') return { type: 'text', media_type: 'text/plain', data: source.text }
  if (source.kind === 'slot') return { type: 'file', file_id: source.slot }
  if (source.kind !== 'base64') return foreignFile(t, media)
  if (source.mime === 'text/plain')
    return { type: 'text', media_type: 'text/plain', data: decodeText(t, source.data, media.at) }
  if (source.mime !== 'application/pdf')
    return t.refuse(media.at, `documents of type ${source.mime} are not read there`)
  return { type: 'base64', media_type: source.mime, data: source.data }
}

function writeUrl(t: Translation, media: Media, source: { readonly url: string; readonly mime?: string }): Json {
  if (source.mime !== undefined) t.warn('mime_type_dropped', media.at, source.mime)
  return { type: 'url', url: source.url }
}
