import { isResult, withoutEmptyText } from '../check-turns.ts'
import type { Call, Conversation, Media, Part, Result, Source, Text, Turn } from '../conversation.ts'
import { cleanBase64, kindOf } from '../media.ts'
import { isNothing, isRecord, type Json, type Translation, wordOf } from '../translation.ts'
import { fieldsOf } from './fields.ts'

export function readSystem(t: Translation, c: Conversation, value: unknown, at: string): void {
  const content = typeof value === 'string' ? { parts: [{ text: value }] } : t.record(value, at)
  const path = `${at}.parts`
  const parts = t.list(content['parts'] ?? [], path).map((item, index): Text => {
    const part = fieldsOf(t.record(item, `${path}[${index}]`))
    for (const key in part)
      if (key !== 'text' && !isNothing(part[key])) t.refuse(`${path}[${index}].${key}`, 'a system prompt is text only')
    return {
      kind: 'text',
      text: t.text(part['text'], `${path}[${index}].text`),
      cache: undefined,
      at: `${path}[${index}]`,
    }
  })
  if (parts.length > 0) c.system.push({ role: 'system', parts, at })
}

/** `contents`: a list, or, for a single turn, its content or text alone. */
export function readContents(t: Translation, value: unknown): Turn[] {
  const contents = Array.isArray(value) ? value : [value]
  const turns: Turn[] = []
  let open: Call[] = []
  for (let index = 0; index < contents.length; index++) {
    const at = Array.isArray(value) ? `contents[${index}]` : 'contents'
    const content = t.record(contents[index], at)
    const role = content['role'] ?? 'user'
    for (const key in content) if (key !== 'role' && key !== 'parts') t.unknown(at, key)
    if (role !== 'user' && role !== 'model' && role !== 'function')
      t.refuse(`${at}.role`, `role "${wordOf(role)}" is not known`)
    const list = t.list(isRecord(content['parts']) ? [content['parts']] : content['parts'], `${at}.parts`)
    const reader = new PartReader(t, index, open)
    const parts = reader.read(list, `${at}.parts`)
    if (role === 'model') open = parts.filter((part) => part.kind === 'call')
    if (list.length === 0) t.refuse(`${at}.parts`, 'the content says nothing')
    // A turn that was nothing but thoughts is gone with them.
    if (parts.length > 0) turns.push({ role: role === 'model' ? role : 'user', parts: inOrder(parts), at })
  }
  return turns
}

function inOrder(parts: Part[]): Part[] {
  const results = parts.filter(isResult)
  return withoutEmptyText(results.length > 0 ? [...results, ...parts.filter((part) => !isResult(part))] : parts)
}

class PartReader {
  readonly #t: Translation
  /** Place of the content among the contents; calls without an id are named by it. */
  readonly #turn: number
  /** Calls of the content before that wait for their result. */
  readonly #open: Call[]
  #calls = 0

  constructor(t: Translation, turn: number, open: readonly Call[]) {
    this.#t = t
    this.#turn = turn
    this.#open = [...open]
  }

  read(list: readonly unknown[], at: string): Part[] {
    const parts: Part[] = []
    for (let index = 0; index < list.length; index++) {
      const path = `${at}[${index}]`
      const part = this.#part(fieldsOf(this.#t.record(list[index], path)), path)
      if (part !== undefined) parts.push(part)
    }
    return parts
  }

  #part(part: Json, at: string): Part | undefined {
    const t = this.#t
    let kind: string | undefined
    for (const key in part) {
      if (isNothing(part[key]) || (key === 'thought' && part[key] === false)) continue
      if (kinds.has(key)) {
        if (kind !== undefined) t.refuse(at, `the part is both ${kind} and ${key}`)
        kind = key
      } else if (key === 'thoughtSignature') t.warnOnce('reasoning_dropped', `${at}.thoughtSignature`)
      else if (key === 'thought') {
        t.warnOnce('reasoning_dropped', at)
        return undefined
      } else if (key !== 'mediaResolution') t.alone(at, key)
    }
    if (kind === undefined)
      return typeof part['thoughtSignature'] === 'string' ? undefined : t.refuse(at, 'the part says nothing')
    const inner = `${at}.${kind}`
    if (kind === 'text') return { kind: 'text', text: t.text(part['text'], inner), cache: undefined, at }
    const record = fieldsOf(t.record(part[kind], inner))
    if (kind === 'functionCall') return this.#call(record, inner)
    if (kind === 'functionResponse') return this.#result(record, inner)
    return readMedia(t, record, kind, inner, readDetail(t, part['mediaResolution'], `${at}.mediaResolution`))
  }

  #call(call: Json, at: string): Call {
    for (const key in call) if (!callKeys.has(key) && !isNothing(call[key])) this.#t.unknown(at, key)
    const args = this.#t.record(call['args'] ?? {}, `${at}.args`)
    const own = call['id']
    const id = typeof own === 'string' && own !== '' ? own : `call_${this.#turn}_${this.#calls}`
    if (id !== own) this.#t.warnOnce('tool_id_added', at)
    this.#calls++
    return { kind: 'call', id, name: this.#t.text(call['name'], `${at}.name`), args: { value: args }, at }
  }

  /** Without an id it answers the first open call of its name. */
  #result(result: Json, at: string): Result {
    const t = this.#t
    for (const key in result) if (!resultKeys.has(key) && !isNothing(result[key])) t.unknown(at, key)
    const name = t.text(result['name'], `${at}.name`)
    const own = result['id']
    const place = this.#open.findIndex((call) =>
      own === undefined || own === '' ? call.name === name : call.id === own,
    )
    const call = place < 0 ? t.refuse(at, 'no call of the turn before is answered by this') : this.#open[place]
    this.#open.splice(place, 1)
    const { text, error } = readResponse(t, result['response'] ?? {}, `${at}.response`)
    const media = isNothing(result['parts'])
      ? []
      : t.list(result['parts'], `${at}.parts`).map((part, index) => this.#media(part, `${at}.parts[${index}]`))
    const texts: Text[] = text === '' && media.length > 0 ? [] : [{ kind: 'text', text, cache: undefined, at }]
    return { kind: 'result', id: (call as Call).id, name, parts: [...texts, ...media], error, at }
  }

  #media(value: unknown, at: string): Media {
    const part = this.#part(fieldsOf(this.#t.record(value, at)), at)
    const media =
      part?.kind === 'image' || part?.kind === 'document' || part?.kind === 'audio' || part?.kind === 'video'
    return media ? part : this.#t.refuse(at, 'only media can stand beside a response')
  }
}
const kinds = new Set(['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'])
const callKeys = new Set(['id', 'name', 'args'])
const resultKeys = new Set(['id', 'name', 'response', 'parts'])

/** `{output: text}` and `{error: text}` are the text; any other object is told as JSON. */
function readResponse(t: Translation, value: unknown, at: string): { readonly text: string; readonly error: boolean } {
  const response = t.record(value, at)
  const [key, ...more] = Object.keys(response)
  if (key === undefined) return { text: '', error: false }
  const plain = more.length === 0 && (key === 'output' || key === 'error')
  const said = plain ? response[key] : response
  if (typeof said !== 'string') t.warn('tool_result_as_text', at)
  return { text: typeof said === 'string' ? said : JSON.stringify(said), error: plain && key === 'error' }
}

const details: Readonly<Record<string, Media['detail']>> = {
  MEDIA_RESOLUTION_LOW: 'low',
  MEDIA_RESOLUTION_HIGH: 'high',
  MEDIA_RESOLUTION_UNSPECIFIED: undefined,
}

function readDetail(t: Translation, value: unknown, at: string): Media['detail'] {
  if (isNothing(value)) return undefined
  const level = wordOf(fieldsOf(t.record(value, at))['level'])
  return Object.hasOwn(details, level) ? details[level] : t.refuse(at, `${level} has no counterpart`)
}

function readMedia(t: Translation, record: Json, kind: string, at: string, detail: Media['detail']): Media {
  for (const key in record) if (!mediaKeys[kind]?.has(key) && !isNothing(record[key])) t.unknown(at, key)
  const mime = typeof record['mimeType'] === 'string' ? record['mimeType'].toLowerCase() : undefined
  const uri = kind === 'fileData' ? t.text(record['fileUri'], `${at}.fileUri`) : ''
  const name = (record['displayName'] ?? undefined) as string | undefined
  const what = video.test(uri) ? 'video' : mime === undefined ? 'document' : kindOf(mime)
  if (name !== undefined && what !== 'document') t.warn('filename_dropped', `${at}.displayName`, name)
  const title = what === 'document' ? name : undefined
  if (kind === 'fileData') return { kind: what, source: readUri(uri, mime), at, detail, title }
  if (mime === undefined) return t.refuse(at, 'the media type is missing')
  const data = cleanBase64(t.text(record['data'], `${at}.data`))
  return { kind: what, source: { kind: 'base64', mime, data }, at, detail, title }
}
const video = /^https?:\/\/((www|m)\.)?(youtube\.com|youtu\.be)\//
const mediaKeys: Readonly<Record<string, ReadonlySet<string>>> = {
  inlineData: new Set(['mimeType', 'data', 'displayName']),
  fileData: new Set(['mimeType', 'fileUri', 'displayName']),
}

/** Files at the vendor and in its storage are known there only. */
function readUri(uri: string, mime: string | undefined): Source {
  const open = /^https?:\/\//.test(uri) && !uri.startsWith('https://generativelanguage.googleapis.com/')
  if (!open) return { kind: 'file', id: uri, vendor: 'google' }
  return mime === undefined ? { kind: 'url', url: uri } : { kind: 'url', url: uri, mime }
}
