import type { Provider } from '../contract.ts'
import { fileLane, olderNames } from '../file-lane/lane.ts'
import { discount, limits } from './limits.ts'
import { wire } from './wire.ts'

export const together = {
  name: 'together',
  ...fileLane({
    label: 'Together',
    limits,
    wire,
    baseUrlVariable: 'TOGETHER_BASE_URL',
    basePath: '/v1',
    mark: 'file',
    renames: olderNames,
  }),
  discount,
  environment: {
    apiKey: ['TOGETHER_API_KEY'],
    baseUrl: ['TOGETHER_BASE_URL'],
    baseUrlDefault: 'https://api.together.ai/v1',
  },
  headersFrom: () => ({}),
} satisfies Provider
