import type { Scenario } from '../scenarios.ts'
import { lostAnswer, onCall, onNamed, wireScenarios } from '../scenarios-wire.ts'
import {
  billingDisabled,
  deadline,
  forbidden,
  internal,
  overloaded,
  overQuota,
  wireErrorOf,
  wrongKey,
} from './errors.ts'
import { type GeminiFaults, type Operation, operations } from './faults.ts'

/** Troubles of single calls. `times` counts calls; `after` lets so many pass first. */
export const geminiWireScenarios: readonly Scenario<GeminiFaults>[] = [
  lostAnswer<Operation>('answer'),
  ...wireScenarios<Operation>({
    operations,
    create: 'create',
    upload: 'upload',
    download: 'download',
    busy: () => wireErrorOf(overQuota(17)),
    serverError: () => wireErrorOf(internal()),
    overloaded: () => wireErrorOf(overloaded()),
    wrongKey: () => wireErrorOf(wrongKey()),
    forbidden: () => wireErrorOf(forbidden()),
  }),
  {
    name: 'billing-disabled',
    parameters: { times: 'always', on: 'create', after: '0' },
    summary: 'Calls are refused with FAILED_PRECONDITION, because nobody pays for the project.',
    source: 'troubleshooting guide: the free tier is not available, enable billing',
    faults: onNamed(operations, () => ({ kind: 'answer', error: wireErrorOf(billingDisabled()) })),
  },
  {
    name: 'create-503-created',
    parameters: { times: '1', after: '0' },
    summary: 'The create is answered with 503 UNAVAILABLE, and the batch exists all the same.',
    faults: onCall<Operation>('create', () => ({ kind: 'answer-after', error: wireErrorOf(overloaded()) })),
  },
  {
    name: 'create-504-created',
    parameters: { times: '1', after: '0' },
    summary: 'The create is answered with 504 DEADLINE_EXCEEDED, and the batch exists all the same.',
    source: 'discuss.ai.google.dev thread 174261: the front end gives up while the back end goes on',
    faults: onCall<Operation>('create', () => ({ kind: 'answer-after', error: wireErrorOf(deadline()) })),
  },
  {
    name: 'upload-race',
    parameters: { seconds: '2', times: '2' },
    summary: 'A create within so many seconds of the upload does not find its file.',
    faults: onCall<Operation>('create', (read) => ({ kind: 'fresh-file', seconds: read.number('seconds') })),
  },
]
