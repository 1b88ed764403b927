import type { Provider } from '../contract.ts'
import { fileLane } from '../file-lane/lane.ts'
import { costs } from './costs.ts'
import { limits } from './limits.ts'
import { regions } from './regions.ts'
import { sync } from './sync.ts'
import { windows } from './windows.ts'
import { headersFrom, wire } from './wire.ts'

export const openai = {
  name: 'openai',
  ...fileLane({
    label: 'OpenAI',
    limits,
    wire,
    baseUrlVariable: 'OPENAI_BASE_URL',
    mark: 'metadata',
    // As the guides on images and on files upload them.
    attachmentPurpose: (type) => (type.startsWith('image/') ? 'vision' : 'user_data'),
  }),
  sync: { ...sync, ...windows },
  environment: {
    apiKey: ['OPENAI_API_KEY'],
    baseUrl: ['OPENAI_BASE_URL'],
    baseUrlDefault: 'https://api.openai.com/v1',
  },
  headersFrom,
  regions,
  accountSettings: ['completionWindowField'],
  costs,
} satisfies Provider
