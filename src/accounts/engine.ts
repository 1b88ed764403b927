import type { EngineAccountConfig } from '../config/config.ts'
import type { EngineSettings } from '../domain/engine-settings.ts'
import type { Provider } from '../providers/contract.ts'
import { type AccountSource, type Environment, keyFrom } from './account.ts'

/** An engine of the user's own, of which nothing is said but where it is. */
export const plainEngine: EngineSettings = {
  models: null,
  window: null,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  yieldWhen: null,
  placesMax: null,
  rates: {},
}

/** An engine of the config. */
export function engineSource(provider: Provider, config: EngineAccountConfig, env: Environment): AccountSource {
  const { name, apiKeyEnv, baseUrl, models, window, tz, yieldWhen, metricsUrl, placesMax } = config
  const { usdPerMillionTokens, usdPerHour, gpus, tokensPerSecond } = config
  return {
    provider,
    name,
    apiKeyEnv,
    env: { ...env, [provider.environment.baseUrl[0] as string]: baseUrl, ...keyFrom(provider, env, apiKeyEnv) },
    engine: {
      models: models ?? plainEngine.models,
      window: window ?? plainEngine.window,
      zone: tz ?? plainEngine.zone,
      yieldWhen: yieldWhen ?? plainEngine.yieldWhen,
      placesMax: placesMax ?? plainEngine.placesMax,
      ...given({ metricsUrl }),
      rates: given({ usdPerMillionTokens, usdPerHour, gpus, tokensPerSecond }),
    },
  }
}

/** Without what was not given. */
const given = <T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
