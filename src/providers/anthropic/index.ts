import type { Provider } from '../contract.ts'
import { batch, check } from './batch.ts'
import { regions } from './regions.ts'
import { sync } from './sync.ts'

export const anthropic = {
  name: 'anthropic',
  batch,
  sync,
  environment: {
    apiKey: ['ANTHROPIC_API_KEY'],
    baseUrl: ['ANTHROPIC_BASE_URL'],
    baseUrlDefault: 'https://api.anthropic.com',
  },
  headersFrom: () => ({}), // the key itself names organisation and workspace
  regions,
  check,
} satisfies Provider
