import type { Scenario } from '../scenarios.ts'
import { lostAnswer, onCall, onNamed, wireScenarios } from '../scenarios-wire.ts'
import {
  forbidden,
  internalError,
  overloaded,
  ownSpendLimit,
  rateLimited,
  tierSpendLimit,
  timedOut,
  unpaid,
  wireError,
  wrongKey,
} from './errors.ts'
import { type AnthropicFaults, type Operation, operations } from './faults.ts'

const edgePage = '<html><body>413 Request Entity Too Large</body></html>'
const once = { times: '1', after: '0' }

/** Troubles of single calls. `times` counts calls; `after` lets so many pass first. */
export const anthropicWireScenarios: readonly Scenario<AnthropicFaults>[] = [
  lostAnswer<Operation>('answer'),
  ...wireScenarios<Operation>({
    operations,
    create: 'create',
    upload: 'create',
    download: 'content',
    busy: () => wireError(rateLimited, { 'retry-after': '1' }),
    serverError: () => wireError(internalError),
    overloaded: () => wireError(overloaded),
    wrongKey: () => wireError(wrongKey),
    forbidden: () => wireError(forbidden),
  }),
  {
    name: 'storm-529',
    parameters: { times: '5', on: 'any', after: '0' },
    summary: 'Calls fail with 529 overloaded_error and have no effect.',
    source: 'errors page',
    faults: onNamed(operations, () => ({ kind: 'answer', error: wireError(overloaded) })),
  },
  {
    name: 'create-504-created',
    parameters: once,
    summary: 'The create is answered with 504 timeout_error, and the batch exists all the same.',
    faults: onCall<Operation>('create', () => ({ kind: 'answer-after', error: wireError(timedOut) })),
  },
  {
    name: 'create-529-created',
    parameters: once,
    summary: 'The create is answered with 529 overloaded_error, and the batch exists all the same.',
    faults: onCall<Operation>('create', () => ({ kind: 'answer-after', error: wireError(overloaded) })),
  },
  {
    name: 'edge-413',
    parameters: once,
    summary: 'The create is refused with 413 and a web page, by an edge that knows no error envelope.',
    source: 'errors page: the limit is enforced before the request reaches the API',
    faults: onCall<Operation>('create', () => ({
      kind: 'page',
      status: 413,
      contentType: 'text/html',
      text: edgePage,
    })),
  },
  {
    name: 'retry-after-hour',
    parameters: { times: '1', on: 'any', after: '0' },
    summary: 'Calls are refused with 429 and retry-after: 3600, which the official client would sleep through.',
    faults: onNamed(operations, () => ({
      kind: 'answer',
      error: wireError(rateLimited, { 'retry-after': '3600' }),
    })),
  },
  {
    name: 'tier-spend-limit',
    parameters: { times: 'always', on: 'create', after: '0' },
    summary: 'Calls are refused with 429 enforced_spend_limit_reached, without retry-after: over only next month.',
    source: 'rate-limits page',
    faults: onNamed(operations, () => ({ kind: 'answer', error: wireError(tierSpendLimit) })),
  },
  {
    name: 'own-spend-limit',
    parameters: { day: '2026-12-01', times: 'always', on: 'create', after: '0' },
    summary: "Calls are refused with 400: the customer's own usage limit, told in words only.",
    source: 'errors page',
    faults: (read) =>
      onNamed(operations, () => ({ kind: 'answer', error: wireError(ownSpendLimit(read.text('day'))) }))(read),
  },
  {
    name: 'unpaid',
    parameters: { times: 'always', on: 'create', after: '0' },
    summary: 'Calls are refused with 402 billing_error.',
    source: 'errors page',
    faults: onNamed(operations, () => ({ kind: 'answer', error: wireError(unpaid) })),
  },
]
