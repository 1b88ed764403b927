import { deadline, internal, overloaded, problem, wireErrorOf } from '../gemini/errors.ts'
import { googleRowScenarios } from '../gemini/scenarios-rows.ts'
import type { Scenario } from '../scenarios.ts'
import { onCall, wireScenarios } from '../scenarios-wire.ts'
import { type Operation, operations, type VertexFaults } from './faults.ts'
import { unauthenticated } from './router.ts'
import { vertexAccountScenarios, vertexBatchScenarios } from './scenarios-batch.ts'

const forbidden = () =>
  problem(
    'PERMISSION_DENIED',
    "Permission 'aiplatform.batchPredictionJobs.create' denied on resource '//aiplatform.googleapis.com/projects/proj/locations/us-central1' (or it may not exist).",
  )

const wire: readonly Scenario<VertexFaults>[] = [
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
