import { readLogprobs, readTier, readUsage } from '../openai/reply-shared.ts'
import {
  type Choice,
  keepRaw,
  newReply,
  type Reply,
  type ReplyPart,
  type Stop,
  secondsOf,
  stringOf,
  type TokenLogprob,
} from '../reply.ts'
import { isRecord, type Json, wordOf } from '../translation.ts'

/** Answer of `/v1/responses` → reply. */
export function readReply(body: Json): Reply {
  const reply = newReply()
  for (const key in body) {
    const value = body[key]
    if (key === 'id') reply.id = stringOf(value)
    else if (key === 'created_at') reply.created = secondsOf(value)
    else if (key === 'model') reply.model = stringOf(value)
    else if (key === 'usage') reply.usage = readUsage(reply, value, 'openai-responses')
    else if (key === 'service_tier') readTier(reply, value)
    else if (!read.has(key) && !echoes.has(key)) keepRaw(reply, key, value)
  }
  reply.choices.push(readChoice(reply, body))
  return reply
}
const read = new Set(['object', 'status', 'output', 'incomplete_details', 'completed_at'])

/** What the answer repeats of the request, or of its own output: the user has it. */
const echoes: ReadonlySet<string> = new Set(
  (
    'background conversation instructions max_output_tokens max_tool_calls metadata output_text parallel_tool_calls ' +
    'previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention reasoning ' +
    'safety_identifier store temperature text tool_choice tools top_logprobs top_p truncation user ' +
    'frequency_penalty presence_penalty'
  ).split(' '),
)

function readChoice(reply: Reply, body: Json): Choice {
  const parts: ReplyPart[] = []
  const refusals: string[] = []
  const logprobs: TokenLogprob[] = []
  const output = Array.isArray(body['output']) ? body['output'].filter(isRecord) : []
  for (const [index, item] of output.entries()) {
    const at = `output[${index}]`
    if (item['type'] === 'message') readMessage(reply, item, at, parts, refusals, logprobs)
    else if (item['type'] === 'function_call') parts.push(readCall(item))
    else if (item['type'] === 'reasoning') readReasoning(reply, item, at, parts)
    else keepRaw(reply, at, item)
  }
  const details = isRecord(body['incomplete_details']) ? body['incomplete_details'] : {}
  const word = wordOf(details['reason'] ?? body['status'])
  const called = parts.some((part) => part.kind === 'call')
  return {
    parts,
    stop: refusals.length > 0 ? 'refusal' : called && word === 'completed' ? 'tools' : stopOf(body['status'], word),
    word,
    stopString: undefined,
    refusal: refusals.length > 0 ? refusals.join('\n') : undefined,
    logprobs: logprobs.length > 0 ? logprobs : undefined,
    at: 'output',
  }
}

function stopOf(status: unknown, word: string): Stop {
  if (status === 'completed') return 'end'
  if (status !== 'incomplete') return 'error'
  return word === 'content_filter' ? 'refusal' : word === 'max_output_tokens' ? 'length' : 'context'
}

function readMessage(
  reply: Reply,
  item: Json,
  at: string,
  parts: ReplyPart[],
  refusals: string[],
  logprobs: TokenLogprob[],
): void {
  const content = Array.isArray(item['content']) ? item['content'].filter(isRecord) : []
  for (const [index, part] of content.entries()) {
    const path = `${at}.content[${index}]`
    if (part['type'] === 'output_text') {
      parts.push({ kind: 'text', text: wordOf(part['text']) })
      logprobs.push(...(readLogprobs(part['logprobs']) ?? []))
      keepRaw(reply, `${path}.annotations`, part['annotations'])
    } else if (part['type'] === 'refusal') refusals.push(wordOf(part['refusal']))
    else keepRaw(reply, path, part)
  }
  keepRaw(reply, `${at}.phase`, item['phase'])
}

function readCall(item: Json): ReplyPart {
  return {
    kind: 'call',
    id: stringOf(item['call_id']),
    name: wordOf(item['name']),
    args: { json: wordOf(item['arguments'] ?? '{}') },
  }
}

/** Its text, where it shows any; the encrypted state is of use to OpenAI only. */
function readReasoning(reply: Reply, item: Json, at: string, parts: ReplyPart[]): void {
  const texts = [item['summary'], item['content']]
    .flatMap((list) => (Array.isArray(list) ? list.filter(isRecord) : []))
    .map((part) => wordOf(part['text']))
  if (texts.length > 0) parts.push({ kind: 'reasoning', text: texts.join('\n\n') })
  if (typeof item['encrypted_content'] === 'string') reply.sealed ??= `${at}.encrypted_content`
}
