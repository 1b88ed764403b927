import type { Reader, Scenario } from '../scenarios.ts'
import type { AccountFaults, OpenAiFaults } from './faults.ts'

const account =
  (faults: (read: Reader) => AccountFaults) =>
  (read: Reader): OpenAiFaults => ({ account: faults(read) })

/** Standing conditions of an account. */
export const accountScenarios: readonly Scenario<OpenAiFaults>[] = [
  {
    name: 'enqueued-token-limit',
    parameters: { tokens: '2000000' },
    summary: 'At most so many prompt tokens may wait per model; a batch beyond that fails with token_limit_exceeded.',
    source: 'github.com/openai/openai-python issue 2084',
    faults: account((read) => ({ enqueuedTokensMax: read.number('tokens') })),
  },
  {
    name: 'enqueued-request-limit',
    parameters: { requests: '1000000' },
    summary: 'At most so many embedding requests may wait, whatever their tokens; a batch beyond that fails.',
    source: 'community.openai.com thread 1002388',
    faults: account((read) => ({ enqueuedRequestsMax: read.number('requests') })),
  },
  {
    name: 'quota-lag',
    parameters: { seconds: '3600', tokens: '2000000' },
    summary: 'As enqueued-token-limit, and a finished batch keeps its share of the queue for so many seconds more.',
    source: 'community.openai.com thread 1027303, and "ENQUEUED_TOKENS not reset"',
    faults: (read) => ({
      account: { enqueuedTokensMax: read.number('tokens') },
      batch: { quotaReleaseLagSeconds: read.number('seconds') },
    }),
  },
  {
    name: 'storage-full',
    parameters: { bytes: '1000000' },
    summary: 'Files linger until they are deleted, and an upload past so many bytes in all is refused with 403.',
    source: 'github.com/openai/openai-python issues 1643 and 2084: nothing is removed by itself',
    faults: account((read) => ({ storageBytesMax: read.number('bytes') })),
  },
  {
    name: 'model-not-batchable',
    parameters: { model: 'o3-pro' },
    summary: 'A model whose card promises batch fails there with model_not_found.',
    source: 'community.openai.com, tags batch and batch-api',
    faults: account((read) => ({ unbatchable: read.text('model') })),
  },
  {
    name: 'models-retire',
    parameters: {},
    summary: 'Models are refused from their announced shutdown date on (otherwise they live for ever here).',
    source: 'deprecations page',
    faults: account(() => ({ refusesRetired: true })),
  },
  {
    name: 'duplicate-id-400',
    parameters: {},
    summary: 'A file with duplicate ids is refused at create with 400, not later in validation.',
    source: 'github.com/llm-d/llm-d-batch-gateway issue 147',
    faults: account(() => ({ duplicateIdsAtCreate: true })),
  },
  {
    name: 'missing-file-400',
    parameters: {},
    summary: 'A create that names an unknown file is refused with 400, and not accepted and failed later.',
    source: 'github.com/bespokelabsai/curator issue 116',
    faults: account(() => ({ missingFileAtCreate: true })),
  },
]
