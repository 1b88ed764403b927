import { addCall } from '../bill.ts'
import { digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson, type Json, list } from '../json.ts'
import { isLongContext, type Tier } from '../prices.ts'
import type { PromptCache } from '../prompt-cache.ts'
import type { Usage } from '../usage.ts'
import { answerEmbed } from './answer-embed.ts'
import { answerGenerate } from './answer-generate.ts'
import { promptOf } from './answer-prompt.ts'
import { explicitCacheTokens } from './caches.ts'
import { chargesFor } from './charges.ts'
import { type Desk, day } from './desk.ts'
import {
  exhausted,
  invalidArgument,
  notJson,
  overloaded,
  type Problem,
  Refusal,
  unknownField,
  unknownModel,
} from './errors.ts'
import type { AccountFaults, GeminiTwist } from './faults.ts'
import { fileUriProblem } from './files.ts'
import { type Model, modelNamed, servedBy } from './models.ts'
import { field, strangeKey } from './proto-json.ts'

/** What a call answers, and the tier that served it. */
export interface Answered {
  readonly text: string
  readonly tier?: string
}

/** POST …:generateContent: the same answer as within a batch, at the price of the tier that served it. */
export function generateCall(
  desk: Desk,
  project: string,
  modelName: string,
  body: unknown,
  cache: PromptCache,
): Answered {
  const model = servingModel(desk, modelName, 'generateContent')
  if (!isJson(body)) throw new Refusal(notJson())
  const { serviceTier: _, service_tier: __, ...asked } = body
  const { sha256, twist } = struck(desk, asked)
  const tier = tierOf(model, field(body, 'serviceTier'), desk.switchboard.account(), desk.clock.now())
  const answer = answerGenerate(asked, model, {
    seed: desk.seed,
    bodySha256: sha256,
    cache,
    twist,
    fileProblem: (uri) => fileUriProblem(desk, project, uri, desk.clock.now()),
    explicitCache: (name) => explicitCacheTokens(desk, project, name, modelName, desk.clock.now()),
    finish: (response) => ({
      ...response,
      usageMetadata: { ...(response['usageMetadata'] as Json), serviceTier: tier },
    }),
  })
  if ('problem' in answer) throw new Refusal(answer.problem)
  charge(desk, model, tier, answer.usage)
  desk.log.record('gemini', 'call', { endpoint: 'generateContent', bodySha256: sha256, model: model.entry.id, tier })
  return { text: answer.text, tier }
}

/** POST …:embedContent, and …:batchEmbedContents with several of its requests at once. */
export function embedCall(desk: Desk, modelName: string, body: unknown, many: boolean): Answered {
  const model = servingModel(desk, modelName, many ? 'batchEmbedContents' : 'embedContent')
  if (!isJson(body)) throw new Refusal(notJson())
  if (!many) return { text: embedOne(desk, model, body) }
  const strange = strangeKey(body, new Set(['model', 'requests']))
  if (strange !== undefined) throw new Refusal(unknownField(strange, ''))
  const requests = list(body['requests'])
  if (requests.length === 0 || requests.length > 100) {
    throw new Refusal(invalidArgument('* BatchEmbedContentsRequest.requests: between 1 and 100 requests are allowed\n'))
  }
  const texts = requests.map((request) => {
    if (!isJson(request)) throw new Refusal(notJson())
    return embedOne(desk, model, request).slice('{"embedding":'.length, -1)
  })
  return { text: `{"embeddings":[${texts.join(',')}]}` }
}

function embedOne(desk: Desk, model: Model, request: Json): string {
  const { sha256 } = struck(desk, request)
  const answer = answerEmbed(request, model, desk.seed, 'none')
  if ('problem' in answer) throw new Refusal(answer.problem)
  charge(desk, model, 'standard', answer.usage)
  desk.log.record('gemini', 'call', { endpoint: 'embedContent', bodySha256: sha256, model: model.entry.id })
  return answer.text
}

/** POST …:countTokens. Free. */
export function countTokens(modelName: string, body: unknown): Json {
  if (!modelNamed(modelName)) throw new Refusal(unknownModel(modelName, 'countTokens'))
  if (!isJson(body)) throw new Refusal(notJson())
  const whole = field(body, 'generateContentRequest')
  const { tokens, details } = promptOf(isJson(whole) ? whole : body)
  if (tokens === 0) throw new Refusal(invalidArgument('* CountTokensRequest.contents: contents is not specified\n'))
  return { totalTokens: tokens, promptTokensDetails: details }
}

function servingModel(desk: Desk, modelName: string, method: string): Model {
  const named = modelNamed(modelName)
  const retires = desk.switchboard.account().retiresModels ?? false
  const model = named && retires ? servedBy(named, day(desk.clock.now())) : named
  if (!model || model.embeds !== method.toLowerCase().includes('embed')) {
    throw new Refusal(unknownModel(modelName, method))
  }
  return model
}

/** @throws Refusal when a scenario has this request fail */
function struck(desk: Desk, request: Json): { sha256: string; twist: GeminiTwist | undefined } {
  const text = compactJson(request)
  const sha256 = digest(text)
  const fault = desk.switchboard.rows()(sha256, text)
  if (fault?.kind === 'error') throw new Refusal(fault.problem)
  // That a schema is ignored happens inside a batch only.
  const twist = fault?.kind === 'twist' && fault.twist !== 'schema-ignored' ? fault.twist : undefined
  return { sha256, twist }
}

/** Spellings of the tier have varied: `flex`, `FLEX`, `SERVICE_TIER_FLEX`. */
function tierOf(model: Model, asked: unknown, account: AccountFaults, now: number): Tier {
  const wanted = String(asked ?? 'standard')
    .toLowerCase()
    .replace('service_tier_', '')
  if (wanted === 'flex') {
    if (!model.entry.prices.flex) {
      throw new Refusal(invalidArgument(`Flex is not supported for models/${model.entry.id}.`))
    }
    // The service never serves a flex call as standard by itself.
    if (account.flexDrought?.(now)) throw new Refusal(overloaded())
    if (account.flexFull) throw new Refusal(account.flexFull === 'UNAVAILABLE' ? overloaded() : exhausted())
    return 'flex'
  }
  // Beyond its share, priority is served, and billed, as standard.
  if (wanted === 'priority') return model.entry.prices.priority && !account.priorityDowngraded ? 'priority' : 'standard'
  if (wanted === 'standard' || wanted === 'unspecified') return 'standard'
  throw new Refusal(unknownTier(asked))
}

function unknownTier(asked: unknown): Problem {
  return invalidArgument(`Invalid value at 'service_tier', ${JSON.stringify(asked)}`)
}

function charge(desk: Desk, model: Model, tier: Tier, usage: Usage): void {
  const at = desk.clock.seconds()
  const date = day(at * 1000)
  const sums = {
    prompt: usage.promptTokens,
    cached: usage.cachedTokens,
    written: 0,
    output: usage.outputTokens,
  }
  const long = isLongContext(model.entry, tier, usage.promptTokens, date)
  for (const item of chargesFor(model, tier, long, date, sums, null, at)) addCall(desk.callCharges, item)
}
