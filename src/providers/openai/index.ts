import type { Provider } from '../contract.ts'
import { laneOf } from './batch.ts'
import { limits } from './limits.ts'
import { regions } from './regions.ts'
import { sync } from './sync.ts'
import { headersFrom } from './wire.ts'

export const openai = {
  name: 'openai',
  ...laneOf({ label: 'OpenAI', limits, baseUrlVariable: 'OPENAI_BASE_URL' }),
  sync,
  environment: {
    apiKey: ['OPENAI_API_KEY'],
    baseUrl: ['OPENAI_BASE_URL'],
    baseUrlDefault: 'https://api.openai.com/v1',
  },
  headersFrom,
  regions,
} satisfies Provider
