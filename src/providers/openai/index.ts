import type { Provider } from '../contract.ts'
import { batch, check } from './batch.ts'
import { headersFrom } from './wire.ts'

export const openai = {
  name: 'openai',
  batch,
  environment: {
    apiKey: ['OPENAI_API_KEY'],
    baseUrl: ['OPENAI_BASE_URL'],
    baseUrlDefault: 'https://api.openai.com/v1',
  },
  headersFrom,
  check,
} satisfies Provider
