import { addCall } from '../bill.ts'
import { digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson, type Json } from '../json.ts'
import type { Tier } from '../prices.ts'
import { say } from './answer.ts'
import type { Caller } from './caller.ts'
import { chargesOfGroup, groupOf } from './charges.ts'
import { type Desk, idOf } from './desk.ts'
import { extra, invalid, Refusal } from './errors.ts'
import { withFiles } from './files.ts'
import { messageView } from './message.ts'
import { isRefused, type Model } from './models.ts'
import { type Prompt, promptOf } from './prompt.ts'
import type { Usage } from './usage.ts'
import { checked, promptProblem, type Rules } from './validate.ts'

/** POST /v1/messages: a call outside a batch. The same answer as within one, at the ordinary price. */
export function answerCall(desk: Desk, caller: Caller, body: unknown): Json {
  const { params, model, prompt } = judged(desk, caller, body, false)
  if (params['stream'] === true) throw new Refusal(invalid('stream: Streaming is not emulated.'))
  const fast = params['speed'] === 'fast'
  if (fast && !model.entry.prices.priority) throw new Refusal(extra('speed'))
  const text = compactJson(params)
  const bodySha256 = digest(text)
  const fault = desk.switchboard.rows()(bodySha256, text)
  if (fault?.kind === 'errored') throw new Refusal(fault.problem)
  const now = desk.clock.now()
  const said = say(params, model, prompt, {
    seed: desk.seed,
    bodySha256,
    // Entries of calls and of batches are apart: a call just before a batch has been seen to warm nothing.
    cache: desk.cache.look(`${caller.workspace} calls ${model.entry.id}`, prompt, model.entry.minCacheableTokens, {
      at: now,
      finds: () => true,
      ran: () => true,
    }),
    defaultGeo: desk.switchboard.account().runsInUs ? 'us' : 'global',
    twist: fault?.kind === 'twist' ? fault.twist : undefined,
  })
  const tier = fast ? 'priority' : 'standard'
  const committed = desk.switchboard.account().committed === true && params['service_tier'] !== 'standard_only'
  if (!committed) charge(desk, model, tier, said.usage)
  desk.log.record('anthropic', 'call', { endpoint: '/v1/messages', bodySha256, model: model.entry.id, tier })
  const speed = fast ? 'fast' : null
  const id = idOf('msg', `${bodySha256} ${desk.nextId('call')}`)
  return messageView(said, model, {
    id,
    version: caller.version,
    serviceTier: committed ? 'priority' : 'standard',
    speed,
  })
}

/** POST /v1/messages/count_tokens */
export function countTokens(desk: Desk, caller: Caller, body: unknown): Json {
  return { input_tokens: judged(desk, caller, body, true).prompt.tokens }
}

/** @throws Refusal for the first thing that is wrong */
function judged(
  desk: Desk,
  { version, betas, workspace }: Caller,
  body: unknown,
  countsOnly: boolean,
): { params: Json; model: Model; prompt: Prompt } {
  if (body === undefined) throw new Refusal(invalid('The request body is not valid JSON: unexpected end of data'))
  if (!isJson(body)) throw new Refusal(invalid('Input should be a valid dictionary'))
  const refuses: Rules['refuses'] = (model) => isRefused(model, desk.switchboard.account(), desk.clock.now())
  const verdict = checked(body, { inBatch: false, countsOnly, version, betas, refuses })
  if ('problem' in verdict) throw new Refusal(verdict.problem)
  const read = withFiles(desk, workspace, body)
  if ('problem' in read) throw new Refusal(read.problem)
  const prompt = promptOf(read.params, verdict.model)
  const problem = promptProblem(body, prompt, verdict.model)
  if (problem) throw new Refusal(problem)
  return { params: body, model: verdict.model, prompt }
}

function charge(desk: Desk, model: Model, tier: Tier, usage: Usage): void {
  const at = desk.clock.seconds()
  for (const item of chargesOfGroup(groupOf(model, tier, usage, at), tier, usage, null, at))
    addCall(desk.callCharges, item)
}
