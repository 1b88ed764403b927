import { valueOf } from '../answers/schema.ts'
import { word } from '../chance.ts'
import { isJson, type Json, list, positiveWhole } from '../json.ts'
import { tokensIn, type Usage } from '../usage.ts'
import { invalid, missingParameter } from './errors.ts'
import type { Model } from './models.ts'
import { chatPrompt, lookInCache } from './tokens.ts'
import { type Answer, type Circumstances, chanceFor, formatOf, refused, utterance } from './utterance.ts'

export function answerChat(body: Json, model: Model, circumstances: Circumstances): Answer {
  if (!Array.isArray(body['messages'])) return refused(missingParameter('messages'))
  if (body['messages'].length === 0) return refused(emptyMessages)
  if (model.embeds) {
    return refused(
      invalid('This is not a chat model and thus not supported in the v1/chat/completions endpoint.', 'model'),
    )
  }
  const { format, error } = formatOf(body['response_format'], true, 'response_format')
  if (error) return refused(error)
  const prompt = chatPrompt(body)
  const asked = positiveWhole(body['max_completion_tokens']) ?? positiveWhole(body['max_tokens'])
  const tooLong = contextProblem(model, prompt.tokens, asked, 'messages')
  if (tooLong) return refused(tooLong)
  const { cachedTokens, cacheWriteTokens } = lookInCache(circumstances.cache, model, body, prompt)
  const tokensMax = asked ?? model.entry.maxOutput ?? Number.POSITIVE_INFINITY
  const choices: Json[] = []
  let outputTokens = 0
  let reasoningTokens = 0
  for (let index = 0; index < (positiveWhole(body['n']) ?? 1); index++) {
    const chance = chanceFor(circumstances, index)
    const call = toolCall(body, chance)
    if (call) {
      outputTokens += tokensIn(call.arguments) + 8
      choices.push(choiceOf(index, null, null, 'tool_calls', [toolCallOf(call, word(chance, 24))]))
      continue
    }
    const said = utterance(chance, model, format, body['reasoning_effort'], tokensMax, circumstances.twist)
    outputTokens += said.reasoningTokens + said.contentTokens
    reasoningTokens += said.reasoningTokens
    choices.push(choiceOf(index, said.refusal === null ? said.text : null, said.refusal, said.finish))
  }
  const usage: Usage = { promptTokens: prompt.tokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens }
  return {
    status: 200,
    model,
    usage,
    text: JSON.stringify({
      id: `chatcmpl-${circumstances.bodySha256.slice(0, 22)}`,
      object: 'chat.completion',
      created: circumstances.createdAt,
      model: model.snapshot,
      choices,
      usage: {
        prompt_tokens: usage.promptTokens,
        completion_tokens: outputTokens,
        total_tokens: usage.promptTokens + outputTokens,
        prompt_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: cacheWriteTokens, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: reasoningTokens,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: circumstances.serviceTier,
      system_fingerprint: null,
    }),
  }
}

const emptyMessages = invalid(
  "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
  'messages',
  'empty_array',
)

function choiceOf(index: number, content: string | null, refusal: string | null, finish: string, calls?: Json[]): Json {
  const message = { role: 'assistant', content, refusal, annotations: [], ...(calls ? { tool_calls: calls } : {}) }
  return { index, message, logprobs: null, finish_reason: finish }
}

export function contextProblem(model: Model, promptTokens: number, outputMax: number | undefined, param: string) {
  const window = model.entry.contextWindow
  const wanted = promptTokens + (outputMax ?? 0)
  if (window === null || wanted <= window) return undefined
  return invalid(
    `This model's maximum context length is ${window} tokens. However, you requested ${wanted} tokens (${promptTokens} in the messages, ${outputMax ?? 0} in the completion). Please reduce the length of the messages or completion.`,
    param,
    'context_length_exceeded',
  )
}

interface ToolCall {
  readonly name: string
  readonly arguments: string
}

/** A call to a tool is made only where the request insists on one; left to choose, this model prefers to talk. */
export function toolCall(body: Json, chance: () => number): ToolCall | undefined {
  const choice = body['tool_choice']
  if (choice !== 'required' && !isJson(choice)) return undefined
  const wantedFunction = isJson(choice) && isJson(choice['function']) ? choice['function']['name'] : undefined
  const wanted = isJson(choice) ? (wantedFunction ?? choice['name']) : undefined
  for (const tool of list(body['tools'])) {
    if (!isJson(tool) || tool['type'] !== 'function') continue
    const inner = isJson(tool['function']) ? tool['function'] : tool
    if (wanted !== undefined && inner['name'] !== wanted) continue
    const value = valueOf(inner['parameters'] ?? { type: 'object' }, chance)
    return { name: String(inner['name']), arguments: JSON.stringify(value) }
  }
  return undefined
}

function toolCallOf(call: ToolCall, id: string): Json {
  return { id: `call_${id}`, type: 'function', function: { name: call.name, arguments: call.arguments } }
}
