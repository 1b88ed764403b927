import { deadline, internal, overloaded, problem, wireErrorOf } from '../gemini/errors.ts'
import { googleRowScenarios } from '../gemini/scenarios-rows.ts'
import type { Scenario } from '../scenarios.ts'
import { lostAnswer, onCall, onNamed, wireScenarios } from '../scenarios-wire.ts'
import { type Operation, operations, type VertexFaults } from './faults.ts'
import { unauthenticated } from './router.ts'
import { vertexAccountScenarios, vertexBatchScenarios } from './scenarios-batch.ts'

const forbidden = () =>
  problem(
    'PERMISSION_DENIED',
    "Permission 'aiplatform.batchPredictionJobs.create' denied on resource '//aiplatform.googleapis.com/projects/proj/locations/us-central1' (or it may not exist).",
  )

const billingDisabled = () =>
  problem(
    'PERMISSION_DENIED',
    'This API method requires billing to be enabled. Please enable billing on project #123456789012 by visiting https://console.developers.google.com/billing/enable?project=123456789012 then retry.',
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'BILLING_DISABLED',
        domain: 'googleapis.com',
        metadata: { service: 'aiplatform.googleapis.com' },
      },
    ],
  )

const wire: readonly Scenario<VertexFaults>[] = [
  lostAnswer<Operation>('answer'),
  ...wireScenarios<Operation>({
    operations,
    create: 'create',
    busy: () => wireErrorOf(problem('RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.')),
    serverError: () => wireErrorOf(internal()),
    overloaded: () => wireErrorOf(overloaded()),
    wrongKey: () => wireErrorOf(unauthenticated()),
    forbidden: () => wireErrorOf(forbidden()),
  }),
  {
    name: 'billing-disabled',
    parameters: { times: 'always', on: 'create', after: '0' },
    summary: 'Calls are refused with 403, because nobody pays for the project.',
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
    faults: onCall<Operation>('create', () => ({ kind: 'answer-after', error: wireErrorOf(deadline()) })),
  },
]

export const vertexScenarios: readonly Scenario<VertexFaults>[] = [
  ...wire,
  ...vertexBatchScenarios,
  ...googleRowScenarios,
  ...vertexAccountScenarios,
]
