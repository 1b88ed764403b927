import { writeLogprobs, writeTier, writeUsage } from '../openai/reply-shared.ts'
import { argumentsJson, type Choice, callIdOf, type Reply } from '../reply.ts'
import type { Json, Translation } from '../translation.ts'

/** Reply → answer of `/v1/responses`. What the vendor would repeat of the request is not repeated. */
export function writeReply(t: Translation, reply: Reply): Json {
  const choice = reply.choices[0] as Choice
  const reason = incompleteReason(t, choice)
  const body: Json = {
    id: reply.id,
    object: 'response',
    created_at: reply.created,
    status: reason === undefined ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    model: reply.model,
    output: writeOutput(t, reply, choice),
  }
  if (reply.usage !== undefined) body['usage'] = writeUsage(reply.usage, 'openai-responses')
  const tier = writeTier(reply.tier)
  if (tier !== undefined) body['service_tier'] = tier
  return body
}

/** undefined: the answer is complete. */
function incompleteReason(t: Translation, { stop, word }: Choice): string | undefined {
  if (stop === 'length' || stop === 'context') return 'max_output_tokens'
  if (stop !== 'refusal') return undefined
  return t.from === 'openai-chat' && word === 'stop' ? undefined : 'content_filter' // refused in words: a natural end
}

/** Items in the order of the parts; neighbouring texts are one message. */
function writeOutput(t: Translation, reply: Reply, choice: Choice): Json[] {
  const items: Json[] = []
  let message: { content: Json[] } | undefined
  const say = (part: Json): void => {
    if (message === undefined) {
      message = { content: [] }
      const id = itemId('msg', reply, items)
      items.push({ id, type: 'message', status: 'completed', role: 'assistant', content: message.content })
    }
    message.content.push(part)
  }
  for (const part of choice.parts) {
    if (part.kind === 'text') say({ type: 'output_text', text: part.text, annotations: [], logprobs: [] })
    else if (part.kind === 'reasoning') {
      t.warnOnce('visible_reasoning_changed', choice.at)
      const summary = [{ type: 'summary_text', text: part.text }]
      items.push({ id: itemId('rs', reply, items), type: 'reasoning', summary })
    } else {
      message = undefined
      if (part.id === undefined) t.warnOnce('tool_id_added', choice.at)
      const { name } = part
      const id = itemId('fc', reply, items)
      const callId = part.id ?? callIdOf(reply.id, items.length)
      const args = argumentsJson(part.args)
      items.push({ id, type: 'function_call', status: 'completed', call_id: callId, name, arguments: args })
    }
  }
  if (choice.stop === 'refusal' && choice.parts.some((part) => part.kind === 'text'))
    t.warn('partial_content_kept', choice.at)
  if (choice.refusal !== undefined && choice.refusal !== '') say({ type: 'refusal', refusal: choice.refusal })
  putLogprobs(t, items, choice)
  return items
}

/** The answer's id under another prefix, and the place of the item. */
const itemId = (prefix: string, reply: Reply, items: readonly Json[]): string =>
  `${prefix}_${(reply.id ?? '').replace(/^[a-z]+[_-]/, '')}_${items.length}`

/** All of them at the first text: where one ends and the next begins is not told by other dialects. */
function putLogprobs(t: Translation, items: Json[], choice: Choice): void {
  if (choice.logprobs === undefined) return
  const message = items.find((item) => item['type'] === 'message')
  const text = (message?.['content'] as Json[] | undefined)?.find((part) => part['type'] === 'output_text')
  if (text !== undefined) text['logprobs'] = writeLogprobs(t, choice.logprobs, choice.at, true)
}
