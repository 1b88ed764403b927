import { checkTurns } from '../check-turns.ts'
import type { Conversation, Tool } from '../conversation.ts'
import { writeEffort, writeSchemaFormat, writeShared, writeToolChoice } from '../openai/write-shared.ts'
import { refuseSettings } from '../settings.ts'
import type { Json, Translation } from '../translation.ts'
import { writeMessages } from './write-messages.ts'

const rules = { callId: /^[^]{1,40}$/, toolName: /^[A-Za-z0-9_-]{1,64}$/, userFirst: false }

/** Conversation → request of `/v1/chat/completions`. */
export function writeRequest(t: Translation, c: Conversation): Json {
  refuseSettings(t, c)
  checkTurns(t, c, rules)
  const body: Json = { model: c.model, messages: writeMessages(t, c) }
  if (c.maxOutput !== undefined) body['max_completion_tokens'] = c.maxOutput
  if (c.tools.length > 0) body['tools'] = c.tools.map((tool) => writeTool(t, tool))
  if (c.toolChoice !== undefined)
    body['tool_choice'] = writeToolChoice(
      c.toolChoice,
      (name) => ({ type: 'function', function: { name } }),
      (inner) => ({ type: 'allowed_tools', allowed_tools: inner }),
    )
  if (c.format?.kind === 'json') body['response_format'] = { type: 'json_object' }
  else if (c.format !== undefined)
    body['response_format'] = { type: 'json_schema', json_schema: writeSchemaFormat(t, c.format) }
  if (c.reasoning !== undefined) {
    const effort = writeEffort(t, c.reasoning)
    if (effort !== undefined) body['reasoning_effort'] = effort
    if (c.reasoning.visible) t.warn('visible_reasoning_dropped', c.reasoning.at.visible)
  }
  writeShared(t, c, body)
  writeOwn(c, body)
  return body
}

/** What Responses does not have, or has elsewhere. */
function writeOwn(c: Conversation, body: Json): void {
  if (c.stop !== undefined) body['stop'] = c.stop
  if (c.frequencyPenalty !== undefined) body['frequency_penalty'] = c.frequencyPenalty
  if (c.presencePenalty !== undefined) body['presence_penalty'] = c.presencePenalty
  if (c.seed !== undefined) body['seed'] = c.seed
  if (c.choices !== undefined) body['n'] = c.choices
  if (c.verbosity !== undefined) body['verbosity'] = c.verbosity
  if (c.store === true) body['store'] = true
  if (c.logprobs === undefined) return
  body['logprobs'] = true
  if (c.logprobs > 0) body['top_logprobs'] = c.logprobs
}

function writeTool(t: Translation, tool: Tool): Json {
  if (tool.strict === undefined) t.warn('strict_unstated', tool.at)
  const { name, description, schema, strict } = tool
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(schema !== undefined && { parameters: schema }),
      ...(strict === true && { strict }),
    },
  }
}
