import { type Conversation, newConversation, type Tool } from '../conversation.ts'
import { readEffort, readSchemaFormat, readToolChoice, refuseTier } from '../openai/read-tools.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'
import { readMessages } from './read-messages.ts'

/** `/v1/chat/completions`: request → conversation. */
export function readRequest(t: Translation, body: Json): Conversation {
  const c = newConversation()
  let logprobs = false
  for (const key in body) {
    const value = body[key]
    if (value === null || value === undefined) continue
    switch (key) {
      case 'model':
        c.model = value as string
        break
      case 'messages':
        readMessages(t, c, t.list(value, key))
        break
      case 'temperature':
        c.temperature = value as number
        break
      case 'top_p':
        c.topP = value as number
        break
      case 'max_completion_tokens':
      case 'max_tokens':
        if (c.maxOutput !== undefined && c.maxOutput !== value) t.refuse(key, 'two limits of the output are given')
        c.maxOutput = value as number
        break
      case 'stop':
        if (!isNothing(value)) c.stop = typeof value === 'string' ? [value] : t.texts(value, key)
        break
      case 'n':
        if (value !== 1) c.choices = value as number
        break
      case 'seed':
        c.seed = value as number
        break
      case 'frequency_penalty':
        if (value !== 0) c.frequencyPenalty = value as number
        break
      case 'presence_penalty':
        if (value !== 0) c.presencePenalty = value as number
        break
      case 'logit_bias':
        if (Object.keys(t.record(value, key)).length > 0) c.bias = value as Json
        break
      case 'logprobs':
        logprobs = value === true
        break
      case 'top_logprobs':
        break // with `logprobs`, below
      case 'tools':
        c.tools = t.list(value, key).map((tool, index) => readTool(t, tool, `${key}[${index}]`))
        break
      case 'tool_choice':
        c.toolChoice = readToolChoice(t, value, key, (choice, at) =>
          t.text(t.record(choice['function'], `${at}.function`)['name'], `${at}.function.name`),
        )
        break
      case 'parallel_tool_calls':
        c.serialTools = value === false
        break
      case 'response_format':
        readFormat(t, c, t.record(value, key), key)
        break
      case 'reasoning_effort':
        c.reasoning = readEffort(t, value, undefined, { effort: key, budget: key, visible: key })
        break
      case 'verbosity':
        if (value !== 'medium') c.verbosity = value as string
        break
      case 'metadata':
        if (Object.keys(t.record(value, key)).length > 0) c.labels = value as Json
        break
      case 'safety_identifier':
      case 'user':
        readEndUser(t, c, key, t.text(value, key))
        break
      case 'store':
        c.store = value === true ? true : undefined
        break
      case 'service_tier':
        refuseTier(t, value, key, ['auto', 'default'])
        break
      case 'modalities':
        if (t.list(value, key).some((modality) => modality !== 'text')) t.alone('', key)
        break
      case 'stream':
        if (value !== false) t.refuse(key, 'deferred answers do not stream')
        break
      case 'prompt_cache_key':
      case 'prompt_cache_options':
      case 'prompt_cache_retention':
      case 'moderation':
        c.openai ??= {}
        c.openai[key] = value
        break
      case 'functions':
        if (!isNothing(value)) t.refuse(key, 'this old form of tools is known to Chat only; say `tools`')
        break
      case 'function_call':
        t.refuse(key, 'this old form of a tool choice is known to Chat only; say `tool_choice`')
        break
      case 'audio':
      case 'prediction':
      case 'web_search_options':
      case 'stream_options':
        t.alone('', key)
        break
      default:
        t.unknown('', key)
    }
  }
  const alternatives = (body['top_logprobs'] ?? 0) as number
  if (logprobs) c.logprobs = alternatives
  else if (alternatives !== 0) t.refuse('top_logprobs', '`logprobs` must be true with it')
  return c
}

/** Two fields for one thing, of which one is the older name. */
export function readEndUser(t: Translation, c: Conversation, key: string, value: string): void {
  if (c.endUser !== undefined && c.endUser !== value) t.refuse(key, '`user` and `safety_identifier` name two users')
  c.endUser = value
  if (key === 'user') {
    c.openai ??= {}
    c.openai['user'] = value
  }
}

function readTool(t: Translation, value: unknown, at: string): Tool {
  const tool = t.record(value, at)
  if (tool['type'] !== 'function')
    return t.refuse(at, `a tool of type "${wordOf(tool['type'])}" is known to OpenAI only`)
  for (const key in tool) if (key !== 'type' && key !== 'function') t.unknown(at, key)
  const path = `${at}.function`
  const declared = t.record(tool['function'], path)
  for (const key in declared) if (!toolKeys.has(key) && declared[key] !== null) t.unknown(path, key)
  return {
    name: t.text(declared['name'], `${path}.name`),
    description: (declared['description'] ?? undefined) as string | undefined,
    schema: (declared['parameters'] ?? undefined) as Json | undefined,
    strict: declared['strict'] === true,
    at: path,
  }
}
const toolKeys = new Set(['name', 'description', 'parameters', 'strict'])

function readFormat(t: Translation, c: Conversation, format: Json, at: string): void {
  if (format['type'] === 'text') return
  if (format['type'] === 'json_object') c.format = { kind: 'json', at }
  else if (format['type'] !== 'json_schema') t.refuse(`${at}.type`, 'this answer format is known to OpenAI only')
  else c.format = readSchemaFormat(t, t.record(format['json_schema'], `${at}.json_schema`), `${at}.json_schema`)
}
