import { exhausted, internal, type Problem, problem } from '../gemini/errors.ts'
import { lasting } from '../lasting.ts'
import type { Reader, Scenario } from '../scenarios.ts'
import { commonBatchScenarios } from '../scenarios-batch.ts'
import type { AccountFaults, BatchFaults, VertexFaults } from './faults.ts'

const batch =
  (faults: (read: Reader) => BatchFaults) =>
  (read: Reader): VertexFaults => ({ batch: faults(read) })
const account =
  (faults: (read: Reader) => AccountFaults) =>
  (read: Reader): VertexFaults => ({ account: faults(read) })
const failing = (reason: Problem) => batch(() => ({ failure: { problem: reason } }))

/** Troubles of whole jobs. `times` counts the jobs, in the order of their creation. */
export const vertexBatchScenarios: readonly Scenario<VertexFaults>[] = [
  ...commonBatchScenarios(),
  {
    name: 'stuck-queued',
    parameters: { hours: 'always', times: '1' },
    summary: 'The job stays QUEUED for so many hours; without end, it expires after 72 h with nothing.',
    source: 'batch prediction guide: a job queues for up to 72 hours',
    faults: batch((read) => ({ stuck: 'queued', stuckSeconds: read.count('hours') * 3600 })),
  },
  {
    name: 'stuck-pending',
    parameters: { hours: 'always', times: '1' },
    summary: 'The batch stays PENDING for so many hours; without end, it expires with nothing.',
    faults: batch((read) => ({ stuck: 'pending', stuckSeconds: read.count('hours') * 3600 })),
  },
  {
    name: 'expire-none',
    parameters: { times: '1' },
    summary: 'The batch expires with nothing to return, and nothing is billed.',
    faults: batch(() => ({ stuck: 'queued' })),
  },
  {
    name: 'run-cut',
    parameters: { share: '0.6', times: '1' },
    summary: 'After a day of running the job is cut off as PARTIALLY_SUCCEEDED: finished rows are there, and billed.',
    source: 'batch prediction guide: incomplete work is cancelled after 24 hours of running',
    faults: batch((read) => ({ stuck: 'running', stallShare: read.number('share') })),
  },
  {
    name: 'output-late',
    parameters: { seconds: '60', times: 'always' },
    summary: 'The batch has succeeded, but its output appears only so many seconds later.',
    faults: batch((read) => ({ outputLateSeconds: read.number('seconds') })),
  },
  {
    name: 'output-info-missing',
    parameters: { times: 'always' },
    summary: 'The finished job does not say where its predictions are; they lie below the prefix as ever.',
    faults: batch(() => ({ outputInfoMissing: true })),
  },
  {
    name: 'output-sharded',
    parameters: { files: '3', times: 'always' },
    summary: 'The predictions come as several files, predictions_0001.jsonl and so on.',
    source: 'aiplatform.v1 discovery document',
    faults: batch((read) => ({ shards: read.number('files') })),
  },
  {
    name: 'rows-early',
    parameters: { times: 'always' },
    summary: 'A part of the predictions lies in the bucket while the job still runs.',
    source: 'batch prediction guide: results are written incrementally',
    faults: batch(() => ({ rowsEarly: true })),
  },
  {
    name: 'labels-dropped',
    parameters: { times: 'always' },
    summary: 'Rows echo the request without its labels: only its content tells whose answer it is.',
    faults: batch(() => ({ dropsLabels: true })),
  },
  {
    name: 'extras-echoed',
    parameters: { times: 'always' },
    summary: 'Fields that stood beside the request in a line come back in its row.',
    source: 'reported by some users, not documented',
    faults: batch(() => ({ echoesExtras: true })),
  },
  {
    name: 'counts-unknown',
    parameters: { times: 'always' },
    summary: 'The count of incomplete rows is -1: unknown.',
    source: 'aiplatform.v1 discovery document',
    faults: batch(() => ({ counts: 'unknown' })),
  },
  {
    name: 'unknown-status',
    parameters: { word: 'PAUSED', seconds: '120', times: '1' },
    summary: 'For a while the batch has a status that no page knows.',
    faults: batch((read) => ({ stateWord: { word: read.text('word'), seconds: read.number('seconds') } })),
  },
  {
    name: 'batch-failed',
    parameters: { times: '1' },
    summary: 'The batch fails with INTERNAL and no output.',
    source: 'code 13 is the usual disguise of malformed rows',
    faults: failing(internal()),
  },
  {
    name: 'batch-failed-with-output',
    parameters: { times: '1' },
    summary: 'The batch fails at its end, and has output all the same; the rows are billed.',
    faults: batch(() => ({ failure: { problem: internal(), keepsOutput: true } })),
  },
  {
    name: 'queue-full',
    parameters: { times: '1' },
    summary: 'The create is accepted, and the batch fails a few seconds later because its queue is full.',
    faults: failing(exhausted()),
  },
  {
    name: 'input-file-lost',
    parameters: { times: '1' },
    summary: 'The batch fails because its input file cannot be found, although it was uploaded.',
    faults: failing(problem('NOT_FOUND', 'The specified input could not be found.')),
  },
  {
    name: 'bucket-forbidden',
    parameters: { times: '1' },
    summary: 'The create is accepted, and the job fails because the service may not read the bucket.',
    source: 'batch prediction guide, permissions of the service agent',
    faults: failing(
      problem('PERMISSION_DENIED', 'The service agent does not have storage.objects.get access to the bucket.'),
    ),
  },
  {
    name: 'poison-line',
    parameters: { marker: 'POISON', times: 'always' },
    summary: 'A batch fails, without naming a line, whenever the body of one of its lines contains the marker.',
    faults: batch((read) => ({ failure: { problem: internal(), poison: read.text('marker') } })),
  },
]

/** Standing conditions of a project. */
export const vertexAccountScenarios: readonly Scenario<VertexFaults>[] = [
  {
    name: 'flex-drought',
    parameters: { seconds: '3600' },
    summary: 'From the first flex call on, flex is full for so many seconds (or always): 429, not charged.',
    source: 'Flex PayGo page: higher throttling',
    faults: account((read) => ({ flexDrought: lasting(read.count('seconds')) })),
  },
  {
    name: 'concurrent-limit',
    parameters: { batches: '2' },
    summary: 'At most so many batches may be active; a create beyond that is refused with 429.',
    faults: account((read) => ({ concurrentMax: read.number('batches') })),
  },
  {
    name: 'missing-input-at-create',
    parameters: {},
    summary: 'A create that names an input that is not there is refused at once, and not accepted and failed later.',
    faults: account(() => ({ missingInputAtCreate: true })),
  },
  {
    name: 'models-retire',
    parameters: {},
    summary: 'From its announced shutdown date on a model is gone, or is silently answered by its replacement.',
    faults: account(() => ({ retiresModels: true })),
  },
]
