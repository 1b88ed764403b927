import type { Provider } from '../contract.ts'
import { check, models } from './own-check.ts'
import { sync } from './own-lane.ts'

const variable = 'REDEYE_ENGINE_URL'

/** Engines of the user's own. They sell no batches: requests go to them one by one. */
export const own = {
  name: 'own',
  sync,
  environment: {
    apiKey: ['REDEYE_ENGINE_KEY'],
    baseUrl: [variable],
    baseUrlDefault: '', // where an engine listens is for its owner to say
    keyOptional: true,
  },
  headersFrom: () => ({}),
  accountFrom: (environment) => baseUrlOf(environment[variable]?.trim() ?? ''),
  check,
  models,
} satisfies Provider

/** An address without a path means the API there: all of these engines have it under /v1. */
function baseUrlOf(url: string): { readonly baseUrl?: string } {
  return URL.canParse(url) && new URL(url).pathname === '/' ? { baseUrl: new URL('/v1', url).href } : {}
}
