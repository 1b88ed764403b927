import type { EngineRates, EngineSettings } from '../../domain/engine-settings.ts'
import { lookAtLoad } from '../../executor/load-watch.ts'
import type { Call } from '../../providers/contract.ts'
import type { VendorAccount } from '../ports.ts'

/** Whether an account works, by free calls, and what is worth knowing of it. */
export async function checkAccount({ provider, call, wants, engine }: VendorAccount): Promise<{
  readonly ok: boolean
  readonly detail: string
}> {
  if (call === null) return { ok: false, detail: `${wants.join(' and ')} ${wants.length > 1 ? 'are' : 'is'} not set` }
  try {
    const { scope, detail } = await provider.check(call)
    const problem = engine && (await engineProblem(provider, call, engine))
    if (problem) return { ok: false, detail: problem }
    const said = scope === '' ? detail : `${scope}: ${detail}`
    return { ok: true, detail: engine === null ? said : [said, ...termsOf(engine)].join('; ') }
  } catch (error) {
    return { ok: false, detail: (error as Error).message }
  }
}

/** What the account says of the engine, and is not so. */
async function engineProblem(
  provider: VendorAccount['provider'],
  call: Call,
  { models, yieldWhen, metricsUrl }: EngineSettings,
): Promise<string | null> {
  const served = (await provider.models?.(call)) ?? []
  const absent = (models ?? []).filter((model) => !served.includes(model))
  if (absent.length > 0) return `it does not serve ${absent.join(', ')}, but ${served.join(', ') || 'nothing'}`
  return yieldWhen === null ? null : (await lookAtLoad(call, metricsUrl)).problem
}

/** When it is used and what it costs, in a few words. */
function termsOf({ window, zone, yieldWhen, placesMax, rates }: EngineSettings): string[] {
  return [
    ...(window === null ? [] : [`${window} (${zone})`]),
    ...(yieldWhen === null ? [] : [`yields when ${yieldWhen.waiting} or more wait`]),
    ...(placesMax === null ? [] : [`at most ${placesMax} at once`]),
    costText(rates),
  ]
}

function costText({ usdPerMillionTokens, usdPerHour, gpus = 1 }: EngineRates): string {
  if (usdPerMillionTokens !== undefined)
    return `${usdPerMillionTokens.input} USD per million tokens in, ${usdPerMillionTokens.output} out`
  if (usdPerHour === undefined) return 'nothing is charged for it'
  return gpus === 1 ? `${usdPerHour} USD an hour` : `${gpus} GPUs of ${usdPerHour} USD an hour`
}
