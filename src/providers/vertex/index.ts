import type { Provider } from '../contract.ts'
import { accountFrom, tokenVariable } from './account.ts'
import { batch, check } from './batch.ts'
import { costs } from './costs.ts'
import { regions } from './regions.ts'
import { sync } from './sync.ts'

export const vertex = {
  name: 'vertex',
  batch,
  sync,
  environment: {
    apiKey: [tokenVariable],
    baseUrl: ['GOOGLE_VERTEX_BASE_URL'],
    baseUrlDefault: 'https://aiplatform.googleapis.com',
  },
  headersFrom: () => ({}), // project and location are in the base URL
  accountFrom,
  regions,
  costs,
  check,
} satisfies Provider
