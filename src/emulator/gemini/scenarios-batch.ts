import type { Reader, Scenario } from '../scenarios.ts'
import { commonBatchScenarios } from '../scenarios-batch.ts'
import { exhausted, internal, type Problem, problem } from './errors.ts'
import type { BatchFaults, GeminiFaults } from './faults.ts'

const batch =
  (faults: (read: Reader) => BatchFaults) =>
  (read: Reader): GeminiFaults => ({ batch: faults(read) })

const failing = (reason: Problem) => batch(() => ({ failure: { problem: reason } }))

/** Troubles of whole batches. `times` counts the batches, in the order of their creation. */
export const geminiBatchScenarios: readonly Scenario<GeminiFaults>[] = [
  ...commonBatchScenarios({
    slow: 'github.com/googleapis/python-genai issue 1482: waves of more than 24 h',
  }),
  {
    name: 'stuck-pending',
    parameters: { hours: 'always', times: '1' },
    summary: 'The batch stays PENDING for so many hours; without end, it expires after 48 h with nothing.',
    source: 'github.com/googleapis/python-genai issues 1482, 2221, 2974; js-genai issue 1453',
    faults: batch((read) => ({ stuck: 'pending', stuckSeconds: read.count('hours') * 3600 })),
  },
  {
    name: 'stuck-running',
    parameters: { share: '0.5', times: '1' },
    summary: 'The batch stops at a share of its lines and expires after 48 h: nothing is returned, nothing is billed.',
    source: 'github.com/googleapis/python-genai issues 1482 and 2439',
    faults: batch((read) => ({ stuck: 'running', stallShare: read.number('share') })),
  },
  {
    name: 'expire-none',
    parameters: { times: '1' },
    summary: 'The batch expires with nothing to return, and nothing is billed.',
    source: 'batch guide: a job pending or running for more than 48 h has no results to retrieve',
    faults: batch(() => ({ stuck: 'running', stallShare: 0 })),
  },
  {
    name: 'expire-billed',
    parameters: { share: '0.6', times: '1' },
    summary: 'The batch expires after 48 h with nothing to return, and the lines it had run are billed all the same.',
    faults: batch((read) => ({ stuck: 'running', stallShare: read.number('share'), billsExpired: true })),
  },
  {
    name: 'custom-id-expires',
    parameters: { times: 'always' },
    summary: 'A batch whose lines carry custom_id instead of key is accepted, never runs, and expires.',
    source: 'github.com/googleapis/python-genai issue 2439',
    faults: batch(() => ({ stuckOnCustomIds: true })),
  },
  {
    name: 'cancelled-with-output',
    parameters: { times: 'always' },
    summary: 'A cancelled batch hands out the rows it had finished.',
    faults: batch(() => ({ cancelledKeepsOutput: true })),
  },
  {
    name: 'output-late',
    parameters: { seconds: '60', times: 'always' },
    summary: 'The batch has succeeded, but its output appears only so many seconds later.',
    faults: batch((read) => ({ outputLateSeconds: read.number('seconds') })),
  },
  {
    name: 'output-once',
    parameters: { where: 'metadata', times: 'always' },
    summary: 'The output stands in one of its two places only: metadata, or response.',
    source: 'github.com/googleapis/js-genai reads metadata.output alone; the reference names response',
    faults: batch((read) => ({ outputOnlyIn: read.text('where') === 'response' ? 'response' : 'metadata' })),
  },
  {
    name: 'inline-as-file',
    parameters: { times: 'always' },
    summary: 'An inline batch answers with a file.',
    faults: batch(() => ({ inlineAsFile: true })),
  },
  {
    name: 'inline-unreadable',
    parameters: { bytes: '1000', times: 'always' },
    summary:
      'A large inline result cannot be read: get fails with 503, or with 504 when the client offers to wait; a partial get and the list still work.',
    source: 'discuss.ai.google.dev thread 174261',
    faults: batch((read) => ({ unreadableBytes: read.number('bytes') })),
  },
  {
    name: 'counts-stale-in-list',
    parameters: { times: 'always' },
    summary: 'In the list the counts stay as they were at the start, even beside SUCCEEDED.',
    source: 'a captured list: SUCCEEDED with pendingRequestCount equal to the total',
    faults: batch(() => ({ counts: 'stale-in-list' })),
  },
  {
    name: 'unknown-status',
    parameters: { word: 'PAUSED', seconds: '120', times: '1' },
    summary: 'For a while the batch has a status that no page knows.',
    faults: batch((read) => ({
      stateWord: { word: read.text('word'), seconds: read.number('seconds'), done: false },
    })),
  },
  {
    name: 'unknown-status-done',
    parameters: { word: 'COMPLETED', seconds: '3600', times: '1' },
    summary: 'The operation is done, with a state that no page knows, for a while.',
    faults: batch((read) => ({
      stateWord: { word: read.text('word'), seconds: read.number('seconds'), done: true },
    })),
  },
  {
    name: 'job-state-words',
    parameters: { times: 'always' },
    summary: 'States are called JOB_STATE_… on the wire, as the samples of the guide have them.',
    source: 'batch guide, REST samples',
    faults: batch(() => ({ statePrefix: 'JOB_STATE_' })),
  },
  {
    name: 'embed-usage',
    parameters: { form: 'none', times: 'always' },
    summary: 'Embedding rows do not tell their tokens (none), or tell them as text in tokenCount.',
    source: 'batch guide; github.com/googleapis/js-genai tests',
    faults: batch((read) => ({ embedUsage: read.text('form') === 'tokenCount' ? 'tokenCount' : 'none' })),
  },
  {
    name: 'batch-failed',
    parameters: { times: '1' },
    summary: 'The batch fails with INTERNAL and no output; only the raw operation says why.',
    source: 'github.com/googleapis/js-genai drops the error of an operation',
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
    faults: failing(problem('NOT_FOUND', 'Input file was not found.')),
  },
  {
    name: 'poison-line',
    parameters: { marker: 'POISON', times: 'always' },
    summary: 'A batch fails, without naming a line, whenever the body of one of its lines contains the marker.',
    faults: batch((read) => ({ failure: { problem: internal(), poison: read.text('marker') } })),
  },
]
