import { isResult, withoutEmptyText } from '../check-turns.ts'
import type { Call, Conversation, Media, Part, Text, Turn } from '../conversation.ts'
import { cleanBase64 } from '../media.ts'
import { readBreakpoint, readFile, readImage } from '../openai/media.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'

/** `messages` → system prompts and turns. */
export function readMessages(t: Translation, c: Conversation, messages: readonly unknown[]): void {
  for (let index = 0; index < messages.length; index++) {
    const at = `messages[${index}]`
    const message = t.record(messages[index], at)
    if (!isNothing(message['name'])) t.refuse(`${at}.name`, 'only Chat names who speaks')
    const role = message['role']
    if (role === 'user') c.turns.push({ role, parts: readUser(t, message, at), at })
    else if (role === 'assistant') c.turns.push({ role: 'model', parts: readAssistant(t, message, at), at })
    else if (role === 'tool') readResult(t, c.turns, message, at)
    else if (role === 'system' || role === 'developer') {
      const parts = readSystem(t, message, at)
      if (c.turns.length === 0) c.system.push({ role, parts, at })
      else c.turns.push({ role, parts, at })
    } else t.refuse(`${at}.role`, `role "${wordOf(role)}" is known to Chat only`)
  }
}

function readUser(t: Translation, message: Json, at: string): Part[] {
  for (const key in message) if (!userKeys.has(key) && message[key] !== null) t.unknown(at, key)
  return readContent(t, message['content'], `${at}.content`, (part, path) => readPart(t, part, path))
}
const userKeys = new Set(['role', 'content', 'name'])

function readSystem(t: Translation, message: Json, at: string): Text[] {
  for (const key in message) if (!userKeys.has(key) && message[key] !== null) t.unknown(at, key)
  return readContent(t, message['content'], `${at}.content`, (part, path) => readText(t, part, path)) as Text[]
}

/** `content`: a string, or a list of parts. */
function readContent(t: Translation, content: unknown, at: string, read: (part: Json, path: string) => Part): Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content, cache: undefined, at }]
  const parts = t.list(content, at)
  if (parts.length === 0) t.refuse(at, 'the message says nothing')
  return withoutEmptyText(parts.map((part, index) => read(t.record(part, `${at}[${index}]`), `${at}[${index}]`)))
}

function readAssistant(t: Translation, message: Json, at: string): Part[] {
  for (const key in message) {
    if (assistantKeys.has(key) || isNothing(message[key])) continue
    if (key === 'annotations') t.warnOnce('citations_dropped', `${at}.annotations`)
    else if (key === 'audio' || key === 'function_call') t.alone(at, key)
    else t.unknown(at, key)
  }
  const parts: Part[] = isNothing(message['content'])
    ? []
    : readContent(t, message['content'], `${at}.content`, (part, path) =>
        part['type'] === 'refusal'
          ? { kind: 'refusal', text: t.text(part['refusal'], `${path}.refusal`), at: path }
          : readText(t, part, path),
      )
  if (typeof message['refusal'] === 'string')
    parts.push({ kind: 'refusal', text: message['refusal'], at: `${at}.refusal` })
  if (!isNothing(message['tool_calls'])) {
    const calls = t.list(message['tool_calls'], `${at}.tool_calls`)
    for (let index = 0; index < calls.length; index++)
      parts.push(readCall(t, calls[index], `${at}.tool_calls[${index}]`))
  }
  if (parts.length === 0) t.refuse(at, 'the message says nothing')
  return withoutEmptyText(parts)
}
const assistantKeys = new Set(['role', 'content', 'name', 'refusal', 'tool_calls'])

function readCall(t: Translation, value: unknown, at: string): Call {
  const call = t.record(value, at)
  if (call['type'] !== 'function')
    return t.refuse(at, `a call of type "${wordOf(call['type'])}" is known to OpenAI only`)
  for (const key in call) if (!callKeys.has(key) && call[key] !== null) t.unknown(at, key)
  const path = `${at}.function`
  const called = t.record(call['function'], path)
  for (const key in called) if (key !== 'name' && key !== 'arguments') t.unknown(path, key)
  return {
    kind: 'call',
    id: t.text(call['id'], `${at}.id`),
    name: t.text(called['name'], `${path}.name`),
    args: { json: t.text(called['arguments'], `${path}.arguments`) },
    at: path,
  }
}
const callKeys = new Set(['id', 'type', 'function'])

/** Results that follow each other are one turn. */
function readResult(t: Translation, turns: Turn[], message: Json, at: string): void {
  for (const key in message) if (!resultKeys.has(key) && message[key] !== null) t.unknown(at, key)
  const content = readContent(t, message['content'], `${at}.content`, (part, path) => readText(t, part, path))
  const id = t.text(message['tool_call_id'], `${at}.tool_call_id`)
  const result: Part = { kind: 'result', id, name: undefined, parts: content as Text[], error: false, at }
  const last = turns.at(-1)
  if (last?.role === 'user' && last.parts.every(isResult)) last.parts.push(result)
  else turns.push({ role: 'user', parts: [result], at })
}
const resultKeys = new Set(['role', 'content', 'tool_call_id', 'name'])

function readText(t: Translation, part: Json, at: string): Text {
  if (part['type'] !== 'text') return t.refuse(at, 'only text can stand here')
  let cache: Text['cache']
  for (const key in part) {
    if (key === 'prompt_cache_breakpoint') cache = readBreakpoint(t, part[key], `${at}.${key}`)
    else if (key !== 'type' && key !== 'text' && part[key] !== null) t.unknown(at, key)
  }
  return { kind: 'text', text: t.text(part['text'], `${at}.text`), cache, at }
}

function readPart(t: Translation, part: Json, at: string): Text | Media {
  const { type } = part
  if (type === 'text') return readText(t, part, at)
  const field = wordOf(type)
  if (type !== 'image_url' && type !== 'file' && type !== 'input_audio')
    return t.refuse(at, `a part of type "${field}" is known to OpenAI only`)
  for (const key in part)
    if (key !== 'type' && key !== field && key !== 'prompt_cache_breakpoint' && part[key] !== null) t.unknown(at, key)
  const cache = readBreakpoint(t, part['prompt_cache_breakpoint'], `${at}.prompt_cache_breakpoint`)
  const path = `${at}.${field}`
  const inner = t.record(part[field], path)
  for (const key in inner) if (!innerKeys[type].has(key) && inner[key] !== null) t.unknown(path, key)
  if (type === 'image_url')
    return readImage(t, t.text(inner['url'], `${path}.url`), inner['detail'], `${path}.url`, cache)
  if (type === 'file') return readFile(t, inner, path, cache)
  const mime = inner['format'] === 'mp3' ? 'audio/mp3' : `audio/${t.text(inner['format'], `${path}.format`)}`
  const data = cleanBase64(t.text(inner['data'], `${path}.data`))
  return { kind: 'audio', source: { kind: 'base64', mime, data }, at: path, cache }
}
const innerKeys = {
  image_url: new Set(['url', 'detail']),
  file: new Set(['file_data', 'file_id', 'filename']),
  input_audio: new Set(['data', 'format']),
}
