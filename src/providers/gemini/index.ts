import type { Provider } from '../contract.ts'
import { batch, check } from './batch.ts'
import { sync } from './sync.ts'

export const gemini = {
  name: 'gemini',
  batch,
  sync,
  environment: {
    apiKey: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'], // in this order, as the official SDK reads them
    baseUrl: ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_BASE_URL'],
    baseUrlDefault: 'https://generativelanguage.googleapis.com',
  },
  headersFrom: () => ({}), // the key itself names the project
  check,
} satisfies Provider
