import type { Provider } from '../contract.ts'
import { accountFrom, headersFrom } from './account.ts'
import { batch, check } from './batch.ts'
import { costs } from './costs.ts'
import { regions } from './regions.ts'
import { sync } from './sync.ts'

export const anthropic = {
  name: 'anthropic',
  batch,
  sync,
  environment: {
    apiKey: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    baseUrl: ['ANTHROPIC_BASE_URL'],
    baseUrlDefault: 'https://api.anthropic.com',
  },
  headersFrom,
  accountFrom,
  regions,
  costs,
  check,
} satisfies Provider
