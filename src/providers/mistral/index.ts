import type { Provider } from '../contract.ts'
import { fileLane, olderNames } from '../file-lane/lane.ts'
import { discount, limits } from './limits.ts'
import { wire } from './wire.ts'

export const mistral = {
  name: 'mistral',
  ...fileLane({
    label: 'Mistral',
    limits,
    wire,
    baseUrlVariable: 'MISTRAL_BASE_URL',
    basePath: '/v1',
    mark: 'metadata',
    renames: olderNames,
  }),
  discount,
  environment: {
    apiKey: ['MISTRAL_API_KEY'],
    baseUrl: ['MISTRAL_BASE_URL'],
    baseUrlDefault: 'https://api.mistral.ai/v1',
  },
  headersFrom: () => ({}),
} satisfies Provider
