import { type Choice, callIdOf, type Reply, type ReplyPart, type Stop, type TokenCounts } from '../reply.ts'
import type { Json, Translation } from '../translation.ts'

/** Reply → answer of `/v1/messages`. */
export function writeReply(t: Translation, reply: Reply): Json {
  const choice = reply.choices[0] as Choice
  const refused = choice.stop === 'refusal'
  if (refused && choice.parts.some((part) => part.kind === 'text')) t.warn('partial_content_kept', choice.at)
  const body: Json = {
    id: reply.id,
    type: 'message',
    role: 'assistant',
    model: reply.model,
    content: writeContent(t, reply, choice),
    stop_reason: reasons[choice.stop],
    stop_sequence: choice.stopString ?? null,
    stop_details: refused ? { type: 'refusal', category: null, explanation: choice.refusal ?? null } : null,
  }
  if (reply.usage !== undefined) body['usage'] = writeUsage(reply.usage, reply.tier)
  return body
}

/** Paused and failed answers do not get here. */
const reasons: Readonly<Record<Stop, string>> = {
  end: 'end_turn',
  stopString: 'stop_sequence',
  length: 'max_tokens',
  context: 'model_context_window_exceeded',
  tools: 'tool_use',
  refusal: 'refusal',
  paused: 'pause_turn',
  error: 'end_turn',
}

function writeContent(t: Translation, reply: Reply, choice: Choice): Json[] {
  const content: Json[] = []
  for (const part of choice.parts) {
    if (part.kind === 'text') {
      if (part.text !== '') content.push({ type: 'text', text: part.text, citations: null })
    } else if (part.kind === 'call') content.push(writeCall(t, reply, choice, part, content.length))
    else {
      // A text of another vendor's model, which no signature of Anthropic's can vouch for.
      t.warnOnce('visible_reasoning_changed', choice.at)
      content.push({ type: 'thinking', thinking: part.text, signature: '' })
    }
  }
  return content
}

function writeCall(
  t: Translation,
  reply: Reply,
  choice: Choice,
  call: ReplyPart & { kind: 'call' },
  place: number,
): Json {
  if (call.id === undefined) t.warnOnce('tool_id_added', choice.at)
  return {
    type: 'tool_use',
    id: call.id ?? callIdOf(reply.id, place),
    name: call.name,
    input: t.callArguments(call.args, choice.at),
  }
}

/** Anthropic's input is what was neither read from a cache nor written to one. Unknown counts are null, not 0. */
function writeUsage(counts: TokenCounts, tier: Reply['tier']): Json {
  const { input, cached, written, output, reasoning } = counts
  const usage: Json = {}
  if (input !== undefined) usage['input_tokens'] = Math.max(0, input - (cached ?? 0) - (written ?? 0))
  usage['cache_creation_input_tokens'] = written ?? null
  usage['cache_read_input_tokens'] = cached ?? null
  if (output !== undefined) usage['output_tokens'] = output
  if (reasoning !== undefined) usage['output_tokens_details'] = { thinking_tokens: reasoning }
  usage['service_tier'] = tier === 'flex' ? null : (tier ?? null)
  return usage
}
