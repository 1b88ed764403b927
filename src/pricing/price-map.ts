import { UsageError } from '../domain/errors.ts'
import { litellmRows } from './litellm-map.ts'
import { isObject, type MapRow } from './map-fields.ts'
import { modelsDevRows } from './models-dev-map.ts'

export interface PriceMap {
  readonly shape: 'LiteLLM' | 'models.dev'
  readonly rows: readonly MapRow[]
}

/**
 * Rows of a map in the shape of LiteLLM (`model_prices_and_context_window.json`) or models.dev (`api.json`), of the
 * providers that are asked for. A model is left out where the map has no price for its input, or charges by what no answer
 * tells us: by the second, by the picture, for spoken answers, for reasoning at a price of its own, in several steps.
 * @param source  as it is named in the error
 * @throws UsageError for another shape
 */
export function readPriceMap(value: unknown, source: string, wanted: ReadonlySet<string>): PriceMap {
  const entries = isObject(value) ? Object.entries(value) : []
  if (entries.some(([, entry]) => isObject(entry) && typeof entry.litellm_provider === 'string'))
    return { shape: 'LiteLLM', rows: litellmRows(entries, wanted) }
  const providers = isObject(value) && isObject(value.providers) ? Object.entries(value.providers) : entries
  if (providers.some(([, provider]) => isObject(provider) && isObject(provider.models)))
    return { shape: 'models.dev', rows: modelsDevRows(providers, wanted) }
  throw new UsageError(
    `${source} is no map of prices that is known here.`,
    'Known are LiteLLM’s (models with litellm_provider and input_cost_per_token) and models.dev’s (providers with models, each with a cost).',
  )
}
