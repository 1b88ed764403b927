import { say, type Twist } from '../anthropic/answer.ts'
import type { Model } from '../anthropic/models.ts'
import { promptOf } from '../anthropic/prompt.ts'
import { checked, promptProblem } from '../anthropic/validate.ts'
import { without } from '../anthropic/without.ts'
import { type Problem, problem } from '../gemini/errors.ts'
import type { GeminiTwist } from '../gemini/faults.ts'
import type { Json } from '../json.ts'
import type { Usage } from '../usage.ts'

const version = 'vertex-2023-10-16'

/** A message of Claude as it stands in a row. Prompt caches of a job are not emulated here. */
export function answerClaude(
  request: Json,
  model: Model,
  seed: number,
  bodySha256: string,
  twist: GeminiTwist | undefined,
): { readonly text: string; readonly usage: Usage } | { readonly problem: Problem } {
  const { anthropic_version: asked, ...rest } = request
  if (asked !== version) return refused(`anthropic_version: "${version}" is required`)
  if (rest['model'] !== undefined) return refused('model: Extra inputs are not permitted')
  const params = { ...rest, model: model.entry.id }
  if (/"source":\{[^{}]*"type":"(?:file|url)"/.test(JSON.stringify(rest)))
    return refused("source.type: Input should be 'base64' or 'text'")
  const rules = { inBatch: true, version: '2023-06-01', betas: [], refuses: () => false }
  const verdict = checked(params, rules)
  if ('problem' in verdict) return refused(verdict.problem.message)
  const prompt = promptOf(params, model)
  const long = promptProblem(params, prompt, model)
  if (long) return refused(long.message)
  const cache = { read: 0, write5m: 0, write1h: 0 }
  const said = say(params, model, prompt, { seed, bodySha256, cache, defaultGeo: 'global', twist: claudeTwist(twist) })
  const message = {
    id: `msg_vrtx_${bodySha256.slice(0, 22)}`,
    type: 'message',
    role: 'assistant',
    model: model.snapshot,
    content: said.content.map((block) => without(block, 'citations')),
    stop_reason: said.stopReason,
    stop_sequence: said.stopSequence,
    usage: { input_tokens: said.usage.input, output_tokens: said.usage.output },
  }
  return {
    text: JSON.stringify(message),
    usage: {
      promptTokens: said.usage.input,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: said.usage.output,
      reasoningTokens: said.usage.thinking,
    },
  }
}

function refused(message: string): { problem: Problem } {
  return { problem: problem('INVALID_ARGUMENT', `invalid_request_error: ${message}`) }
}

/** This model does not block or recite: it refuses. */
function claudeTwist(twist: GeminiTwist | undefined): Twist | undefined {
  if (twist === 'safety' || twist === 'recitation' || twist === 'blocked') return 'refusal'
  return twist === 'schema-ignored' ? 'off-schema' : twist
}
