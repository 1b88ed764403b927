import type { Provider } from '../contract.ts'
import { batch, check } from './batch.ts'
import { discount } from './limits.ts'

export const xai = {
  name: 'xai',
  batch,
  check,
  discount,
  environment: {
    apiKey: ['XAI_API_KEY'],
    baseUrl: ['XAI_BASE_URL'],
    baseUrlDefault: 'https://api.x.ai/v1',
  },
  headersFrom: () => ({}),
} satisfies Provider
