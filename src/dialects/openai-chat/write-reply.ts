import { writeLogprobs, writeTier, writeUsage } from '../openai/reply-shared.ts'
import { argumentsJson, type Choice, callIdOf, type Reply, textOf } from '../reply.ts'
import type { Json, Translation } from '../translation.ts'

/** Reply → answer of `/v1/chat/completions`. */
export function writeReply(t: Translation, reply: Reply): Json {
  const body: Json = {
    id: reply.id,
    object: 'chat.completion',
    created: reply.created,
    model: reply.model,
    choices: reply.choices.map((choice, index) => writeChoice(t, reply, choice, index)),
  }
  if (reply.usage !== undefined) body['usage'] = writeUsage(reply.usage, 'openai-chat')
  const tier = writeTier(reply.tier)
  if (tier !== undefined) body['service_tier'] = tier
  return body
}

function writeChoice(t: Translation, reply: Reply, choice: Choice, index: number): Json {
  const { parts, stop, refusal, logprobs, at } = choice
  const said = parts.some((part) => part.kind === 'text')
  const message: Json = { role: 'assistant', content: said ? textOf(parts) : null, refusal: null }
  if (stop === 'refusal') {
    if (refusal !== undefined) message['refusal'] = refusal
    else if (t.from === 'anthropic') message['refusal'] = ''
    if (said) t.warn('partial_content_kept', at)
  }
  const calls: Json[] = []
  for (const part of parts) {
    if (part.kind === 'reasoning') t.warnOnce('reasoning_hidden', at)
    if (part.kind !== 'call') continue
    if (part.id === undefined) t.warnOnce('tool_id_added', at)
    const id = part.id ?? callIdOf(reply.id, calls.length)
    calls.push({ id, type: 'function', function: { name: part.name, arguments: argumentsJson(part.args) } })
  }
  if (calls.length > 0) message['tool_calls'] = calls
  return {
    index,
    message,
    logprobs: logprobs === undefined ? null : { content: writeLogprobs(t, logprobs, at, false), refusal: null },
    finish_reason: finishReason(t, choice),
  }
}

function finishReason(t: Translation, choice: Choice): string {
  switch (choice.stop) {
    case 'length':
    case 'context':
      return 'length'
    case 'tools':
      return 'tool_calls'
    case 'refusal': // the model's own refusal of a whole answer is a natural end
      return t.from === 'openai-responses' && choice.word === 'completed' ? 'stop' : 'content_filter'
    default:
      return 'stop'
  }
}
