import { addCall, type Charge } from '../bill.ts'
import { digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson } from '../json.ts'
import { isLongContext, type Tier, unitPrices } from '../prices.ts'
import { createPromptCache } from '../prompt-cache.ts'
import type { Usage } from '../usage.ts'
import { tokensIn } from '../usage.ts'
import { answerTo } from './answers.ts'
import type { Desk } from './desk.ts'
import { invalid, missingParameter, Refusal, resourceUnavailable, unknownModel } from './errors.ts'
import { isRefused, type Model, modelNamed } from './models.ts'
import type { Rates } from './rates.ts'

/**
 * A model call outside a batch: the same answer as within one, at the price of the tier that answered.
 * @param tell  hears the headers that go with the answer
 * @returns the body, as JSON text
 */
export function answerCall(
  desk: Desk,
  endpoint: string,
  body: unknown,
  cache = createPromptCache(),
  rates?: Rates,
  tell: (headers: Readonly<Record<string, string>>) => void = () => {},
  knowsFile?: (id: string) => boolean,
): string {
  if (!isJson(body)) throw new Refusal(invalid('We could not parse the JSON body of your request.'))
  if (typeof body['model'] !== 'string') throw new Refusal(missingParameter('model'))
  const model = modelNamed(body['model'])
  const { refusesRetired = false } = desk.switchboard.account()
  if (!model || isRefused(model, { refusesRetired }, desk.clock.now())) throw new Refusal(unknownModel(body['model']))
  if (body['stream'] === true) throw new Refusal(invalid('Streaming is not emulated.', 'stream', 'unsupported_value'))
  const text = compactJson(body)
  const bodySha256 = digest(text)
  const fault = desk.switchboard.rows()(bodySha256, text)
  if (fault?.kind === 'http') throw new Refusal(fault.error)
  const answerAt = (serviceTier: string) =>
    answerTo(endpoint, body, {
      seed: desk.seed,
      bodySha256,
      createdAt: desk.clock.seconds(),
      cache,
      serviceTier,
      twist: fault?.kind === 'twist' ? fault.twist : undefined,
      ...(knowsFile === undefined ? {} : { knowsFile }),
    })
  const { tier, said } = tierOf(desk, model, body['service_tier'])
  if (rates) tell(rates.count(model.entry.id, tokensIn(text)))
  if (tier === 'flex' && desk.switchboard.account().flexDrought?.(desk.clock.now()))
    throw new Refusal(resourceUnavailable())
  let answer = answerAt(said)
  if ('error' in answer) throw new Refusal(answer.error)
  const paid = charge(desk, answer.model, tier, answer.usage)
  if (paid !== tier) answer = answerAt('default')
  desk.log.record(desk.likeness.name, 'call', { endpoint, bodySha256, model: model.entry.id, tier: paid })
  return 'error' in answer ? '' : answer.text
}

/** Which tier answers: the asked one where the model has a price for it, else the ordinary one. */
function tierOf(desk: Desk, model: Model, asked: unknown): { tier: Tier; said: string } {
  const { flex, priority } = model.entry.prices
  const { flexNotAllowed = false, priorityDowngraded = false } = desk.switchboard.account()
  if (asked === 'flex') {
    if (flexNotAllowed)
      throw new Refusal(
        invalid(
          'Invalid service_tier argument: The requested service tier is not allowed for this project.',
          'service_tier',
        ),
      )
    if (!flex)
      throw new Refusal(
        invalid(`Invalid service_tier argument: flex is not available for ${model.entry.id}.`, 'service_tier'),
      )
    return { tier: 'flex', said: 'flex' }
  }
  if ((asked === 'priority' || asked === 'fast') && priority && !priorityDowngraded)
    return { tier: 'priority', said: 'priority' }
  return { tier: 'standard', said: 'default' }
}

/** @returns the tier that is billed: long prompts are not taken on flex or priority, whose prices for them nobody prints */
function charge(desk: Desk, model: Model, asked: Tier, usage: Usage): Tier {
  const at = desk.clock.seconds()
  const day = new Date(at * 1000).toISOString().slice(0, 10)
  const long = isLongContext(model.entry, 'standard', usage.promptTokens, day)
  const tier = long ? 'standard' : asked
  for (const item of chargesFor(desk.likeness.name, model, tier, long, day, sumsOf(usage), null, at))
    addCall(desk.callCharges, item)
  return tier
}

interface Sums {
  readonly prompt: number
  readonly cached: number
  readonly written: number
  readonly output: number
}

function sumsOf(usage: Usage): Sums {
  const { promptTokens: prompt, cachedTokens: cached, cacheWriteTokens: written, outputTokens: output } = usage
  return { prompt, cached, written, output }
}

/** The wire's prompt count holds the cached and the written tokens; the bill counts every token once. */
export function chargesFor(
  vendor: string,
  model: Model,
  tier: Tier,
  long: boolean,
  day: string,
  sums: Sums,
  batch: string | null,
  at: number,
): Charge[] {
  const tokens = {
    input: sums.prompt - sums.cached - sums.written,
    cachedInput: sums.cached,
    cacheWriteDefault: sums.written,
    output: sums.output,
  }
  const priceOf = unitPrices(model.entry, tier, long, day)
  return Object.entries(tokens)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => ({
      vendor,
      batch,
      model: model.entry.id,
      tier,
      kind,
      unitPicoUsd: priceOf(kind),
      tokens: BigInt(count),
      at,
    }))
}
