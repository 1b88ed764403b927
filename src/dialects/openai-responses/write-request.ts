import { checkTurns } from '../check-turns.ts'
import type { Conversation, Reasoning, Tool } from '../conversation.ts'
import { writeEffort, writeSchemaFormat, writeShared, writeToolChoice } from '../openai/write-shared.ts'
import { refuseSettings } from '../settings.ts'
import type { Json, Translation } from '../translation.ts'
import { writeInput } from './write-input.ts'

const rules = { callId: /^[^]{1,64}$/, toolName: /^[A-Za-z0-9_-]{1,64}$/, userFirst: false }

/** Conversation → request of `/v1/responses`. */
export function writeRequest(t: Translation, c: Conversation): Json {
  refuseSettings(t, c)
  checkTurns(t, c, rules)
  const body: Json = { model: c.model, input: writeInput(t, c) }
  if (c.maxOutput !== undefined) body['max_output_tokens'] = c.maxOutput
  if (c.tools.length > 0) body['tools'] = c.tools.map((tool) => writeTool(tool))
  if (c.toolChoice !== undefined)
    body['tool_choice'] = writeToolChoice(
      c.toolChoice,
      (name) => ({ type: 'function', name }),
      (inner) => ({ type: 'allowed_tools', ...inner }),
    )
  const text = writeText(t, c)
  if (text !== undefined) body['text'] = text
  const reasoning = c.reasoning && writeReasoning(t, c.reasoning)
  if (reasoning !== undefined) body['reasoning'] = reasoning
  if (c.logprobs !== undefined) {
    body['include'] = ['message.output_text.logprobs']
    if (c.logprobs > 0) body['top_logprobs'] = c.logprobs
  }
  writeShared(t, c, body)
  body['store'] = c.store === true // unsaid, Responses stores; no other dialect does
  return body
}

function writeTool({ name, description, schema, strict }: Tool): Json {
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters: schema ?? null,
    strict: strict ?? null,
  }
}

function writeText(t: Translation, c: Conversation): Json | undefined {
  const { format, verbosity } = c
  if (format === undefined && verbosity === undefined) return undefined
  const text: Json = {}
  if (format?.kind === 'json') text['format'] = { type: 'json_object' }
  else if (format !== undefined) text['format'] = { type: 'json_schema', ...writeSchemaFormat(t, format) }
  if (verbosity !== undefined) text['verbosity'] = verbosity
  return text
}

function writeReasoning(t: Translation, reasoning: Reasoning): Json | undefined {
  const effort = writeEffort(t, reasoning)
  const out: Json = {}
  if (effort !== undefined) out['effort'] = effort
  if (reasoning.visible === true) {
    t.warn('visible_reasoning_changed', reasoning.at.visible)
    out['summary'] = 'auto'
  }
  return effort === undefined && reasoning.visible !== true ? undefined : out
}
