import type { Reader, Scenario } from '../scenarios.ts'
import { commonBatchScenarios } from '../scenarios-batch.ts'
import type { BatchError, BatchFaults, OpenAiFaults } from './faults.ts'

const batch =
  (faults: (read: Reader) => BatchFaults) =>
  (read: Reader): OpenAiFaults => ({ batch: faults(read) })

const failing = (code: string, message: string, param: string | null = null) =>
  batch(() => ({ failure: { errors: [{ code, message, param, line: null } satisfies BatchError] } }))

/** Troubles of whole batches. `times` counts the batches, in the order of their creation. */
export const batchScenarios: readonly Scenario<OpenAiFaults>[] = [
  ...commonBatchScenarios({
    slow: 'community.openai.com thread 1255766: more than 12 h in progress',
    'cancel-lag': 'batch guide: "up to 10 minutes"',
    vanish: 'github.com/tensorzero/tensorzero issue 1198: batches disappear from the API',
    'counts-wrong': 'community.openai.com, tag batch: "Inconsistent Number of Entries in JSONL"',
  }),
  {
    name: 'stuck-validating',
    parameters: { times: '1' },
    summary: 'The batch never leaves validating, and expires after 24 h without a result.',
    faults: batch(() => ({ stuck: 'validating' })),
  },
  {
    name: 'stuck-in-progress',
    parameters: { times: '1', share: '0.5' },
    summary: 'The batch stops at a share of its lines and expires after 24 h.',
    source: 'community.openai.com, tag batch: "Api-Batch blocked in status: in Progress"',
    faults: batch((read) => ({ stuck: 'in_progress', stallShare: read.number('share') })),
  },
  {
    name: 'stuck-finalizing',
    parameters: { times: '1', hours: '5' },
    summary: 'All lines are done, but the files take hours to be written.',
    source: 'an incident in which jobs were held in finalizing for up to 5 h',
    faults: batch((read) => ({ stuck: 'finalizing', stuckSeconds: read.number('hours') * 3600 })),
  },
  {
    name: 'expire-partial',
    parameters: { share: '0.6', times: '1' },
    summary: 'The window of 24 h closes with a share of the lines done; the rest are batch_expired.',
    source: 'batch guide',
    faults: batch((read) => ({ stuck: 'in_progress', stallShare: read.number('share') })),
  },
  {
    name: 'expire-none',
    parameters: { times: '1' },
    summary: 'The window of 24 h closes with nothing done: no output file at all.',
    faults: batch(() => ({ stuck: 'in_progress', stallShare: 0 })),
  },
  {
    name: 'empty-string-ids',
    parameters: { times: 'always' },
    summary: 'A result file that does not exist has the id "" instead of null.',
    source: 'github.com/tobert/kaibo pull request 93',
    faults: batch(() => ({ emptyStringIds: true })),
  },
  {
    name: 'ids-early',
    parameters: { times: '1' },
    summary: 'output_file_id is set while the batch still runs, and names a file that does not exist.',
    source: 'github.com/vllm-project/aibrix issue 2409',
    faults: batch(() => ({ idsEarly: true })),
  },
  {
    name: 'output-id-late',
    parameters: { seconds: '60', times: 'always' },
    summary: 'The batch is completed, but its file ids appear only so many seconds later.',
    source: 'community.openai.com: "Undocumented batch behavior: output_file_id not returned"',
    faults: batch((read) => ({ outputIdLateSeconds: read.number('seconds') })),
  },
  {
    name: 'counts-zero-until-end',
    parameters: { times: 'always' },
    summary: 'The request counts stay zero until the batch has ended.',
    faults: batch(() => ({ counts: 'zero-until-end' })),
  },
  {
    name: 'unknown-status',
    parameters: { word: 'paused', seconds: '120', times: '1' },
    summary: 'For a while the batch has a status that no page knows.',
    faults: batch((read) => ({ statusWord: { word: read.text('word'), seconds: read.number('seconds') } })),
  },
  {
    name: 'queue-full',
    parameters: { times: '1' },
    summary: 'The create is accepted, and the batch fails with token_limit_exceeded a few seconds later.',
    source: 'github.com/openai/openai-python issues 1643 and 2084',
    faults: failing(
      'token_limit_exceeded',
      'Enqueued token limit reached for {model} in organization {organization}. Limit: 2,000,000 enqueued tokens. Please try again once some in_progress batches have been completed.',
    ),
  },
  {
    name: 'billing-hard-limit',
    parameters: { times: '1' },
    summary: 'The batch fails with billing_hard_limit_reached.',
    faults: failing('billing_hard_limit_reached', 'Billing hard limit has been reached'),
  },
  {
    name: 'input-file-lost',
    parameters: { times: '1' },
    summary: 'The batch fails because its input file cannot be found, although it was uploaded.',
    faults: failing(
      'invalid_request',
      'Cannot find file {file}, or organization {organization} does not have access to it.',
      'file_id',
    ),
  },
  {
    name: 'validation-fails',
    parameters: { share: '0.01', times: '1' },
    summary: 'The batch fails in validation; the errors name a share of its lines (at least one, at most 100).',
    source: 'github.com/openai/openai-python issue 1643: never reported at create',
    faults: batch((read) => ({
      failure: {
        share: read.number('share'),
        error: { code: 'invalid_request', message: 'Messages parameter is required.', param: 'body.messages' },
      },
    })),
  },
  {
    name: 'model-not-found',
    parameters: { share: '0.01', times: '1' },
    summary: 'The batch fails in validation with model_not_found for a share of its lines.',
    faults: batch((read) => ({
      failure: {
        share: read.number('share'),
        error: {
          code: 'model_not_found',
          message: "The provided model '{model}' is not supported by the Batch API.",
          param: 'body.model',
        },
      },
    })),
  },
  {
    name: 'poison-line',
    parameters: { marker: 'POISON', times: 'always' },
    summary: 'A batch fails, without naming a line, whenever the body of one of its lines contains the marker.',
    faults: batch((read) => ({ failure: { poison: read.text('marker') } })),
  },
]
