import type { Reader, Scenario } from '../scenarios.ts'
import { internalError, overloaded, wireError } from './errors.ts'
import type { AccountFaults, AnthropicFaults } from './faults.ts'
import { batchScenarios } from './scenarios-batch.ts'
import { rowScenarios } from './scenarios-rows.ts'
import { anthropicWireScenarios } from './scenarios-wire.ts'

const account =
  (faults: (read: Reader) => AccountFaults) =>
  (read: Reader): AnthropicFaults => ({ account: faults(read) })

/** Standing conditions of an account. */
const accountScenarios: readonly Scenario<AnthropicFaults>[] = [
  {
    name: 'calls-per-minute',
    parameters: { calls: '50' },
    summary: 'The batch endpoints take so many calls a minute, polls included; more are refused with 429.',
    source: 'rate-limits page: 50 in the lowest tier',
    faults: account((read) => ({ callsPerMinuteMax: read.number('calls') })),
  },
  {
    name: 'queued-request-limit',
    parameters: { requests: '100000' },
    summary: 'At most so many requests may wait in all batches together; a create beyond that is refused with 429.',
    source: 'rate-limits page: 100,000 in the lowest tier',
    faults: account((read) => ({ queuedRequestsMax: read.number('requests') })),
  },
  {
    name: 'body-limit',
    parameters: { bytes: '1000000' },
    summary: 'A create of more bytes is refused with 413 request_too_large.',
    faults: account((read) => ({ batchBytesMax: read.number('bytes') })),
  },
  {
    name: 'runs-in-us',
    parameters: {},
    summary: 'The workspace runs in the US by default: usage says so, and each token costs 10% more.',
    source: 'data-residency page',
    faults: account(() => ({ runsInUs: true })),
  },
  {
    name: 'cache-hits',
    parameters: { share: '1' },
    summary:
      'This share of the requests of a batch find a cache entry that is there (by itself 98%, of 5 minutes 30%).',
    source: 'batch guide: 30% to 98%, best effort',
    faults: account((read) => ({ cacheHitShare: read.number('share') })),
  },
  {
    name: 'cancel-idle-409',
    parameters: {},
    summary: 'A cancel of a batch that is canceling or has ended is refused with 409 (else it changes nothing).',
    faults: account(() => ({ refusesIdleCancel: true })),
  },
  {
    name: 'sync-429',
    parameters: { requests: '50' },
    summary: 'Messages outside batches: so many a minute and model; more are refused with 429.',
    source: 'rate-limits page: buckets that flow back all the time',
    faults: account((read) => ({ messagesPerMinuteMax: read.number('requests') })),
  },
  {
    name: 'sync-slow',
    parameters: { seconds: '30' },
    summary: 'Messages outside batches are answered after so many emulated seconds.',
    faults: account((read) => ({ answerSeconds: read.number('seconds') })),
  },
  {
    name: 'committed-capacity',
    parameters: {},
    summary:
      'Messages outside batches are answered with service_tier priority: out of capacity that is paid for by commitment, and not on the bill.',
    source: 'service-tiers page; a legacy that is no longer sold',
    faults: account(() => ({ committed: true })),
  },
  {
    name: 'models-retire',
    parameters: {},
    summary: 'Models are refused from their announced shutdown date on (otherwise they live for ever here).',
    source: 'deprecations page',
    faults: account(() => ({ refusesRetired: true })),
  },
]

/** Several troubles at once, as they come in life. */
const combined: readonly Scenario<AnthropicFaults>[] = [
  {
    name: 'incident-41',
    parameters: { times: '1' },
    summary:
      'Of 20,000 requests 41 are errored, in a batch that ends like any other: who reads only the answers loses them. Other sizes in proportion.',
    source: 'field notes of a user whose 41 of 20,000 vanished',
    faults: () => ({
      batch: {
        byRow: (row) =>
          Math.floor((row * 41) / 20_000) > Math.floor(((row - 1) * 41) / 20_000)
            ? { kind: 'errored', problem: internalError, requestId: 'request' }
            : undefined,
      },
    }),
  },
  {
    name: 'bad-night',
    parameters: {},
    summary:
      'Together: the first create is created and answered with 529, batches are listed 2 minutes late, counts fill gradually, a cancel takes 10 minutes, and 5% of the requests are overloaded once.',
    source: 'the sum of the reports behind the other scenarios',
    faults: () => ({
      wire: [{ on: ['create'], act: { kind: 'answer-after', error: wireError(overloaded) } }],
      batch: { hiddenFromListSeconds: 120, counts: 'gradual', cancelLagSeconds: 600 },
      rows: [{ share: 0.05, times: 1, fault: { kind: 'errored', problem: overloaded, requestId: 'request' } }],
    }),
  },
]

export const anthropicScenarios: readonly Scenario<AnthropicFaults>[] = [
  ...anthropicWireScenarios,
  ...batchScenarios,
  ...rowScenarios,
  ...accountScenarios,
  ...combined,
]
