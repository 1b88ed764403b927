import { type Json, positiveWhole } from '../json.ts'
import { tokensIn } from '../usage.ts'
import { missingParameter } from './errors.ts'
import type { Model } from './models.ts'
import { type Answer, type Circumstances, chanceFor, refused, utterance } from './utterance.ts'

/** The legacy text endpoint; it takes the same models here, as the catalogue holds none of its own. */
export function answerCompletions(body: Json, model: Model, circumstances: Circumstances): Answer {
  const prompts = Array.isArray(body['prompt']) ? (body['prompt'] as unknown[]) : [body['prompt']]
  if (prompts[0] === undefined) return refused(missingParameter('prompt'))
  const choices: Json[] = []
  let promptTokens = 0
  let outputTokens = 0
  const tokensMax = positiveWhole(body['max_tokens']) ?? 16
  for (const [index, prompt] of prompts.entries()) {
    promptTokens += tokensIn(String(prompt))
    const said = utterance(chanceFor(circumstances, index), model, undefined, 'none', tokensMax, circumstances.twist)
    outputTokens += said.contentTokens
    choices.push({ text: said.text, index, logprobs: null, finish_reason: said.finish })
  }
  return {
    status: 200,
    model,
    usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens, reasoningTokens: 0 },
    text: JSON.stringify({
      id: `cmpl-${circumstances.bodySha256.slice(0, 22)}`,
      object: 'text_completion',
      created: circumstances.createdAt,
      model: model.snapshot,
      choices,
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: outputTokens,
        total_tokens: promptTokens + outputTokens,
      },
    }),
  }
}
