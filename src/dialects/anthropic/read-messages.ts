import { isResult, withoutEmptyText } from '../check-turns.ts'
import type { CacheMark, Media, Part, Result, Source, Text, Turn } from '../conversation.ts'
import { cleanBase64 } from '../media.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'

/** `system`: a string, or text blocks. */
export function readSystem(t: Translation, system: unknown, at: string): Text[] {
  if (typeof system === 'string') return [{ kind: 'text', text: system, cache: undefined, at }]
  return t.list(system, at).map((block, index) => {
    const path = `${at}[${index}]`
    const record = t.record(block, path)
    return record['type'] === 'text' ? readText(t, record, path) : t.refuse(path, 'a system prompt is text only')
  })
}

export function readMessages(t: Translation, messages: readonly unknown[]): Turn[] {
  const turns: Turn[] = []
  for (let index = 0; index < messages.length; index++) {
    const at = `messages[${index}]`
    const message = t.record(messages[index], at)
    for (const key in message) if (key !== 'role' && key !== 'content') t.unknown(at, key)
    const role = message['role']
    const path = `${at}.content`
    if (role === 'system') turns.push({ role, parts: readSystem(t, message['content'], path), at })
    else if (role !== 'user' && role !== 'assistant') t.refuse(`${at}.role`, `role "${wordOf(role)}" is not known`)
    else {
      const parts = readContent(t, message['content'], path, role === 'user')
      // A turn that was nothing but thinking is gone with it.
      if (parts.length > 0) turns.push({ role: role === 'user' ? 'user' : 'model', parts, at })
    }
  }
  return turns
}

function readContent(t: Translation, content: unknown, at: string, user: boolean): Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content, cache: undefined, at }]
  const blocks = t.list(content, at)
  if (blocks.length === 0) t.refuse(at, 'the message says nothing')
  const parts: Part[] = []
  for (let index = 0; index < blocks.length; index++) {
    const path = `${at}[${index}]`
    const block = t.record(blocks[index], path)
    const type = block['type']
    if (type === 'thinking' || type === 'redacted_thinking') t.warn('reasoning_dropped', path)
    else if (type === 'tool_use' && !user) parts.push(readCall(t, block, path))
    else if (type === 'tool_result' && user) parts.push(readResult(t, block, path))
    else parts.push(...readBlock(t, block, path))
  }
  const results = parts.filter(isResult)
  const inOrder = results.length > 0 ? [...results, ...parts.filter((part) => !isResult(part))] : parts
  return withoutEmptyText(inOrder)
}

/** Blocks that stand in messages and in tool results alike. */
function readBlock(t: Translation, block: Json, at: string): (Text | Media)[] {
  const { type } = block
  if (type === 'text') return [readText(t, block, at)]
  if (type === 'image') return [readImage(t, block, at)]
  if (type === 'document') return [readDocument(t, block, at)]
  if (type === 'search_result') return readSearchResult(t, block, at)
  return t.refuse(at, `a block of type "${wordOf(type)}" is known to Anthropic only`)
}

function readText(t: Translation, block: Json, at: string): Text {
  let cache: CacheMark | undefined
  for (const key in block) {
    const value = block[key]
    if (key === 'type' || key === 'text' || isNothing(value)) continue
    if (key === 'cache_control') cache = readMark(t, value, `${at}.${key}`)
    else if (key === 'citations') t.warnOnce('citations_dropped', `${at}.citations`)
    else t.unknown(at, key)
  }
  return { kind: 'text', text: t.text(block['text'], `${at}.text`), cache, at }
}

const readMark = (t: Translation, value: unknown, at: string): CacheMark => ({
  ttl: (t.record(value, at)['ttl'] ?? undefined) as string | undefined,
})

function readImage(t: Translation, block: Json, at: string): Media {
  for (const key in block)
    if (key !== 'type' && key !== 'source' && key !== 'cache_control' && block[key] !== null) t.unknown(at, key)
  const cache = isNothing(block['cache_control'])
    ? undefined
    : readMark(t, block['cache_control'], `${at}.cache_control`)
  return { kind: 'image', source: readSource(t, block['source'], `${at}.source`), at, cache }
}

function readDocument(t: Translation, block: Json, at: string): Media {
  for (const key in block) if (!documentKeys.has(key) && block[key] !== null) t.unknown(at, key)
  refuseCitations(t, block, at)
  const cache = isNothing(block['cache_control'])
    ? undefined
    : readMark(t, block['cache_control'], `${at}.cache_control`)
  const title = (block['title'] ?? undefined) as string | undefined
  const context = (block['context'] ?? undefined) as string | undefined
  return { kind: 'document', source: readSource(t, block['source'], `${at}.source`), at, title, context, cache }
}
const documentKeys = new Set(['type', 'source', 'title', 'context', 'citations', 'cache_control'])

function refuseCitations(t: Translation, block: Json, at: string): void {
  if (isNothing(block['citations'])) return
  if (t.record(block['citations'], `${at}.citations`)['enabled'] === true)
    t.refuse(`${at}.citations.enabled`, 'citations have no counterpart')
}

function readSource(t: Translation, value: unknown, at: string): Source {
  const source = t.record(value, at)
  switch (source['type']) {
    case 'base64': {
      const mime = t.text(source['media_type'], `${at}.media_type`)
      return { kind: 'base64', mime, data: cleanBase64(t.text(source['data'], `${at}.data`)) }
    }
    case 'url':
      return { kind: 'url', url: t.text(source['url'], `${at}.url`) }
    case 'text':
      return { kind: 'text', text: t.text(source['data'], `${at}.data`) }
    case 'file':
      return { kind: 'file', id: t.text(source['file_id'], `${at}.file_id`), vendor: 'anthropic' }
    default:
      return t.refuse(`${at}.type`, `a source of type "${wordOf(source['type'])}" has no counterpart`)
  }
}

/** Its words, one text each: what it is called, where it is from, what it says. */
function readSearchResult(t: Translation, block: Json, at: string): Text[] {
  for (const key in block) if (!searchKeys.has(key) && block[key] !== null) t.unknown(at, key)
  refuseCitations(t, block, at)
  t.warn('document_words_inlined', at)
  const words = [
    `Title: ${t.text(block['title'], `${at}.title`)}`,
    `Source: ${t.text(block['source'], `${at}.source`)}`,
  ]
  const content = readSystem(t, block['content'], `${at}.content`)
  return [...words.map((text): Text => ({ kind: 'text', text, cache: undefined, at })), ...content]
}
const searchKeys = new Set(['type', 'source', 'title', 'content', 'citations', 'cache_control'])

function readCall(t: Translation, block: Json, at: string): Part {
  for (const key in block) {
    const value = block[key]
    if (callKeys.has(key) || isNothing(value)) continue
    if (key === 'cache_control') t.warnOnce('cache_mark_dropped', `${at}.cache_control`)
    else if (key !== 'caller' || t.record(value, `${at}.caller`)['type'] !== 'direct') t.unknown(at, key)
  }
  return {
    kind: 'call',
    id: t.text(block['id'], `${at}.id`),
    name: t.text(block['name'], `${at}.name`),
    args: { value: t.record(block['input'], `${at}.input`) },
    at,
  }
}
const callKeys = new Set(['type', 'id', 'name', 'input'])

function readResult(t: Translation, block: Json, at: string): Result {
  for (const key in block) {
    if (resultKeys.has(key) || isNothing(block[key])) continue
    if (key === 'cache_control') t.warnOnce('cache_mark_dropped', `${at}.cache_control`)
    else t.unknown(at, key)
  }
  const { content } = block
  const path = `${at}.content`
  const parts: (Text | Media)[] = isNothing(content)
    ? []
    : typeof content === 'string'
      ? [{ kind: 'text', text: content, cache: undefined, at: path }]
      : t
          .list(content, path)
          .flatMap((item, index) => readBlock(t, t.record(item, `${path}[${index}]`), `${path}[${index}]`))
  const id = t.text(block['tool_use_id'], `${at}.tool_use_id`)
  return { kind: 'result', id, name: undefined, parts, error: block['is_error'] === true, at }
}
const resultKeys = new Set(['type', 'tool_use_id', 'content', 'is_error'])
