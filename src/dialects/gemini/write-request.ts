import { checkTurns, mergeTurns } from '../check-turns.ts'
import type { Conversation, Format, Tool } from '../conversation.ts'
import { conformSchema } from '../schema/conform.ts'
import { geminiRules } from '../schema/rules.ts'
import { leaveOpenai, refuseSettings } from '../settings.ts'
import { systemOf } from '../system.ts'
import type { Json, Translation } from '../translation.ts'
import { openSchema } from './open-schema.ts'
import { writeContents } from './write-contents.ts'
import { writeThinking } from './write-thinking.ts'

const rules = { callId: /^[^]+$/, toolName: /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/, userFirst: true }

/** Conversation → request of `generateContent`. */
export function writeRequest(t: Translation, c: Conversation): Json {
  refuseSettings(t, c)
  leaveOpenai(t, c)
  const { system, turns } = systemOf(t, { ...c, turns: [...mergeTurns(c.turns)] }, false)
  const merged = mergeTurns(turns) // a system message moved away may have stood between two of one role
  checkTurns(t, { ...c, turns: [...merged] }, rules)
  const body: Json = { contents: writeContents(t, merged) }
  if (system.length > 0) body['systemInstruction'] = { parts: system.map((text) => ({ text: text.text })) }
  const marked = system.find((text) => text.cache !== undefined)
  if (marked !== undefined) t.warnOnce('cache_mark_dropped', marked.at)
  writeTools(t, c, body)
  const config = writeConfig(t, c)
  if (Object.keys(config).length > 0) body['generationConfig'] = config
  if (c.labels !== undefined) t.warn('labels_dropped', 'metadata')
  return body
}

function writeConfig(t: Translation, c: Conversation): Json {
  const config: Json = {}
  if (c.temperature !== undefined) config['temperature'] = c.temperature
  if (c.topP !== undefined) config['topP'] = c.topP
  if (c.topK !== undefined) config['topK'] = c.topK
  if (c.maxOutput !== undefined) config['maxOutputTokens'] = c.maxOutput
  if (c.stop !== undefined) config['stopSequences'] = c.stop
  if (c.choices !== undefined) config['candidateCount'] = c.choices
  if (c.seed !== undefined) config['seed'] = c.seed
  if (c.presencePenalty !== undefined) config['presencePenalty'] = c.presencePenalty
  if (c.frequencyPenalty !== undefined) config['frequencyPenalty'] = c.frequencyPenalty
  if (c.logprobs !== undefined) {
    config['responseLogprobs'] = true
    if (c.logprobs > 0) config['logprobs'] = c.logprobs
  }
  if (c.format !== undefined) writeFormat(t, c.format, config)
  if (c.reasoning !== undefined) writeThinking(t, c.reasoning, config)
  return config
}

function writeFormat(t: Translation, format: Format, config: Json): void {
  config['responseMimeType'] = 'application/json'
  if (format.kind === 'json') return
  if (format.name !== undefined || format.description !== undefined)
    t.warn('schema_words_dropped', format.at, format.name ?? null)
  if (!format.strict) t.warn('schema_enforced', format.at, false, true)
  const schema = conformSchema(t, format.schema, geminiRules, format.at)
  const open = t.options.openSchemas === true ? openSchema(schema) : undefined
  if (open !== undefined) config['responseSchema'] = open
  else {
    if (t.options.openSchemas === true) t.warn('schema_perhaps_ignored', format.at)
    config['responseJsonSchema'] = schema
  }
}

function writeTools(t: Translation, c: Conversation, body: Json): void {
  if (c.tools.length > 0) body['tools'] = [{ functionDeclarations: c.tools.map((tool) => writeTool(t, tool)) }]
  const calling = writeCalling(c)
  const strict = c.tools.find((tool) => tool.strict === true)
  if (strict !== undefined) {
    t.warn('strict_as_validated', strict.at)
    if (calling['mode'] === undefined || calling['mode'] === 'AUTO') calling['mode'] = 'VALIDATED'
  }
  if (calling['mode'] !== undefined) body['toolConfig'] = { functionCallingConfig: calling }
}

function writeCalling({ toolChoice: choice }: Conversation): Json {
  if (choice === undefined) return {}
  if (choice.mode === 'named') return { mode: 'ANY', allowedFunctionNames: [choice.name] }
  if (choice.mode === 'subset')
    return { mode: choice.required ? 'ANY' : 'VALIDATED', allowedFunctionNames: choice.names }
  return { mode: choice.mode === 'auto' ? 'AUTO' : choice.mode === 'none' ? 'NONE' : 'ANY' }
}

function writeTool(t: Translation, { name, description, schema, strict, at }: Tool): Json {
  if (strict === undefined) t.warn('strict_unstated', at)
  return {
    name,
    ...(description !== undefined && { description }),
    ...(schema !== undefined && { parametersJsonSchema: schema }),
  }
}
