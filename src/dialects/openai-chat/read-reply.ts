import { readLogprobs, readTier, readUsage } from '../openai/reply-shared.ts'
import { type Choice, keepRaw, newReply, type Reply, type ReplyPart, type Stop, secondsOf, stringOf } from '../reply.ts'
import { isNothing, isRecord, type Json, wordOf } from '../translation.ts'

/** Answer of `/v1/chat/completions` → reply. What it does not understand goes along raw. */
export function readReply(body: Json): Reply {
  const reply = newReply()
  for (const key in body) {
    const value = body[key]
    if (key === 'id') reply.id = stringOf(value)
    else if (key === 'created') reply.created = secondsOf(value)
    else if (key === 'model') reply.model = stringOf(value)
    else if (key === 'choices') reply.choices = records(value).map((choice, index) => readChoice(reply, choice, index))
    else if (key === 'usage') reply.usage = readUsage(reply, value, 'openai-chat')
    else if (key === 'service_tier') readTier(reply, value)
    else if (key !== 'object') keepRaw(reply, key, value)
  }
  return reply
}

const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : [])

function readChoice(reply: Reply, choice: Json, index: number): Choice {
  const at = `choices[${index}]`
  const message = isRecord(choice['message']) ? choice['message'] : {}
  const logprobs = isRecord(choice['logprobs']) ? choice['logprobs'] : {}
  for (const key in choice) if (!choiceKeys.has(key)) keepRaw(reply, `${at}.${key}`, choice[key])
  const parts: ReplyPart[] = []
  let refusal: string | undefined
  for (const key in message) {
    const value = message[key]
    if (isNothing(value)) continue
    if (key === 'content') readContent(reply, value, `${at}.message.content`, parts)
    else if (key === 'refusal') refusal = wordOf(value)
    // Not OpenAI's own, but what servers that speak its dialect call it.
    else if ((key === 'reasoning_content' || key === 'reasoning') && typeof value === 'string')
      parts.unshift({ kind: 'reasoning', text: value })
    else if (key !== 'tool_calls' && key !== 'role') keepRaw(reply, `${at}.message.${key}`, value)
  }
  for (const call of records(message['tool_calls'])) parts.push(readCall(call))
  keepRaw(reply, `${at}.logprobs.refusal`, logprobs['refusal'])
  const word = wordOf(choice['finish_reason'])
  const called = parts.some((part) => part.kind === 'call')
  return {
    parts,
    stop: refusal !== undefined ? 'refusal' : called && word === 'stop' ? 'tools' : (stops.get(word) ?? 'error'),
    word,
    stopString: undefined,
    refusal,
    logprobs: readLogprobs(logprobs['content']),
    at,
  }
}
const choiceKeys = new Set(['index', 'message', 'finish_reason', 'logprobs'])

const stops: ReadonlyMap<string, Stop> = new Map([
  ['stop', 'end'],
  ['length', 'length'],
  ['tool_calls', 'tools'],
  ['content_filter', 'refusal'],
])

/** A string; some servers that speak this dialect answer in parts. */
function readContent(reply: Reply, content: unknown, at: string, parts: ReplyPart[]): void {
  if (typeof content === 'string') parts.push({ kind: 'text', text: content })
  else if (!Array.isArray(content)) keepRaw(reply, at, content)
  else
    for (const [index, part] of content.entries()) {
      if (isRecord(part) && typeof part['text'] === 'string') parts.push({ kind: 'text', text: part['text'] })
      else keepRaw(reply, `${at}[${index}]`, part)
    }
}

function readCall(call: Json): ReplyPart {
  const called = isRecord(call['function']) ? call['function'] : {}
  return {
    kind: 'call',
    id: stringOf(call['id']),
    name: wordOf(called['name']),
    args: { json: wordOf(called['arguments'] ?? '{}') },
  }
}
