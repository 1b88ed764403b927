import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { translateRequest } from '../../src/dialects/translate.ts'
import type { ChatDialect, Json } from '../../src/dialects/translation.ts'
import { Untranslatable } from '../../src/dialects/untranslatable.ts'
import type { Warning } from '../../src/dialects/warnings.ts'
import { pdf, render, talk } from './talk.ts'

const models: Record<ChatDialect, string> = {
  'openai-chat': 'gpt-5.6-sol',
  'openai-responses': 'gpt-5.6-sol',
  anthropic: 'claude-opus-4-6',
  gemini: 'gemini-3.5-flash',
}
const dialects = Object.keys(models) as ChatDialect[]
const pairs = dialects.flatMap((from) => dialects.filter((to) => to !== from).map((to) => ({ from, to })))

/** What two bodies of one dialect must share, but for what the warnings admit. */
function masked(dialect: ChatDialect, body: Json, codes: ReadonlySet<string>): unknown {
  const copy = JSON.parse(JSON.stringify(body)) as Json
  const has = (...wanted: string[]) => wanted.some((code) => codes.has(code))
  const drop = (...keys: string[]) => keys.forEach((key) => deepDelete(copy, key))
  if (has('labels_dropped')) drop('metadata', 'labels')
  if (has('max_tokens_added')) drop('max_tokens', 'max_completion_tokens', 'max_output_tokens', 'maxOutputTokens')
  if (has('cache_mark_changed', 'cache_mark_dropped')) drop('cache_control', 'prompt_cache_breakpoint')
  if (has('signature_skipped')) drop('thoughtSignature')
  if (has('tool_id_added')) drop('id')
  if (copy['tool_choice'] === 'auto') drop('tool_choice') // as unsaid
  if (has('effort_changed')) drop('reasoning_effort', 'reasoning', 'thinkingConfig', 'thinking', 'effort')
  if (has('tool_subset')) drop('tools', 'tool_choice', 'toolConfig')
  if (has('strict_as_validated')) drop('tool_choice', 'toolConfig', 'strict')
  if (has('tool_error_as_text')) drop('is_error', 'response')
  const format = ((copy['response_format'] as Json)?.['json_schema'] ??
    (copy['text'] as Json)?.['format'] ??
    {}) as Json
  if (has('schema_name_added', 'schema_words_dropped')) delete format['name']
  if (has('schema_enforced')) delete format['strict']
  return pruned(turnsOf(dialect, copy, codes))
}

/** System prompts as one list; turns in one spelling; what a warning admits to have changed taken out of them. */
function turnsOf(dialect: ChatDialect, copy: Json, codes: ReadonlySet<string>): Json {
  const field = { 'openai-chat': 'messages', 'openai-responses': 'input', anthropic: 'messages', gemini: 'contents' }[
    dialect
  ]
  const items = copy[field] as Json[]
  const system = items.filter((item) => item['role'] === 'system' || item['role'] === 'developer')
  copy['system'] ??= system.flatMap(({ role, content }) =>
    [content]
      .flat()
      .map((part) => [codes.has('developer_as_system') ? 'system' : role, (part as Json)?.['text'] ?? part]),
  )
  const documents = ['text_document_inlined', 'document_words_inlined', 'filename_added'].some((code) =>
    codes.has(code),
  )
  copy[field] = items
    .filter((item) => !system.includes(item) && item['type'] !== 'reasoning')
    .map((item) => {
      const said = JSON.stringify(item)
      if (documents && (said.includes('DOCUMENT') || said.includes(pdf))) return 'a turn with a document'
      for (const key of ['content', 'parts']) if (key in item) item[key] = partsOf(item[key], codes)
      return item
    })
  return copy
}

function partsOf(content: unknown, codes: ReadonlySet<string>): unknown {
  const parts = [content].flat().map((part) => (typeof part === 'string' ? { text: part } : part)) as (Json | null)[]
  return parts
    .filter(
      (part) => !(codes.has('reasoning_dropped') && (part?.['type'] === 'thinking' || part?.['thought'] === true)),
    )
    .map((part) => {
      if (part?.['type'] === 'text' || part?.['type'] === 'input_text') delete part['type']
      if (codes.has('tool_error_as_text') && part?.['type'] === 'tool_result') delete part['content']
      return part
    })
}

function deepDelete(value: unknown, key: string): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    // What a tool is called with is not ours to touch.
    if (name === key) delete (value as Json)[name]
    else if (name !== 'args' && name !== 'input_schema') deepDelete(inner, key)
  }
}

/** Objects that masking emptied. */
function pruned(body: Json): Json {
  for (const key of ['generationConfig', 'output_config'])
    if (body[key] !== undefined && Object.keys(body[key] as Json).length === 0) delete body[key]
  return body
}

function resolves(body: Json, path: string): boolean {
  let value: unknown = body
  for (const step of path.match(/[^.[\]]+/g) ?? []) value = (value as Json | undefined | null)?.[step]
  return value !== undefined
}

describe('a request that goes there and back', () => {
  test.each(pairs)('$from → $to → $from says the same, but for what the warnings admit', ({ from, to }) => {
    let arrived = 0
    fc.assert(
      fc.property(talk, (spoken) => {
        const original = render[from](spoken)
        const there = attempt(from, to, original)
        if (there === undefined) return
        const back = translateRequest(to, from, JSON.stringify(there.body), { model: models[from] })
        const warnings = [...there.warnings, ...back.warnings]
        const codes = new Set<string>(warnings.map((warning) => warning.code))
        expect(masked(from, back.body, codes)).toEqual(masked(from, original, codes))
        arrived++
      }),
      { numRuns: 200 },
    )
    expect(arrived).toBeGreaterThan(10)
  })
})

/** undefined: refused, with a path that leads to something in the body. */
function attempt(
  from: ChatDialect,
  to: ChatDialect,
  body: Json,
): { body: Json; warnings: readonly Warning[] } | undefined {
  try {
    const there = translateRequest(from, to, JSON.stringify(body), { model: models[to] })
    for (const { code, path } of there.warnings)
      expect(code.endsWith('_added') || resolves(body, path), `${code} at ${path}`).toBe(true)
    return there
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error
    expect(resolves(body, error.path), error.message).toBe(true)
    return undefined
  }
}
