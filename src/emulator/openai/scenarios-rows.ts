import type { Reader, Scenario } from '../scenarios.ts'
import { envelope, invalid, overloaded, rateLimited, serverError } from './errors.ts'
import type { OpenAiFaults, RowFault } from './faults.ts'

const rows =
  (fault: (read: Reader) => RowFault) =>
  (read: Reader): OpenAiFaults => ({
    rows: [{ share: read.number('share'), fault: fault(read) }],
  })
const http = (error: ReturnType<typeof invalid>): RowFault => ({ kind: 'http', error })

const few = { share: '0.1', times: '1' }
const fewForEver = { share: '0.1', times: 'always' }

const tooManyRequests = rateLimited('Requests per limit rate limit exceeded in Batch API.', 1)
const badContent = invalid("Invalid value for 'content': expected a string, got null.", 'messages', 'invalid_value')

/**
 * Troubles of single lines. `share` of the lines are struck, chosen by their bodies; `times` counts how often one and
 * the same body is struck before it goes through, so a request that is sent again meets a better fate.
 */
export const rowScenarios: readonly Scenario<OpenAiFaults>[] = [
  {
    name: 'rows-429',
    parameters: few,
    summary: 'Lines fail with 429 inside a completed batch.',
    source: 'community.openai.com, tag batch: "Requests per limit rate limit exceeded in Batch API"',
    faults: rows(() => http(tooManyRequests)),
  },
  {
    name: 'rows-500',
    parameters: few,
    summary: 'Lines fail with 500. The failure is in response.status_code; the top-level error is null.',
    source: 'github.com/openai/openai-openapi issue 302',
    faults: rows(() => http(serverError())),
  },
  { name: 'rows-503', parameters: few, summary: 'Lines fail with 503.', faults: rows(() => http(overloaded())) },
  {
    name: 'rows-504',
    parameters: few,
    summary: 'Lines fail with 504 and are not billed.',
    source: 'community.openai.com thread 1385608',
    faults: rows(() => http(envelope(504, 'server_error', 'The server took too long to respond.'))),
  },
  {
    name: 'rows-timeout',
    parameters: few,
    summary: 'Lines have the error request_timeout and no response.',
    faults: rows(() => ({
      kind: 'error',
      code: 'request_timeout',
      message: 'The underlying call to the model timed out.',
    })),
  },
  {
    name: 'rows-400',
    parameters: fewForEver,
    summary: 'Lines fail with 400, however often they are sent.',
    source: 'github.com/openai/openai-openapi issue 302',
    faults: rows(() => http(badContent)),
  },
  {
    name: 'rows-too-long',
    parameters: fewForEver,
    summary: 'Lines fail with 400 context_length_exceeded.',
    faults: rows(() =>
      http(
        invalid(
          "This model's maximum context length is 128000 tokens. Please reduce the length of the messages.",
          'messages',
          'context_length_exceeded',
        ),
      ),
    ),
  },
  {
    name: 'rows-404',
    parameters: fewForEver,
    summary: 'Lines fail with 404 model_not_found.',
    faults: rows(() =>
      http(
        envelope(
          404,
          'invalid_request_error',
          'The model does not exist or you do not have access to it.',
          null,
          'model_not_found',
        ),
      ),
    ),
  },
  {
    name: 'rows-mix',
    parameters: { share: '0.05', times: '1' },
    summary: 'So many of the lines each fail with 429, with 500, with a time-out (once), and with 400 (always).',
    source: 'github.com/jxnl/instructor issue 2657: both files have to be read',
    faults: (read) => {
      const share = read.number('share')
      return {
        rows: [
          { share, fault: http(tooManyRequests) },
          { share, fault: http(serverError()) },
          {
            share,
            fault: { kind: 'error', code: 'request_timeout', message: 'The underlying call to the model timed out.' },
          },
          { share, fault: http(badContent), times: Number.POSITIVE_INFINITY },
        ],
      }
    },
  },
  {
    name: 'all-failed',
    parameters: { times: '1' },
    summary: 'Every line fails with 500, and the batch is completed, with output_file_id null.',
    source: 'github.com/BerriAI/litellm issue 33987, github.com/ProjectTech4DevAI/kaapi-backend issue 723',
    faults: () => ({ rows: [{ share: 1, fault: http(serverError()) }] }),
  },
  {
    name: 'rows-status-0',
    parameters: few,
    summary: 'Lines have status_code 0 and no body, and are counted neither as completed nor as failed.',
    source: 'community.openai.com, tag batch, November 2025',
    faults: rows(() => ({ kind: 'status-0' })),
  },
  {
    name: 'rows-missing',
    parameters: few,
    summary: 'Lines are in neither file and in no count but the total.',
    source: 'community.openai.com, tag batch: "Inconsistent Number of Entries in JSONL"',
    faults: rows(() => ({ kind: 'missing' })),
  },
  {
    name: 'rows-twice',
    parameters: few,
    summary: 'Rows stand twice in the output file; they are billed once.',
    source: 'community.openai.com, tag batch: "shows more requests than expected"',
    faults: rows(() => ({ kind: 'twice' })),
  },
  {
    name: 'rows-strangers',
    parameters: few,
    summary: 'The output file holds rows with ids that were never sent.',
    faults: rows(() => ({ kind: 'stranger' })),
  },
  {
    name: 'rows-null-id',
    parameters: few,
    summary: 'Rows have custom_id null: nobody can tell whose answer it is. They are billed.',
    source: 'community.openai.com thread 718416',
    faults: rows(() => ({ kind: 'null-id' })),
  },
  {
    name: 'rows-cut',
    parameters: few,
    summary: 'Answers are cut off with finish_reason length (Responses: incomplete), and billed.',
    faults: rows(() => ({ kind: 'twist', twist: 'length' })),
  },
  {
    name: 'rows-content-filter',
    parameters: fewForEver,
    summary: 'Answers are withheld with finish_reason content_filter.',
    faults: rows(() => ({ kind: 'twist', twist: 'content-filter' })),
  },
  {
    name: 'rows-refusal',
    parameters: fewForEver,
    summary: 'The model refuses: a 200 with a refusal instead of content.',
    faults: rows(() => ({ kind: 'twist', twist: 'refusal' })),
  },
  {
    name: 'rows-invalid-json',
    parameters: few,
    summary: 'Structured answers break off in the middle of their JSON, with finish_reason stop.',
    faults: rows(() => ({ kind: 'twist', twist: 'broken-json' })),
  },
  {
    name: 'rows-off-schema',
    parameters: few,
    summary: 'Structured answers are JSON that does not conform to the schema.',
    faults: rows(() => ({ kind: 'twist', twist: 'off-schema' })),
  },
  {
    name: 'rows-empty',
    parameters: few,
    summary: 'Answers are empty, with finish_reason stop.',
    faults: rows(() => ({ kind: 'twist', twist: 'empty' })),
  },
  {
    name: 'huge-output',
    parameters: { bytes: '20000', share: '1', times: 'always' },
    summary: 'Every answer has so many bytes: result files that must never be held in memory.',
    source: 'community.openai.com thread 718416: outputs of several GB',
    faults: rows((read) => ({ kind: 'twist', twist: { padBytes: read.number('bytes') } })),
  },
  {
    name: 'web-search-unsupported',
    parameters: { times: 'always' },
    summary: 'Lines that use web search fail with 400: the model card says more than the batch lane does.',
    source: 'community.openai.com, tags batch and batch-api',
    faults: () => ({
      rows: [
        {
          share: 1,
          concerns: (bodyText) => bodyText.includes('"web_search'),
          fault: http(invalid('Web search is not supported in the Batch API.', 'tools')),
        },
      ],
    }),
  },
]
