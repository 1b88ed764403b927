import { argumentsOf, isResult } from '../check-turns.ts'
import type { Call, Media, Part, Result, Turn } from '../conversation.ts'
import { foreignFile, geminiImages, wordsAbout } from '../media.ts'
import type { Json, Translation } from '../translation.ts'

/** Stands for the signature of a call that another model made; the vendor’s page on thought signatures gives it. */
const foreignSignature = 'skip_thought_signature_validator'

/** Turns → `contents`. */
export function writeContents(t: Translation, turns: readonly Turn[]): Json[] {
  return turns.map((turn, index) => {
    if (turn.role === 'model') return { role: 'model', parts: writeModel(t, turn) }
    return { role: 'user', parts: inCallOrder(turn.parts, turns[index - 1]).flatMap((part) => writePart(t, part)) }
  })
}

/** Only the first of the calls of one turn is signed. */
function writeModel(t: Translation, turn: Turn): Json[] {
  let unsigned = t.facts.signedCalls
  return turn.parts.flatMap((part) => {
    const written = writePart(t, part)
    if (part.kind !== 'call' || !unsigned) return written
    unsigned = false
    t.warnOnce('signature_skipped', part.at)
    return written.map((call) => ({ ...call, thoughtSignature: foreignSignature }))
  })
}

/** Some models match results by order. */
function inCallOrder(parts: readonly Part[], before: Turn | undefined): readonly Part[] {
  const calls = before?.parts.filter((part): part is Call => part.kind === 'call') ?? []
  if (calls.length < 2) return parts
  const place = (result: Result): number => calls.findIndex((call) => call.id === result.id)
  const results = parts.filter(isResult).sort((one, other) => place(one) - place(other))
  return [...results, ...parts.filter((part) => !isResult(part))]
}

function writePart(t: Translation, part: Part): Json[] {
  if ('cache' in part && part.cache !== undefined) t.warnOnce('cache_mark_dropped', part.at)
  switch (part.kind) {
    case 'text':
      return part.text === '' ? t.refuse(part.at, 'the text is empty') : [{ text: part.text }]
    case 'refusal':
      t.warn('refusal_as_text', part.at)
      return [{ text: part.text }]
    case 'call':
      return [{ functionCall: { id: part.id, name: part.name, args: argumentsOf(t, part) } }]
    case 'result':
      return [{ functionResponse: writeResult(t, part) }]
    default:
      return writeMedia(t, part)
  }
}

function writeResult(t: Translation, result: Result): Json {
  const texts: string[] = []
  const media: Json[] = []
  for (const part of result.parts) {
    if (part.kind === 'text') texts.push(part.text)
    else media.push(...writeMedia(t, part))
    if (part.cache !== undefined) t.warnOnce('cache_mark_dropped', part.at)
  }
  const said = texts.length > 1 ? texts : (texts[0] ?? '')
  return {
    id: result.id,
    name: result.name,
    response: { [result.error ? 'error' : 'output']: said },
    ...(media.length > 0 && { parts: media }),
  }
}

function writeMedia(t: Translation, media: Media): Json[] {
  const { source, kind } = media
  const words = wordsAbout(t, media).map((text): Json => ({ text }))
  if (source.kind === 'text') return [...words, inline('text/plain', Buffer.from(source.text).toString('base64'))]
  if (source.kind === 'url')
    return t.refuse(media.at, 'what lies at an address must be sent inline; not every address is read there')
  if (source.kind === 'file') return foreignFile(t, media)
  if (!reads(kind, source.mime)) t.refuse(media.at, `${kind}s of type ${source.mime} are not read there`)
  const data =
    source.kind === 'slot'
      ? { fileData: { mimeType: source.mime, fileUri: source.slot } }
      : inline(source.mime, source.data)
  return [...words, { ...data, ...writeDetail(t, media) }]
}

const inline = (mimeType: string, data: string): Json => ({ inlineData: { mimeType, data } })

const reads = (kind: Media['kind'], mime: string): boolean =>
  kind === 'image'
    ? geminiImages.has(mime)
    : kind !== 'document' || mime === 'application/pdf' || mime.startsWith('text/')

function writeDetail(t: Translation, { detail, at }: Media): Json {
  if (detail === undefined) return {}
  if (detail === 'original') return t.refuse(at, 'there is no image detail "original"')
  t.warnOnce('detail_as_media_resolution', at, detail)
  return { mediaResolution: { level: `MEDIA_RESOLUTION_${detail.toUpperCase()}` } }
}
