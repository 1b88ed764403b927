import { mergeTurns } from '../check-turns.ts'
import {
  type Conversation,
  type Effort,
  efforts,
  newConversation,
  type Tool,
  type ToolChoice,
} from '../conversation.ts'
import { refuseTier } from '../openai/read-tools.ts'
import { isEmptySchema } from '../openai/write-shared.ts'
import { isNothing, isRecord, type Json, type Translation, wordOf } from '../translation.ts'
import { readMessages, readSystem } from './read-messages.ts'

/** `/v1/messages`: request → conversation. */
export function readRequest(t: Translation, body: Json): Conversation {
  const c = newConversation()
  for (const key in body) {
    const value = body[key]
    if (value === null || value === undefined) continue
    switch (key) {
      case 'model':
        c.model = value as string
        break
      case 'max_tokens':
        c.maxOutput = value as number
        break
      case 'messages':
        c.turns = [...mergeTurns(readMessages(t, t.list(value, key)))]
        break
      case 'system':
        if (!isNothing(value)) c.system.push({ role: 'system', parts: readSystem(t, value, key), at: key })
        break
      case 'temperature':
        c.temperature = value as number
        break
      case 'top_p':
        c.topP = value as number
        break
      case 'top_k':
        c.topK = value as number
        break
      case 'stop_sequences':
        if (!isNothing(value)) c.stop = t.texts(value, key)
        break
      case 'tools':
        c.tools = t.list(value, key).map((tool, index) => readTool(t, tool, `${key}[${index}]`))
        break
      case 'tool_choice':
        c.toolChoice = readToolChoice(t, c, t.record(value, key))
        break
      case 'thinking':
      case 'output_config':
      case 'output_format':
        break // together, below
      case 'metadata':
        for (const name in t.record(value, key)) if (name !== 'user_id') t.unknown(key, name)
        c.endUser = (t.record(value, key)['user_id'] ?? undefined) as string | undefined
        break
      case 'service_tier':
        refuseTier(t, value, key, ['auto', 'standard_only'])
        break
      case 'cache_control':
        t.warnOnce('cache_mark_dropped', key)
        break
      case 'speed':
        if (value !== 'standard') t.alone('', key)
        break
      case 'stream':
        if (value !== false) t.refuse(key, 'deferred answers do not stream')
        break
      case 'container':
      case 'diagnostics':
      case 'inference_geo':
      case 'user_profile_id':
      case 'workspace_id':
        t.alone('', key)
        break
      default:
        t.unknown('', key)
    }
  }
  readFormat(t, c, body)
  readReasoning(t, c, body)
  return c
}

function readTool(t: Translation, value: unknown, at: string): Tool {
  const tool = t.record(value, at)
  const { type, name, description, input_schema: schema, strict } = tool
  if (!isNothing(type) && type !== 'custom')
    return t.refuse(at, `a tool of type "${wordOf(type)}" is known to Anthropic only`)
  for (const key in tool) {
    const said = tool[key]
    if (toolKeys.has(key) || isNothing(said) || (said === false && offKeys.has(key))) continue
    if (key === 'cache_control') t.warnOnce('cache_mark_dropped', `${at}.cache_control`)
    else if (key !== 'allowed_callers' || JSON.stringify(said) !== '["direct"]') t.unknown(at, key)
  }
  return {
    name: t.text(name, `${at}.name`),
    description: (description ?? undefined) as string | undefined,
    schema: isEmptySchema(schema) ? undefined : t.record(schema, `${at}.input_schema`),
    strict: strict === true,
    at,
  }
}
const toolKeys = new Set(['type', 'name', 'description', 'input_schema', 'strict'])
const offKeys = new Set(['defer_loading', 'eager_input_streaming'])

const modes = { auto: 'auto', any: 'required', none: 'none' } as const

function readToolChoice(t: Translation, c: Conversation, choice: Json): ToolChoice {
  const at = 'tool_choice'
  for (const key in choice) if (!choiceKeys.has(key) && choice[key] !== null) t.unknown(at, key)
  c.serialTools = choice['disable_parallel_tool_use'] === true
  const type = choice['type'] as string
  if (type === 'tool') return { mode: 'named', name: t.text(choice['name'], `${at}.name`), at }
  const mode = Object.hasOwn(modes, type) ? modes[type as keyof typeof modes] : undefined
  return mode === undefined ? t.refuse(`${at}.type`, `tool choice "${wordOf(type)}" is not known`) : { mode, at }
}
const choiceKeys = new Set(['type', 'name', 'disable_parallel_tool_use'])

/** `output_config.format`; `output_format` is its older place. */
function readFormat(t: Translation, c: Conversation, body: Json): void {
  const config = isRecord(body['output_config']) ? body['output_config'] : {}
  for (const key in config)
    if (key !== 'effort' && key !== 'format' && config[key] !== null) t.unknown('output_config', key)
  const older = body['output_format'] ?? undefined
  const newer = config['format'] ?? undefined
  if (older === undefined && newer === undefined) return
  if (older !== undefined && newer !== undefined) t.refuse('output_format', '`output_config.format` says it as well')
  const at = newer === undefined ? 'output_format' : 'output_config.format'
  const format = t.record(newer ?? older, at)
  for (const key in format) if (key !== 'type' && key !== 'schema') t.unknown(at, key)
  if (format['type'] !== 'json_schema') t.refuse(`${at}.type`, 'this answer format is not known')
  const schema = t.record(format['schema'], `${at}.schema`)
  c.format = { kind: 'schema', schema, name: undefined, description: undefined, strict: true, at: `${at}.schema` }
}

function readReasoning(t: Translation, c: Conversation, body: Json): void {
  const config = isRecord(body['output_config']) ? body['output_config'] : {}
  const effort = (config['effort'] ?? undefined) as Effort | undefined
  if (effort !== undefined && !efforts.includes(effort))
    t.refuse('output_config.effort', `effort "${wordOf(effort)}" is not known`)
  const thinking = isNothing(body['thinking']) ? undefined : t.record(body['thinking'], 'thinking')
  if (effort === undefined && thinking === undefined) return
  const type = thinking?.['type']
  for (const key in thinking) if (!thinkingKeys.has(key) && thinking[key] !== null) t.unknown('thinking', key)
  if (type !== undefined && !['enabled', 'disabled', 'adaptive'].includes(type as string))
    t.refuse('thinking.type', `"${wordOf(type)}" has no counterpart`)
  const display = thinking?.['display'] ?? undefined
  c.reasoning = {
    off: type === 'disabled',
    effort,
    budget: type === 'enabled' ? (thinking?.['budget_tokens'] as number) : undefined,
    adaptive: type === 'adaptive',
    visible: display === undefined ? undefined : display === 'summarized',
    at: { effort: 'output_config.effort', budget: 'thinking', visible: 'thinking.display' },
  }
}
const thinkingKeys = new Set(['type', 'budget_tokens', 'display'])
