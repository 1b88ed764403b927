import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { translateRequest } from './translate.ts'
import type { Allowance, ChatDialect, Json, RequestOptions } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'

/**
 * One cell of the mapping: E exact, A approximated with a warning, X refused. `says` and `gives` are laid over the
 * plainest request of each dialect; what a cell does not name must come out as the plainest request does.
 */
interface Cell extends Omit<RequestOptions, 'anthropicVersion'> {
  readonly name: string
  readonly is: 'E' | 'A' | 'X'
  readonly from: ChatDialect
  readonly to: ChatDialect | readonly ChatDialect[]
  readonly says: Json
  readonly gives?: Json
  readonly path?: string
  readonly code?: string
  readonly also?: readonly string[]
  readonly version?: RequestOptions['anthropicVersion']
}

const folder = join(import.meta.dirname, '__fixtures__/cells')

const models: Record<ChatDialect, string> = {
  'openai-chat': 'gpt-5.6-sol',
  'openai-responses': 'gpt-5.6-sol',
  anthropic: 'claude-opus-4-6',
  gemini: 'gemini-3.5-flash',
}

const plainest: Record<ChatDialect, Json> = {
  'openai-chat': { messages: [{ role: 'user', content: 'Hi' }], max_completion_tokens: 100 },
  'openai-responses': { input: [{ role: 'user', content: 'Hi' }], max_output_tokens: 100, store: false },
  anthropic: { max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig: { maxOutputTokens: 100 } },
}

/** `"tools": "fg"` in a cell: two tools without parameters. */
const tool: Record<ChatDialect, (name: string) => Json> = {
  'openai-chat': (name) => ({ type: 'function', function: { name } }),
  'openai-responses': (name) => ({ type: 'function', name, parameters: null, strict: false }),
  anthropic: (name) => ({ name, input_schema: { type: 'object', properties: {} } }),
  gemini: (name) => ({ name }),
}

/** `"S"` in a cell: a schema that all vendors enforce. */
const schema = {
  type: 'object',
  properties: { label: { type: 'string', enum: ['spam', 'ham'] }, score: { type: 'number' } },
  required: ['label', 'score'],
  additionalProperties: false,
}

/** `"calls …"` in a cell: a conversation with a call of these arguments and its result. */
const calls = (args: string): Json[] => [
  { role: 'user', content: 'A' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: args } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: 'r' },
]

function lay(dialect: ChatDialect, over: Json): Json {
  const body: Json = { ...plainest[dialect], ...(dialect !== 'gemini' && { model: models[dialect] }) }
  for (const [key, value] of Object.entries(over)) {
    if (value === '-') delete body[key]
    else if (key === 'tools' && typeof value === 'string') {
      const list = [...value].map(tool[dialect])
      body[key] = dialect === 'gemini' ? [{ functionDeclarations: list }] : list
    } else if (typeof value === 'string' && value.startsWith('calls ')) body[key] = calls(value.slice(6))
    else if (key === 'generationConfig') body[key] = { ...(body[key] as Json), ...(value as Json) }
    else body[key] = value
  }
  return JSON.parse(JSON.stringify(body, (_key, value) => (value === 'S' ? schema : value))) as Json
}

for (const file of readdirSync(folder).sort()) {
  const cells = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Cell[]
  const flat = cells.flatMap((cell) => [cell.to].flat().map((to) => ({ ...cell, to: to as ChatDialect })))
  describe(file.replace('.json', ''), () => {
    test.each(flat)('$is $from → $to: $name', (cell) => {
      const { from, to, is, path, code, also = [], allow, maxOutput, version } = cell
      const model = cell.model ?? models[to]
      const options: RequestOptions = {
        model,
        ...(allow !== undefined && { allow }),
        ...(maxOutput !== undefined && { maxOutput }),
        ...(version !== undefined && { anthropicVersion: version }),
      }
      const translated = () => translateRequest(from, to, JSON.stringify(lay(from, cell.says)), options)
      if (is === 'X') {
        expect(translated).toThrow(Untranslatable)
        expect(caught(translated)).toMatchObject({ code: 'untranslatable', path, target: to, exitCode: 2 })
        return
      }
      const { body, warnings } = translated()
      const expected = lay(to, { ...(to !== 'gemini' && { model }), ...cell.gives })
      expect(body).toEqual(expected)
      const codes = warnings.map((warning) => warning.code)
      expect(codes.toSorted()).toEqual(is === 'E' ? [] : [code, ...also].toSorted())
      if (is === 'A') expect(warnings.find((warning) => warning.code === code)?.path).toBe(path)
    })
  })
}

function caught(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

test('bodies of the same dialect pass as they are, but for the model', () => {
  const body = { model: 'a', anything: [1], service_tier: 'flex' }
  expect(translateRequest('anthropic', 'anthropic', body)).toEqual({ body, warnings: [] })
  expect(translateRequest('anthropic', 'anthropic', body, { model: 'b' }).body).toEqual({ ...body, model: 'b' })
})

test('a request that names no model needs one from the lane', () => {
  const body = { contents: [{ parts: [{ text: 'Hi' }] }] }
  expect(() => translateRequest('gemini', 'openai-chat', body)).toThrow('model cannot be said in openai-chat')
  expect(translateRequest('gemini', 'openai-chat', body, { model: 'gpt-5-mini' }).body['model']).toBe('gpt-5-mini')
})

test('a body may come as text, as bytes or as a value', () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Grüße 🛫' }] }
  const text = JSON.stringify(body)
  const expected = translateRequest('openai-chat', 'gemini', body)
  expect(translateRequest('openai-chat', 'gemini', text)).toEqual(expected)
  expect(translateRequest('openai-chat', 'gemini', Buffer.from(text))).toEqual(expected)
  expect(translateRequest('openai-chat', 'gemini', new TextEncoder().encode(text))).toEqual(expected)
})

test('a number that a double does not hold is refused with its path', () => {
  const text = '{"model":"m","messages":[{"role":"user","content":"Hi"}],"seed":12345678901234567890}'
  expect(caught(() => translateRequest('openai-chat', 'gemini', text))).toMatchObject({ path: 'seed' })
  expect(() => translateRequest('openai-chat', 'gemini', text.replace('12345678901234567890', '1e400'))).toThrow('seed')
})

test('what is no object is refused', () => {
  expect(() => translateRequest('openai-chat', 'gemini', '[]')).toThrow(Untranslatable)
  expect(() => translateRequest('openai-chat', 'gemini', '{"messages":"Hi","model":"m"}')).toThrow('messages')
})

test('every allowance is asked for by name', () => {
  const allowances: readonly Allowance[] = ['hoist_system', 'clamp_effort', 'effort_budgets', 'relax_schema']
  const body = {
    model: 'm',
    messages: [
      { role: 'user', content: 'A' },
      { role: 'system', content: 'B' },
    ],
  }
  for (const allowance of allowances.slice(1))
    expect(() => translateRequest('openai-chat', 'gemini', body, { allow: [allowance] })).toThrow('messages[1]')
  expect(translateRequest('openai-chat', 'gemini', body, { allow: ['hoist_system'] }).warnings).toHaveLength(1)
})
