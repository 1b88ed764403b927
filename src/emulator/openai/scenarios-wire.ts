import type { Scenario } from '../scenarios.ts'
import { lostAnswer, onCall, onNamed, wireScenarios } from '../scenarios-wire.ts'
import { forbidden, insufficientQuota, overloaded, rateLimited, serverError, slowDown, wrongKey } from './errors.ts'
import { type OpenAiFaults, type Operation, operations } from './faults.ts'

/** Troubles of single calls. `times` counts calls; `after` lets so many pass first. */
export const openAiWireScenarios: readonly Scenario<OpenAiFaults>[] = [
  lostAnswer<Operation>('answer'),
  ...wireScenarios<Operation>({
    operations,
    create: 'create',
    upload: 'upload',
    download: 'content',
    busy: () => rateLimited('Rate limit reached for requests. Please try again in 1s.', 1),
    serverError,
    overloaded,
    wrongKey: () => wrongKey('sk-proj-00000000000000000000EXAM'),
    forbidden,
  }),
  {
    name: 'insufficient-quota',
    parameters: { times: '1', after: '0' },
    summary: 'Creates are refused with 429 insufficient_quota: the account is out of money, and waiting will not help.',
    source: 'error-codes guide',
    faults: onCall<Operation>('create', () => ({ kind: 'answer', error: insufficientQuota() })),
  },
  {
    name: 'upload-race',
    parameters: { seconds: '2', times: '2' },
    summary: 'A create within so many seconds of the upload gets 400 "Cannot find file".',
    source: 'github.com/bespokelabsai/curator issue 116',
    faults: onCall<Operation>('create', (read) => ({ kind: 'fresh-file', seconds: read.number('seconds') })),
  },
  {
    name: 'slow-down',
    parameters: { times: '1', on: 'any', after: '0' },
    summary: 'Calls are refused with 429 slow_down and retry-after: 15.',
    source: 'error-codes guide',
    faults: onNamed(operations, () => ({ kind: 'answer', error: slowDown() })),
  },
]
