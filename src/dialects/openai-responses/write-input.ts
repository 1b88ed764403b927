import { argumentsText } from '../check-turns.ts'
import type { Conversation, Media, Part, Result, Text, Turn } from '../conversation.ts'
import { contextOf, fileFields, imageFields, writeBreakpoint } from '../openai/media.ts'
import { resultTexts } from '../openai/write-shared.ts'
import type { Json, Translation } from '../translation.ts'

/** System prompts and turns → `input` items. */
export function writeInput(t: Translation, c: Conversation): Json[] {
  const items: Json[] = []
  for (const { role, parts } of c.system) items.push({ role, content: writeContent(t, parts) })
  for (const turn of c.turns) {
    if (turn.role === 'model') writeModel(t, turn, items)
    else if (turn.role === 'user') writeUser(t, turn, items)
    else items.push({ role: turn.role, content: writeContent(t, turn.parts as readonly Text[]) })
  }
  return items
}

/** Text of the model and its calls are items of their own, in the order they came. */
function writeModel(t: Translation, turn: Turn, items: Json[]): void {
  let said: Json[] = []
  const flush = (): void => {
    const [only] = said
    if (only !== undefined)
      items.push({
        role: 'assistant',
        content: said.length === 1 && only['type'] === 'output_text' ? only['text'] : said,
      })
    said = []
  }
  for (const part of turn.parts) {
    if (part.kind === 'text') {
      said.push({ type: 'output_text', text: part.text, annotations: [] })
      if (part.cache !== undefined) t.warnOnce('cache_mark_dropped', part.at)
    } else if (part.kind === 'refusal') said.push({ type: 'refusal', refusal: part.text })
    else if (part.kind !== 'call') t.refuse(part.at, 'only text and tool calls can be the model’s')
    else {
      flush()
      items.push({ type: 'function_call', call_id: part.id, name: part.name, arguments: argumentsText(part) })
    }
  }
  flush()
}

function writeUser(t: Translation, turn: Turn, items: Json[]): void {
  const rest: Part[] = []
  for (const part of turn.parts) {
    if (part.kind === 'result')
      items.push({ type: 'function_call_output', call_id: part.id, output: writeResult(t, part) })
    else rest.push(part)
  }
  if (rest.length > 0) items.push({ role: 'user', content: writeContent(t, rest as (Text | Media)[]) })
}

function writeResult(t: Translation, result: Result): unknown {
  const media = result.parts.some((part) => part.kind !== 'text')
  if (media && result.error) t.refuse(result.at, 'a failed tool result can hold text only')
  const parts = media ? result.parts : resultTexts(t, result)
  return parts.length === 0 ? '' : writeContent(t, parts)
}

/** A lone text is a string. */
function writeContent(t: Translation, parts: readonly (Text | Media)[]): unknown {
  const [only] = parts
  if (parts.length === 1 && only?.kind === 'text' && only.cache === undefined) return only.text
  return parts.flatMap((part) => writePart(t, part))
}

function writePart(t: Translation, part: Text | Media): Json[] {
  const mark = writeBreakpoint(t, part)
  const marked = mark === undefined ? {} : { prompt_cache_breakpoint: mark }
  if (part.kind === 'text') return [{ type: 'input_text', text: part.text, ...marked }]
  const before = contextOf(t, part).map((text) => ({ type: 'input_text', text }))
  if (part.kind === 'image') {
    if (part.detail !== undefined && t.from === 'gemini') t.warnOnce('detail_as_media_resolution', part.at)
    return [...before, { type: 'input_image', ...imageFields(t, part), detail: part.detail ?? 'auto', ...marked }]
  }
  if (part.kind !== 'document') return t.refuse(part.at, `${part.kind} is not taken there`)
  const fields = fileFields(t, part)
  if (!Array.isArray(fields)) return [...before, { type: 'input_file', ...fields, ...marked }]
  return fields.map((text, index) => ({ type: 'input_text', text, ...(index === fields.length - 1 && marked) }))
}
