import { argumentsText } from '../check-turns.ts'
import type { Call, Conversation, Media, Part, Refusal, Result, Text, Turn } from '../conversation.ts'
import { contextOf, fileFields, imageUrl, writeBreakpoint } from '../openai/media.ts'
import { resultTexts } from '../openai/write-shared.ts'
import type { Json, Translation } from '../translation.ts'

/** System prompts and turns → `messages`. */
export function writeMessages(t: Translation, c: Conversation): Json[] {
  const messages: Json[] = []
  for (const { role, parts } of c.system) messages.push({ role, content: writeTexts(t, parts) })
  for (const turn of c.turns) {
    if (turn.role === 'model') messages.push(writeAssistant(t, turn))
    else if (turn.role === 'user') writeUser(t, turn, messages)
    else messages.push({ role: turn.role, content: writeTexts(t, turn.parts as readonly Text[]) })
  }
  return messages
}

/** A lone text is a string. */
function writeTexts(t: Translation, texts: readonly Text[]): unknown {
  const [only] = texts
  if (texts.length === 1 && only?.cache === undefined) return only?.text
  return texts.map((text) => writeText(t, text))
}

function writeText(t: Translation, text: Text): Json {
  const mark = writeBreakpoint(t, text)
  return mark === undefined
    ? { type: 'text', text: text.text }
    : { type: 'text', text: text.text, prompt_cache_breakpoint: mark }
}

function writeAssistant(t: Translation, turn: Turn): Json {
  const said: (Text | Refusal)[] = []
  const calls: Json[] = []
  for (const part of turn.parts) {
    if (part.kind === 'call') calls.push(writeCall(part))
    else if (part.kind === 'text' || part.kind === 'refusal') {
      if (calls.length > 0) t.warnOnce('text_before_calls', part.at)
      said.push(part)
    } else t.refuse(part.at, 'only text and tool calls can be the model’s')
  }
  const message: Json = { role: 'assistant', content: null }
  if (said.some((part) => part.kind === 'refusal')) {
    message['content'] = said.map((part) =>
      part.kind === 'refusal' ? { type: 'refusal', refusal: part.text } : writeText(t, part),
    )
  } else if (said.length > 0) message['content'] = writeTexts(t, said as readonly Text[])
  if (calls.length > 0) message['tool_calls'] = calls
  return message
}

const writeCall = (call: Call): Json => ({
  id: call.id,
  type: 'function',
  function: { name: call.name, arguments: argumentsText(call) },
})

/** Each tool result is a message of its own. */
function writeUser(t: Translation, turn: Turn, messages: Json[]): void {
  const rest: Part[] = []
  for (const part of turn.parts) {
    if (part.kind === 'result') messages.push({ role: 'tool', tool_call_id: part.id, content: writeResult(t, part) })
    else rest.push(part)
  }
  if (rest.length === 0) return
  const [only] = rest
  const content =
    rest.length === 1 && only?.kind === 'text' && only.cache === undefined
      ? only.text
      : rest.flatMap((part) => writePart(t, part as Text | Media))
  messages.push({ role: 'user', content })
}

function writeResult(t: Translation, result: Result): unknown {
  const media = result.parts.find((part) => part.kind !== 'text')
  if (media !== undefined) t.refuse(media.at, 'a tool result is text only there')
  const texts = resultTexts(t, result)
  return texts.length === 0 ? '' : writeTexts(t, texts)
}

function writePart(t: Translation, part: Text | Media): Json[] {
  if (part.kind === 'text') return [writeText(t, part)]
  const before = contextOf(t, part).map((text) => ({ type: 'text', text }))
  return [...before, ...writeMedia(t, part)]
}

function writeMedia(t: Translation, media: Media): Json[] {
  const mark = writeBreakpoint(t, media)
  const marked = mark === undefined ? {} : { prompt_cache_breakpoint: mark }
  if (media.kind === 'image') {
    const image: Json = { url: imageUrl(t, media) }
    if (media.detail !== undefined) image['detail'] = media.detail
    if (media.detail !== undefined && t.from === 'gemini') t.warnOnce('detail_as_media_resolution', media.at)
    return [{ type: 'image_url', image_url: image, ...marked }]
  }
  if (media.kind === 'document') {
    const fields = fileFields(t, media)
    return Array.isArray(fields)
      ? fields.map((text, index) => ({ type: 'text', text, ...(index === fields.length - 1 && marked) }))
      : [{ type: 'file', file: fields, ...marked }]
  }
  const { source } = media
  const format = source.kind === 'base64' ? audioFormats[source.mime] : undefined
  if (source.kind !== 'base64' || format === undefined)
    return t.refuse(media.at, `${media.kind} of this kind is not heard there`)
  return [{ type: 'input_audio', input_audio: { data: source.data, format }, ...marked }]
}

const audioFormats: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
}
