import { word } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson, type Json, list, positiveWhole } from '../json.ts'
import { tokensIn, type Usage } from '../usage.ts'
import { contextProblem, toolCall } from './answer-chat.ts'
import { invalid, missingParameter } from './errors.ts'
import type { Model } from './models.ts'
import { lookInCache, responsesPrompt } from './tokens.ts'
import { type Answer, type Circumstances, chanceFor, formatOf, refused, utterance } from './utterance.ts'

export function answerResponses(body: Json, model: Model, circumstances: Circumstances): Answer {
  if (body['input'] === undefined && body['prompt'] === undefined) return refused(missingParameter('input'))
  if (model.embeds)
    return refused(invalid(`The requested model '${model.entry.id}' cannot be used with the Responses API.`, 'model'))
  const text = isJson(body['text']) ? body['text'] : {}
  const { format, error } = formatOf(text['format'], false, 'text.format')
  if (error) return refused(error)
  const prompt = responsesPrompt(body)
  const asked = positiveWhole(body['max_output_tokens'])
  const tooLong = contextProblem(model, prompt.tokens, asked, 'input')
  if (tooLong) return refused(tooLong)
  const { cachedTokens, cacheWriteTokens } = lookInCache(circumstances.cache, model, body, prompt)
  const reasoning = isJson(body['reasoning']) ? body['reasoning'] : {}
  const chance = chanceFor(circumstances, 0)
  const output: Json[] = []
  const call = toolCall(body, chance)
  let outputTokens: number
  let reasoningTokens = 0
  let incomplete: string | null = null
  if (call) {
    outputTokens = tokensIn(call.arguments) + 8
    const id = word(chance, 24)
    output.push({ id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: `call_${id}`, ...call })
  } else {
    const tokensMax = asked ?? model.entry.maxOutput ?? Number.POSITIVE_INFINITY
    const said = utterance(chance, model, format, reasoning['effort'], tokensMax, circumstances.twist)
    outputTokens = said.reasoningTokens + said.contentTokens
    reasoningTokens = said.reasoningTokens
    if (said.finish === 'length') incomplete = 'max_output_tokens'
    if (said.finish === 'content_filter') incomplete = 'content_filter'
    if (model.reasons) output.push({ id: `rs_${word(chance, 16)}`, type: 'reasoning', summary: [] })
    // When thinking used up the limit there is no message at all.
    if (said.text !== '' || said.refusal !== null || incomplete === null) {
      output.push({
        id: `msg_${word(chance, 16)}`,
        type: 'message',
        status: incomplete === null ? 'completed' : 'incomplete',
        role: 'assistant',
        content: [
          said.refusal === null
            ? { type: 'output_text', text: said.text, annotations: [], logprobs: [] }
            : { type: 'refusal', refusal: said.refusal },
        ],
      })
    }
  }
  const usage: Usage = { promptTokens: prompt.tokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens }
  return {
    status: 200,
    model,
    usage,
    text: compactJson(responseBody(body, model, circumstances, output, usage, incomplete, text, reasoning)),
  }
}

function responseBody(
  body: Json,
  model: Model,
  circumstances: Circumstances,
  output: Json[],
  usage: Usage,
  incomplete: string | null,
  text: Json,
  reasoning: Json,
): Json {
  return {
    id: `resp_${circumstances.bodySha256.slice(0, 40)}`,
    object: 'response',
    created_at: circumstances.createdAt,
    status: incomplete === null ? 'completed' : 'incomplete',
    completed_at: circumstances.createdAt + 1,
    background: false,
    error: null,
    incomplete_details: incomplete === null ? null : { reason: incomplete },
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    model: model.snapshot,
    output,
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    reasoning: {
      effort: reasoning['effort'] ?? (model.reasons ? 'medium' : null),
      summary: reasoning['summary'] ?? null,
    },
    safety_identifier: body['safety_identifier'] ?? null,
    service_tier: circumstances.serviceTier,
    temperature: body['temperature'] ?? 1,
    text: { format: text['format'] ?? { type: 'text' }, verbosity: text['verbosity'] ?? 'medium' },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: list(body['tools']),
    top_logprobs: body['top_logprobs'] ?? 0,
    top_p: body['top_p'] ?? 1,
    truncation: body['truncation'] ?? 'disabled',
    usage: {
      input_tokens: usage.promptTokens,
      input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
      total_tokens: usage.promptTokens + usage.outputTokens,
    },
    user: body['user'] ?? null,
    metadata: body['metadata'] ?? {},
  }
}
