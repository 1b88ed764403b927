import {
  type Choice,
  count,
  keepRaw,
  newCounts,
  newReply,
  type Reply,
  type ReplyPart,
  type Stop,
  stringOf,
} from '../reply.ts'
import { isRecord, type Json, wordOf } from '../translation.ts'

/** Answer of `/v1/messages` → reply. */
export function readReply(body: Json): Reply {
  const reply = newReply()
  for (const key in body) {
    const value = body[key]
    if (key === 'id') reply.id = stringOf(value)
    else if (key === 'model') reply.model = stringOf(value)
    else if (key === 'usage') reply.usage = readUsage(reply, value)
    else if (!read.has(key)) keepRaw(reply, key, value)
  }
  reply.choices.push(readChoice(reply, body))
  return reply
}
const read = new Set(['type', 'role', 'content', 'stop_reason'])

function readChoice(reply: Reply, body: Json): Choice {
  const parts: ReplyPart[] = []
  const content = Array.isArray(body['content']) ? body['content'] : []
  for (let index = 0; index < content.length; index++) {
    const block = content[index] as Json
    const at = `content[${index}]`
    if (!isRecord(block)) continue
    if (block['type'] === 'text') {
      parts.push({ kind: 'text', text: wordOf(block['text']) })
      keepRaw(reply, `${at}.citations`, block['citations'])
    } else if (block['type'] === 'tool_use') {
      const args = { value: block['input'] }
      parts.push({ kind: 'call', id: stringOf(block['id']), name: wordOf(block['name']), args })
      const caller = block['caller']
      if (!isRecord(caller) || caller['type'] !== 'direct') keepRaw(reply, `${at}.caller`, caller)
    } else if (block['type'] === 'thinking') {
      reply.sealed ??= at
      if (block['thinking'] !== '') parts.push({ kind: 'reasoning', text: wordOf(block['thinking']) })
    } else if (block['type'] === 'redacted_thinking') reply.sealed ??= at
    else keepRaw(reply, at, block)
  }
  const details = isRecord(body['stop_details']) ? body['stop_details'] : {}
  const word = wordOf(body['stop_reason'])
  return {
    parts,
    stop: Object.hasOwn(stops, word) ? (stops[word] as Stop) : 'error',
    word,
    stopString: stringOf(body['stop_sequence']),
    refusal: stringOf(details['explanation']),
    logprobs: undefined,
    at: 'content',
  }
}

const stops: Readonly<Record<string, Stop>> = {
  end_turn: 'end',
  stop_sequence: 'stopString',
  max_tokens: 'length',
  model_context_window_exceeded: 'context',
  tool_use: 'tools',
  refusal: 'refusal',
  pause_turn: 'paused',
}

/** Anthropic counts cached input apart: the total is the sum. */
function readUsage(reply: Reply, usage: unknown): Reply['usage'] {
  if (!isRecord(usage)) return undefined
  const counts = newCounts()
  for (const key in usage) {
    const value = usage[key]
    if (key === 'input_tokens') counts.input = count(value)
    else if (key === 'cache_read_input_tokens') counts.cached = count(value)
    else if (key === 'cache_creation_input_tokens') counts.written = count(value)
    else if (key === 'output_tokens') counts.output = count(value)
    else if (key === 'output_tokens_details')
      counts.reasoning = isRecord(value) ? count(value['thinking_tokens']) : undefined
    else if (key === 'service_tier') {
      if (value === 'standard' || value === 'priority' || value === 'batch') reply.tier = value
      else keepRaw(reply, 'usage.service_tier', value)
    } else if (key !== 'cache_creation' || (counts.written ?? 1) > 0) keepRaw(reply, `usage.${key}`, value)
  }
  if (counts.input !== undefined) counts.input += (counts.cached ?? 0) + (counts.written ?? 0)
  return counts
}
