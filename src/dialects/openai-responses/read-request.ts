import { type Conversation, newConversation, type Tool } from '../conversation.ts'
import { readEffort, readSchemaFormat, readToolChoice, refuseTier } from '../openai/read-tools.ts'
import { readEndUser } from '../openai-chat/read-request.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'
import { readInput } from './read-input.ts'

/** `/v1/responses`: request → conversation. */
export function readRequest(t: Translation, body: Json): Conversation {
  const c = newConversation()
  let logprobs = false
  // Instructions stand before all that the input says.
  if (!isNothing(body['instructions'])) {
    const text = t.text(body['instructions'], 'instructions')
    c.system.push({
      role: 'system',
      parts: [{ kind: 'text', text, cache: undefined, at: 'instructions' }],
      at: 'instructions',
    })
  }
  for (const key in body) {
    const value = body[key]
    if (value === null || value === undefined) continue
    switch (key) {
      case 'model':
        c.model = value as string
        break
      case 'input':
        readInput(t, c, value)
        break
      case 'instructions':
      case 'top_logprobs':
        break // above, below
      case 'temperature':
        c.temperature = value as number
        break
      case 'top_p':
        c.topP = value as number
        break
      case 'max_output_tokens':
        c.maxOutput = value as number
        break
      case 'tools':
        c.tools = t.list(value, key).map((tool, index) => readTool(t, tool, `${key}[${index}]`))
        break
      case 'tool_choice':
        c.toolChoice = readToolChoice(t, value, key, (choice, at) => t.text(choice['name'], `${at}.name`))
        break
      case 'parallel_tool_calls':
        c.serialTools = value === false
        break
      case 'text':
        readText(t, c, t.record(value, key))
        break
      case 'reasoning':
        readReasoning(t, c, t.record(value, key))
        break
      case 'include':
        logprobs = readInclude(t, value)
        break
      case 'metadata':
        if (Object.keys(t.record(value, key)).length > 0) c.labels = value as Json
        break
      case 'safety_identifier':
      case 'user':
        readEndUser(t, c, key, t.text(value, key))
        break
      case 'store':
        c.store = value as boolean
        break
      case 'service_tier':
        refuseTier(t, value, key, ['auto', 'default'])
        break
      case 'stream':
      case 'background':
        if (value !== false) t.refuse(key, 'deferred answers neither stream nor run in the background')
        break
      case 'truncation':
        if (value !== 'disabled') t.alone('', key)
        break
      case 'prompt_cache_key':
      case 'prompt_cache_options':
      case 'prompt_cache_retention':
      case 'moderation':
        c.openai ??= {}
        c.openai[key] = value
        break
      case 'previous_response_id':
      case 'conversation':
        t.refuse(key, 'what was said before lies at the vendor; send it in the request')
        break
      case 'prompt':
      case 'context_management':
      case 'max_tool_calls':
      case 'access_programs':
      case 'image':
      case 'stream_options':
        t.alone('', key)
        break
      default:
        t.unknown('', key)
    }
  }
  const alternatives = (body['top_logprobs'] ?? 0) as number
  if (logprobs) c.logprobs = alternatives
  else if (alternatives !== 0) t.refuse('top_logprobs', '`include` must name message.output_text.logprobs with it')
  if (c.store === false) c.store = undefined
  return c
}

function readTool(t: Translation, value: unknown, at: string): Tool {
  const tool = t.record(value, at)
  if (tool['type'] !== 'function')
    return t.refuse(at, `a tool of type "${wordOf(tool['type'])}" is known to OpenAI only`)
  for (const key in tool) {
    const said = tool[key]
    if (toolKeys.has(key) || said === null || (said === false && offKeys.has(key))) continue
    t.unknown(at, key)
  }
  const { parameters, strict, description } = tool
  return {
    name: t.text(tool['name'], `${at}.name`),
    description: (description ?? undefined) as string | undefined,
    schema: (parameters ?? undefined) as Json | undefined,
    strict: (strict ?? undefined) as boolean | undefined,
    at,
  }
}
const toolKeys = new Set(['type', 'name', 'description', 'parameters', 'strict'])
const offKeys = new Set(['async', 'defer_loading'])

function readText(t: Translation, c: Conversation, text: Json): void {
  for (const key in text) {
    const value = text[key]
    if (value === null) continue
    if (key === 'verbosity') {
      if (value !== 'medium') c.verbosity = value as string
    } else if (key === 'format') readFormat(t, c, t.record(value, 'text.format'))
    else t.unknown('text', key)
  }
}

function readFormat(t: Translation, c: Conversation, format: Json): void {
  const at = 'text.format'
  if (format['type'] === 'text') return
  if (format['type'] === 'json_object') c.format = { kind: 'json', at }
  else if (format['type'] !== 'json_schema') t.refuse(`${at}.type`, 'this answer format is known to OpenAI only')
  else c.format = readSchemaFormat(t, format, at)
}

function readReasoning(t: Translation, c: Conversation, reasoning: Json): void {
  let visible: boolean | undefined
  for (const key in reasoning) {
    const value = reasoning[key]
    if (value === null || key === 'effort') continue
    if (key === 'summary' || key === 'generate_summary') visible = true
    else if (key === 'context' ? value !== 'auto' : key !== 'mode' || value !== 'standard') t.unknown('reasoning', key)
  }
  const effort = reasoning['effort'] ?? undefined
  if (effort === undefined && visible === undefined) return
  const at = { effort: 'reasoning.effort', budget: 'reasoning.effort', visible: 'reasoning.summary' }
  c.reasoning = readEffort(t, effort, visible, at)
}

/** What the answer shall hold besides. True: the likelihood of its tokens. */
function readInclude(t: Translation, value: unknown): boolean {
  const wanted = t.texts(value, 'include')
  for (const [index, what] of wanted.entries()) {
    if (what === 'message.output_text.logprobs') continue
    if (what === 'reasoning.encrypted_content') t.warn('reasoning_dropped', `include[${index}]`, what)
    else t.refuse(`include[${index}]`, `"${what}" is known to Responses only`)
  }
  return wanted.includes('message.output_text.logprobs')
}
