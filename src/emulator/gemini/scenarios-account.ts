import { lasting } from '../lasting.ts'
import type { Reader, Scenario } from '../scenarios.ts'
import type { AccountFaults, GeminiFaults } from './faults.ts'

const account =
  (faults: (read: Reader) => AccountFaults) =>
  (read: Reader): GeminiFaults => ({ account: faults(read) })

/** Standing conditions of a project. */
export const geminiAccountScenarios: readonly Scenario<GeminiFaults>[] = [
  {
    name: 'enqueued-token-limit',
    parameters: { tokens: '2000000' },
    summary: 'At most so many prompt tokens may wait per model; a create beyond that is refused with 429 at once.',
    source: 'rate-limits page: batch enqueued tokens',
    faults: account((read) => ({ enqueuedTokensMax: read.number('tokens') })),
  },
  {
    name: 'quota-lag',
    parameters: { seconds: '3600', tokens: '2000000' },
    summary:
      'As enqueued-token-limit, and an ended, cancelled or deleted batch fills the queue for so many seconds more.',
    source: 'github.com/googleapis/python-genai issue 2495: for days',
    faults: (read) => ({
      account: { enqueuedTokensMax: read.number('tokens') },
      batch: { quotaReleaseLagSeconds: read.number('seconds') },
    }),
  },
  {
    name: 'concurrent-limit',
    parameters: { batches: '2' },
    summary: 'At most so many batches may be active; a create beyond that is refused with 429.',
    source: 'rate-limits page: 100 concurrent batch jobs',
    faults: account((read) => ({ concurrentMax: read.number('batches') })),
  },
  {
    name: 'storage-full',
    parameters: { bytes: '1000000' },
    summary: 'Files linger until they are deleted or expire, and an upload past so many bytes in all is refused.',
    source: 'files guide: 20 GB per project',
    faults: account((read) => ({ storageBytesMax: read.number('bytes') })),
  },
  {
    name: 'file-processing',
    parameters: { seconds: '5' },
    summary: 'An uploaded file is PROCESSING for so many seconds, and a create with it is refused until then.',
    source: 'files guide: poll until ACTIVE',
    faults: account((read) => ({ fileProcessingSeconds: read.number('seconds') })),
  },
  {
    name: 'file-failed',
    parameters: {},
    summary: 'An uploaded file ends as FAILED, and a create with it is refused.',
    faults: account(() => ({ fileFails: true })),
  },
  {
    name: 'missing-file-accepted',
    parameters: {},
    summary: 'A create that names a file out of reach is accepted, and the batch fails later.',
    faults: account(() => ({ missingFileAccepted: true })),
  },
  {
    name: 'models-retire',
    parameters: {},
    summary: 'From its announced shutdown date on a model is gone, or is silently answered by its replacement.',
    source: 'deprecations pages',
    faults: account(() => ({ retiresModels: true })),
  },
  {
    name: 'flex-full',
    parameters: { status: '503' },
    summary: 'Flex calls are refused with 503 (or 429) and are never served as standard instead.',
    source: 'flex guide: best effort, sheddable',
    faults: account((read) => ({ flexFull: read.text('status') === '429' ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE' })),
  },
  {
    name: 'flex-drought',
    parameters: { seconds: '3600' },
    summary: 'From the first flex call on, flex is full for so many seconds (or always): 503 UNAVAILABLE, not charged.',
    source: 'flex guide: best effort, sheddable',
    faults: account((read) => ({ flexDrought: lasting(read.count('seconds')) })),
  },
  {
    name: 'priority-downgraded',
    parameters: {},
    summary: 'Priority calls are served, and billed, as standard; only the header and the usage say so.',
    source: 'priority guide: graceful downgrade past the share',
    faults: account(() => ({ priorityDowngraded: true })),
  },
  {
    name: 'empty-pages',
    parameters: {},
    summary: 'Lists hold empty pages that lead on by a token.',
    source: 'API improvement proposal 158 allows it',
    faults: account(() => ({ emptyPages: true })),
  },
  {
    name: 'empty-page-token',
    parameters: {},
    summary:
      'The last page of a list has an empty nextPageToken: a client that only looks for its presence never ends.',
    source: 'github.com/googleapis/js-genai: the pager goes on while the field is there',
    faults: account(() => ({ emptyToken: true })),
  },
]
