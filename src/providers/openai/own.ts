import type { Provider } from '../contract.ts'
import { check, models } from './own-check.ts'
import { sync } from './own-lane.ts'

/** Engines of the user's own. They sell no batches: requests go to them one by one. */
export const own = {
  name: 'own',
  sync,
  environment: {
    apiKey: ['REDEYE_ENGINE_KEY'],
    baseUrl: ['REDEYE_ENGINE_URL'],
    baseUrlDefault: '', // where an engine listens is for its owner to say
    keyOptional: true,
  },
  headersFrom: () => ({}),
  check,
  models,
} satisfies Provider
