import { checkTurns, mergeTurns } from '../check-turns.ts'
import type { Conversation, Format, Tool } from '../conversation.ts'
import { conformSchema } from '../schema/conform.ts'
import { anthropicRules } from '../schema/rules.ts'
import { leaveOpenai, refuseSettings } from '../settings.ts'
import { systemOf } from '../system.ts'
import type { Json, Translation } from '../translation.ts'
import { Marks, writeMessages, writeText } from './write-messages.ts'
import { writeThinking } from './write-thinking.ts'

const rules = { callId: /^[A-Za-z0-9_-]{1,64}$/, toolName: /^[A-Za-z0-9_-]{1,64}$/, userFirst: true }
const maxOutputDefault = 4_096

/** Conversation → request of `/v1/messages`. */
export function writeRequest(t: Translation, c: Conversation): Json {
  refuseSettings(t, c)
  leaveOpenai(t, c)
  const { system, turns } = systemOf(t, { ...c, turns: [...mergeTurns(c.turns)] }, t.facts.systemInThread)
  checkTurns(t, { ...c, turns }, rules)
  const marks = new Marks(t, system, turns)
  const maxOutput = c.maxOutput ?? t.options.maxOutput ?? maxOutputDefault
  if (c.maxOutput === undefined) t.warn('max_tokens_added', 'max_tokens', null, maxOutput)
  const body: Json = { model: c.model, max_tokens: maxOutput }
  if (system.length > 0) body['system'] = system.map((text) => writeText(marks, text))
  body['messages'] = writeMessages(t, marks, turns)
  writeTools(t, c, body)
  writeSampling(t, c, body)
  if (c.stop !== undefined) body['stop_sequences'] = c.stop.map((stop) => (/\S/.test(stop) ? stop : blankStop(t)))
  const config: Json = {}
  if (c.format !== undefined) config['format'] = writeFormat(t, c.format)
  if (c.reasoning !== undefined) writeThinking(t, c.reasoning, maxOutput, { body, config, tools: c.tools.length > 0 })
  if (Object.keys(config).length > 0) body['output_config'] = config
  if (c.endUser !== undefined) body['metadata'] = { user_id: c.endUser }
  if (c.labels !== undefined) t.warn('labels_dropped', t.from === 'gemini' ? 'labels' : 'metadata')
  return body
}

const blankStop = (t: Translation): never =>
  t.refuse(t.from === 'gemini' ? 'generationConfig.stopSequences' : 'stop', 'a stop string of white space is not taken')

/** Older models only, and only by the older version of the API. What is at its default goes without. */
function writeSampling(t: Translation, c: Conversation, body: Json): void {
  const takes = t.facts.sampling && t.options.anthropicVersion !== '2026-10-21'
  const { temperature, topP, topK } = c
  const gemini = t.from === 'gemini'
  const path = gemini ? 'generationConfig.temperature' : 'temperature'
  if (temperature !== undefined && temperature > 1) t.refuse(path, 'it goes up to 1, and is not measured alike')
  if (takes) {
    if (temperature !== undefined) body['temperature'] = temperature
    if (topP !== undefined) body['top_p'] = topP
    if (topK !== undefined) body['top_k'] = topK
    return
  }
  if (temperature === 1) t.warn('sampling_default_dropped', path, 1)
  else if (temperature !== undefined) t.refuse(path, 'the model takes no sampling parameters')
  const pathP = gemini ? 'generationConfig.topP' : 'top_p'
  if (topP !== undefined && topP >= 0.99 && t.options.anthropicVersion !== '2026-10-21') body['top_p'] = topP
  else if (topP === 1) t.warn('sampling_default_dropped', pathP, 1)
  else if (topP !== undefined) t.refuse(pathP, 'the model takes no sampling parameters')
  if (topK !== undefined) t.refuse('generationConfig.topK', 'the model takes no sampling parameters')
}

function writeTools(t: Translation, c: Conversation, body: Json): void {
  const choice = c.toolChoice
  const allowed = choice?.mode === 'subset' ? choice.names : undefined
  const tools = allowed === undefined ? c.tools : c.tools.filter((tool) => allowed.includes(tool.name))
  if (choice?.mode === 'subset') t.warn('tool_subset', choice.at)
  if (tools.length > 0) body['tools'] = tools.map((tool) => writeTool(t, tool))
  const forced =
    choice !== undefined &&
    (choice.mode === 'subset' ? choice.required : choice.mode === 'required' || choice.mode === 'named')
  const budget = (c.reasoning?.budget ?? 0) > 0
  if (forced && (!t.facts.forcedTools || budget))
    t.refuse(choice.at, 'a call cannot be forced on this model as it reasons')
  const out: Json = { type: forced ? 'any' : choice?.mode === 'none' ? 'none' : 'auto' }
  if (choice?.mode === 'named') Object.assign(out, { type: 'tool', name: choice.name })
  const serial = c.serialTools && tools.length > 0 && out['type'] !== 'none'
  if (serial) out['disable_parallel_tool_use'] = true
  if (choice !== undefined || serial) body['tool_choice'] = out
}

function writeTool(t: Translation, tool: Tool): Json {
  const { name, description, schema, strict } = tool
  if (strict === undefined) t.warn('strict_unstated', tool.at)
  const input = schema ?? { type: 'object', properties: {} }
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: strict === true ? conformSchema(t, input, anthropicRules, tool.at) : input,
    ...(strict === true && { strict }),
  }
}

function writeFormat(t: Translation, format: Format): Json {
  if (format.kind === 'json') return t.refuse(format.at, 'JSON without a schema cannot be asked for')
  if (!t.facts.schema) t.refuse(format.at, 'the model cannot be held to a schema')
  if (format.name !== undefined || format.description !== undefined)
    t.warn('schema_words_dropped', format.at, format.name ?? null)
  if (!format.strict) t.warn('schema_enforced', format.at, false, true)
  return { type: 'json_schema', schema: conformSchema(t, format.schema, anthropicRules, format.at) }
}
