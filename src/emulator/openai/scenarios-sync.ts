import { lasting } from '../lasting.ts'
import type { Scenario } from '../scenarios.ts'
import type { OpenAiFaults } from './faults.ts'

/** Troubles of calls outside batches. */
export const syncScenarios: readonly Scenario<OpenAiFaults>[] = [
  {
    name: 'sync-429',
    parameters: { requests: '60', tokens: '150000000' },
    summary: 'Calls outside batches: so many requests and tokens a minute and model; more are refused with 429.',
    source: 'rate-limits guide: buckets that flow back all the time, told in x-ratelimit headers',
    faults: (read) => ({
      account: { callsPerMinuteMax: read.number('requests'), tokensPerMinuteMax: read.number('tokens') },
    }),
  },
  {
    name: 'sync-slow',
    parameters: { seconds: '30', flex: '300' },
    summary: 'Calls outside batches are answered after so many emulated seconds, on flex after so many others.',
    faults: (read) => ({
      account: { answerSeconds: (tier) => read.number(tier === 'flex' ? 'flex' : 'seconds') },
    }),
  },
  {
    name: 'flex-drought',
    parameters: { seconds: '3600' },
    summary:
      'From the first flex call on, flex is out of capacity for so many seconds (or always): 429 Resource Unavailable, not charged.',
    source: 'flex-processing guide',
    faults: (read) => ({ account: { flexDrought: lasting(read.count('seconds')) } }),
  },
  {
    name: 'flex-not-allowed',
    parameters: {},
    summary: 'The project does not allow flex: calls that ask for it are refused with 400.',
    source: 'flex-processing guide',
    faults: () => ({ account: { flexNotAllowed: true } }),
  },
  {
    name: 'priority-downgraded',
    parameters: {},
    summary: 'Priority calls are served, and billed, at the default tier; only service_tier says so.',
    source: 'fast-mode guide: a ramp that is too fast',
    faults: () => ({ account: { priorityDowngraded: true } }),
  },
]
