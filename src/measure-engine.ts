import { type AccountSource, accountOf, type Environment } from './accounts/account.ts'
import { plainEngine } from './accounts/engine.ts'
import { homeOf } from './accounts/home.ts'
import { configOf, sourcesOf } from './accounts/sources.ts'
import type { RedeyeConfig } from './config/config.ts'
import { NoCredentials, UsageError } from './domain/errors.ts'
import { type EngineEconomy, engineEconomy } from './engine/index.ts'
import { type Measured, measureEngine as measure, type Step } from './executor/measure-engine.ts'
import { clockAt } from './kit/clock.ts'
import { openHttp } from './kit/http.ts'
import { own } from './providers/openai/own.ts'

export type { Step as EngineStep }

export interface EngineQuestion {
  /** Its base URL, or the name of its account in the config. */
  readonly engine: string
  /** Default: the first that it serves. */
  readonly model?: string
  /** What it costs, all its GPUs together. Default: as its account says. */
  readonly usdPerHour?: number
  /** Models of the catalogue beside which its price is put. Default: a cheap and a middling one of each maker. */
  readonly compare?: readonly string[]
  /** Goes on to more than one request at once although no metrics show whether others wait. */
  readonly blind?: boolean
  /** Ends it; what was measured by then is kept. */
  readonly signal?: AbortSignal
  readonly home?: string
  /** Default: that of the process. */
  readonly env?: Environment
  readonly config?: RedeyeConfig
}

/** @see EngineEconomy for what it costs; null: by the hour nothing is known */
export interface EngineMeasured extends Measured {
  readonly baseUrl: string
  readonly economy: EngineEconomy | null
}

/** See `measureEngine` in compose, which hands in the environment. */
export async function* measureEngineOf(
  question: EngineQuestion & { readonly env: Environment },
): AsyncGenerator<Step, EngineMeasured> {
  const { signal, compare, env, blind = false } = question
  // A name that is wrong shall not cost a minute first.
  if (compare !== undefined) engineEconomy({ inputPerSecond: 1, outputPerSecond: 1 }, 1, Date.now(), compare)
  const http = openHttp({ clock: clockAt() })
  try {
    const { engine, apiKey, call: known, wants } = accountOf(await engineAt(question, env), { http, clock: clockAt() })
    if (apiKey === undefined) throw new NoCredentials(question.engine, wants[0] ?? '')
    const call = { ...known, apiKey, ...(signal === undefined ? {} : { signal }) }
    const model = question.model ?? engine?.models?.[0] ?? (await own.models(call))[0]
    if (model === undefined)
      throw new UsageError(`${call.baseUrl} serves no model.`, 'Load one, or name one by --model.')
    const { metricsUrl, placesMax, rates } = engine ?? plainEngine
    const measured = yield* measure({
      call,
      lane: own.sync.idle,
      model,
      blind,
      signal,
      metricsUrl,
      placesMax: placesMax ?? undefined,
    })
    const usdPerHour = question.usdPerHour ?? (rates.usdPerHour && rates.usdPerHour * (rates.gpus ?? 1))
    const economy =
      measured.best === null || !usdPerHour ? null : engineEconomy(measured.best, usdPerHour, Date.now(), compare)
    return { ...measured, baseUrl: call.baseUrl, economy }
  } finally {
    await http.close()
  }
}

/** By address, with the key of the environment; else the account of that name. */
async function engineAt({ engine, home, config }: EngineQuestion, env: Environment): Promise<AccountSource> {
  const [variable = ''] = own.environment.baseUrl
  if (/^https?:\/\//.test(engine)) return { provider: own, name: null, env: { ...env, [variable]: engine } }
  const accounts = sourcesOf(env, await configOf(config, home ?? homeOf(env))).filter(
    ({ provider }) => provider === own,
  )
  const named = accounts.find(({ name }) => name === engine)
  if (named !== undefined) return named
  const names = accounts.flatMap(({ name }) => name ?? [])
  const there = names.length === 0 ? 'the config has none' : `the config has ${names.join(', ')}`
  throw new UsageError(
    `${engine} is no address, and no engine of the config: ${there}.`,
    'Say http://127.0.0.1:8000/v1.',
  )
}
