import type { Provider } from '../contract.ts'
import { check } from './own-check.ts'
import { sync } from './own-lane.ts'

export const own = {
  name: 'own',
  sync,
  environment: {
    apiKey: ['REDEYE_ENGINE_KEY'],
    baseUrl: ['REDEYE_ENGINE_URL'],
    baseUrlDefault: 'http://127.0.0.1:8000/v1', // where vLLM listens
  },
  headersFrom: () => ({}),
  check,
} satisfies Provider
