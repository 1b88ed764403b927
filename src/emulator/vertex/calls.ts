import { addCall } from '../bill.ts'
import { digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { answerGenerate } from '../gemini/answer-generate.ts'
import { promptOf } from '../gemini/answer-prompt.ts'
import { exhausted, invalidArgument, notJson, problem, Refusal } from '../gemini/errors.ts'
import { type Model, modelNamed } from '../gemini/models.ts'
import { isJson, type Json } from '../json.ts'
import { isLongContext, type Tier } from '../prices.ts'
import type { PromptCache } from '../prompt-cache.ts'
import type { Usage } from '../usage.ts'
import { chargesFor } from './charges.ts'
import { type Desk, objectProblem, type Place } from './desk.ts'
import { vertexResponse, vertexRules } from './rows.ts'

const trafficTypes: Record<string, string> = {
  standard: 'ON_DEMAND',
  flex: 'ON_DEMAND_FLEX',
  priority: 'ON_DEMAND_PRIORITY',
}

/**
 * POST …/publishers/google/models/{model}:generateContent.
 * @param asked  the header that asks for a tier; it is heard on the global endpoint only
 * @returns the response as JSON text
 */
export function generateCall(
  desk: Desk,
  place: Place,
  modelName: string,
  body: unknown,
  asked: string | undefined,
  cache: PromptCache,
): string {
  const model = existingModel(modelName)
  if (!isJson(body)) throw new Refusal(notJson())
  const text = compactJson({ ...body, labels: undefined })
  const bodySha256 = digest(text)
  const fault = desk.switchboard.rows()(bodySha256, text)
  if (fault?.kind === 'error') throw new Refusal(fault.problem)
  const tier = place.location === 'global' ? tierOf(model, asked) : 'standard'
  if (tier === 'flex' && desk.switchboard.account().flexDrought?.(desk.clock.now())) throw new Refusal(exhausted())
  const answer = answerGenerate(body, model, {
    seed: desk.seed,
    bodySha256,
    cache,
    twist: fault?.kind === 'twist' ? fault.twist : undefined,
    fileProblem: (uri) => objectProblem(desk, uri),
    explicitCache: () => invalidArgument('Cached contents are not emulated on this surface.'),
    rules: vertexRules,
    finish: (response) => vertexResponse(response, trafficTypes[tier] ?? 'ON_DEMAND', desk.clock.now()),
  })
  if ('problem' in answer) throw new Refusal(answer.problem)
  charge(desk, place, model, tier, answer.usage)
  desk.log.record('vertex', 'call', { endpoint: 'generateContent', bodySha256, model: model.entry.id, tier })
  return answer.text
}

/** POST …:countTokens. Free. */
export function countTokens(modelName: string, body: unknown): Json {
  existingModel(modelName)
  if (!isJson(body)) throw new Refusal(notJson())
  const { tokens, details } = promptOf(body)
  if (tokens === 0) throw new Refusal(invalidArgument('Unable to submit request because it has no contents.'))
  return { totalTokens: tokens, promptTokensDetails: details }
}

function existingModel(name: string): Model {
  const model = modelNamed(name)
  if (model && !model.embeds) return model
  throw new Refusal(
    problem(
      'NOT_FOUND',
      `Publisher Model \`publishers/google/models/${name}\` was not found or your project does not have access to it.`,
    ),
  )
}

function tierOf(model: Model, asked: string | undefined): Tier {
  if (asked === 'flex' && model.entry.prices.flex) return 'flex'
  return asked === 'priority' && model.entry.prices.priority ? 'priority' : 'standard'
}

function charge(desk: Desk, place: Place, model: Model, tier: Tier, usage: Usage): void {
  const at = desk.clock.seconds()
  const day = new Date(at * 1000).toISOString().slice(0, 10)
  const sums = { prompt: usage.promptTokens, cached: usage.cachedTokens, written: 0, output: usage.outputTokens }
  const long = isLongContext(model.entry, tier, usage.promptTokens, day)
  for (const item of chargesFor({ publisher: 'google', model }, tier, long, place.location, sums, null, at))
    addCall(desk.callCharges, item)
}
