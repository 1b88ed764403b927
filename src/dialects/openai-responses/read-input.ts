import { isResult, withoutEmptyText } from '../check-turns.ts'
import type { Call, Conversation, Media, Part, Refusal, Text, Turn } from '../conversation.ts'
import { readBreakpoint, readFile, readImage } from '../openai/media.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'

/** `input`, a string or items → system prompts and turns. */
export function readInput(t: Translation, c: Conversation, input: unknown): void {
  if (typeof input === 'string') {
    c.turns.push({ role: 'user', parts: [{ kind: 'text', text: input, cache: undefined, at: 'input' }], at: 'input' })
    return
  }
  const items = t.list(input, 'input')
  for (let index = 0; index < items.length; index++) {
    const at = `input[${index}]`
    const item = t.record(items[index], at)
    const type = item['type'] ?? 'message'
    if (type === 'message') readMessage(t, c, item, at)
    else if (type === 'function_call') addToModel(c.turns, [readCall(t, item, at)], at)
    else if (type === 'function_call_output') readResult(t, c.turns, item, at)
    else if (type === 'reasoning') t.warn('reasoning_dropped', at)
    else t.refuse(at, `an item of type "${wordOf(type)}" is known to Responses only`)
  }
}

/** Messages and calls of the model that follow each other are one turn. */
function addToModel(turns: Turn[], parts: readonly Part[], at: string): void {
  const last = turns.at(-1)
  if (last?.role === 'model') last.parts.push(...parts)
  else turns.push({ role: 'model', parts: [...parts], at })
}

function readMessage(t: Translation, c: Conversation, item: Json, at: string): void {
  for (const key in item) {
    if (messageKeys.has(key) || item[key] === null) continue
    if (key === 'phase') t.warnOnce('phase_dropped', `${at}.phase`, item[key])
    else t.unknown(at, key)
  }
  const role = item['role']
  const parts = withoutEmptyText(readContent(t, item['content'], `${at}.content`))
  if (role === 'assistant') addToModel(c.turns, parts, at)
  else if (parts.some((part) => part.kind === 'refusal')) t.refuse(at, 'only the model refuses')
  else if (role === 'user') c.turns.push({ role, parts, at })
  else if (role !== 'system' && role !== 'developer') t.refuse(`${at}.role`, `role "${wordOf(role)}" is not known`)
  else {
    const media = parts.find((part) => part.kind !== 'text')
    if (media !== undefined) t.refuse(media.at, 'a system message is text only')
    if (c.turns.length === 0) c.system.push({ role, parts: parts as Text[], at })
    else c.turns.push({ role, parts, at })
  }
}
const messageKeys = new Set(['type', 'role', 'content', 'id', 'status'])

function readContent(t: Translation, content: unknown, at: string): (Text | Media | Refusal)[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content, cache: undefined, at }]
  const parts = t.list(content, at)
  if (parts.length === 0) t.refuse(at, 'the message says nothing')
  return parts.map((part, index) => readPart(t, t.record(part, `${at}[${index}]`), `${at}[${index}]`))
}

function readPart(t: Translation, part: Json, at: string): Text | Media | Refusal {
  const { type } = part
  const known = Object.hasOwn(partKeys, wordOf(type)) ? partKeys[wordOf(type)] : undefined
  if (known === undefined) return t.refuse(at, `a part of type "${wordOf(type)}" is known to Responses only`)
  for (const key in part) {
    if (known.has(key) || isNothing(part[key])) continue
    if (key === 'annotations' && type === 'output_text') t.warnOnce('citations_dropped', `${at}.annotations`)
    else if (key !== 'detail' || part[key] !== 'auto') t.unknown(at, key)
  }
  const cache = readBreakpoint(t, part['prompt_cache_breakpoint'], `${at}.prompt_cache_breakpoint`)
  if (type === 'refusal') return { kind: 'refusal', text: t.text(part['refusal'], `${at}.refusal`), at }
  if (type === 'input_text' || type === 'output_text')
    return { kind: 'text', text: t.text(part['text'], `${at}.text`), cache, at }
  if (type === 'input_file') return readFile(t, part, at, cache)
  const { image_url: url, file_id: id, detail } = part
  if (typeof url === 'string') return readImage(t, url, detail, `${at}.image_url`, cache)
  // An image by id is no file part: only Responses has it.
  return t.refuse(typeof id === 'string' ? `${at}.file_id` : at, 'an image must be sent inline or by its address')
}
const partKeys: Readonly<Record<string, ReadonlySet<string>>> = {
  input_text: new Set(['type', 'text', 'prompt_cache_breakpoint']),
  output_text: new Set(['type', 'text', 'logprobs']),
  refusal: new Set(['type', 'refusal']),
  input_image: new Set(['type', 'image_url', 'file_id', 'detail', 'prompt_cache_breakpoint']),
  input_file: new Set(['type', 'file_data', 'file_id', 'file_url', 'filename', 'prompt_cache_breakpoint']),
}

function readCall(t: Translation, item: Json, at: string): Call {
  for (const key in item)
    if (!callKeys.has(key) && item[key] !== null && (key !== 'async' || item[key] !== false)) t.unknown(at, key)
  return {
    kind: 'call',
    id: t.text(item['call_id'], `${at}.call_id`),
    name: t.text(item['name'], `${at}.name`),
    args: { json: t.text(item['arguments'], `${at}.arguments`) },
    at,
  }
}
const callKeys = new Set(['type', 'call_id', 'name', 'arguments', 'id', 'status'])

function readResult(t: Translation, turns: Turn[], item: Json, at: string): void {
  for (const key in item) if (!resultKeys.has(key) && item[key] !== null) t.unknown(at, key)
  const id = t.text(item['call_id'], `${at}.call_id`)
  const content = isNothing(item['output']) ? [] : readContent(t, item['output'], `${at}.output`)
  const parts = content.map((part) => (part.kind === 'refusal' ? t.refuse(part.at, 'only the model refuses') : part))
  const result: Part = { kind: 'result', id, name: undefined, parts, error: false, at }
  const last = turns.at(-1)
  if (last?.role === 'user' && last.parts.every(isResult)) last.parts.push(result)
  else turns.push({ role: 'user', parts: [result], at })
}
const resultKeys = new Set(['type', 'call_id', 'output', 'id', 'status', 'name'])
