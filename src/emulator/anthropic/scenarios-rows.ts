import type { Reader, Scenario } from '../scenarios.ts'
import type { Twist } from './answer.ts'
import { internalError, overloaded, type Problem, rateLimited, timedOut, unfetchable } from './errors.ts'
import type { AnthropicFaults, RowFault } from './faults.ts'
import { hasUrlSource } from './media.ts'

const rows =
  (fault: RowFault) =>
  (read: Reader): AnthropicFaults => ({ rows: [{ share: read.number('share'), fault }] })

/** An error of the run itself; what is found wrong before has no request id. */
const failed = (problem: Problem): RowFault => ({ kind: 'errored', problem, requestId: 'request' })
const refused = (type: Problem['type'], message: string): RowFault => ({
  kind: 'errored',
  problem: { details: { error_visibility: 'user_facing' }, type, message },
  requestId: null,
})
const twisted = (twist: Twist) => rows({ kind: 'twist', twist })

const few = { share: '0.1', times: '1' }
const fewForEver = { share: '0.1', times: 'always' }
const badContent = refused('invalid_request_error', 'messages.0.content: Input should be a valid string')

/**
 * Troubles of single requests. `share` of them are struck, chosen by their params; `times` counts how often the same
 * params are struck before they go through, so a request that is sent again meets a better fate.
 */
export const rowScenarios: readonly Scenario<AnthropicFaults>[] = [
  {
    name: 'rows-429',
    parameters: few,
    summary: 'Requests are errored with rate_limit_error.',
    faults: rows(failed(rateLimited)),
  },
  {
    name: 'rows-500',
    parameters: few,
    summary: 'Requests are errored with api_error.',
    faults: rows(failed(internalError)),
  },
  {
    name: 'rows-503',
    parameters: few,
    summary: 'Requests are errored with overloaded_error.',
    faults: rows(failed(overloaded)),
  },
  {
    name: 'rows-504',
    parameters: few,
    summary: 'Requests are errored with timeout_error.',
    faults: rows(failed(timedOut)),
  },
  {
    name: 'rows-400',
    parameters: fewForEver,
    summary: 'Requests are errored with invalid_request_error, however often they are sent.',
    faults: rows(badContent),
  },
  {
    name: 'rows-too-long',
    parameters: fewForEver,
    summary: 'Requests are errored because their prompt is too long.',
    faults: rows(refused('invalid_request_error', 'prompt is too long: 1000412 tokens > 1000000 maximum')),
  },
  {
    name: 'rows-404',
    parameters: fewForEver,
    summary: 'Requests are errored with not_found_error: the model is not there for them.',
    faults: rows(refused('not_found_error', 'model: claude-does-not-exist-9')),
  },
  {
    name: 'rows-unhelpful',
    parameters: fewForEver,
    summary: 'Requests over a limit are errored with words that do not say so.',
    source: 'github.com/anthropics/anthropic-sdk-python issue 899',
    faults: rows(refused('invalid_request_error', 'An error occurred while processing your request.')),
  },
  {
    name: 'rows-mix',
    parameters: { share: '0.05', times: '1' },
    summary: 'So many of the requests each are errored with 429, 500 and 529 (once), and with 400 (always).',
    faults: (read) => {
      const share = read.number('share')
      const passing = [rateLimited, internalError, overloaded].map((problem) => ({ share, fault: failed(problem) }))
      return { rows: [...passing, { share, fault: badContent, times: Number.POSITIVE_INFINITY }] }
    },
  },
  {
    name: 'all-failed',
    parameters: { times: '1' },
    summary: 'Every request is errored, and the batch ends like any other, with results.',
    faults: () => ({ rows: [{ share: 1, fault: failed(internalError) }] }),
  },
  {
    name: 'urls-blocked',
    parameters: { share: '1', times: 'always' },
    summary: 'Requests with an image or document behind a URL are errored: the host does not let the vendor fetch it.',
    source: 'captures of September 2026',
    faults: (read) => ({
      rows: [
        {
          share: read.number('share'),
          concerns: hasUrlSource,
          fault: {
            kind: 'errored',
            problem: { details: { error_visibility: 'user_facing' }, ...unfetchable },
            requestId: 'worker',
          },
        },
      ],
    }),
  },
  {
    name: 'rows-missing',
    parameters: few,
    summary: 'Requests have no line in the results; they are counted as errored and not billed.',
    faults: rows({ kind: 'missing', billed: false }),
  },
  {
    name: 'rows-lost',
    parameters: few,
    summary: 'Requests have no line in the results; they are counted as succeeded and billed.',
    faults: rows({ kind: 'missing', billed: true }),
  },
  {
    name: 'rows-twice',
    parameters: few,
    summary: 'Lines stand twice in the results; they are billed once.',
    faults: rows({ kind: 'twice' }),
  },
  {
    name: 'rows-strangers',
    parameters: few,
    summary: 'The results hold lines with ids that were never sent.',
    faults: rows({ kind: 'stranger' }),
  },
  {
    name: 'rows-null-id',
    parameters: few,
    summary: 'Lines have custom_id null: nobody can tell whose answer it is. They are billed.',
    faults: rows({ kind: 'null-id' }),
  },
  {
    name: 'rows-null-result',
    parameters: few,
    summary: 'Lines have result null; they are counted as errored and not billed.',
    faults: rows({ kind: 'null-result' }),
  },
  {
    name: 'rows-unknown-type',
    parameters: few,
    summary: 'Lines have a result of a type that no page knows; they are counted as errored and not billed.',
    faults: rows({ kind: 'unknown-type' }),
  },
  {
    name: 'rows-blank-line',
    parameters: few,
    summary: 'Blank lines stand among the results, at which the official client throws.',
    faults: rows({ kind: 'blank-line' }),
  },
  {
    name: 'rows-sparse',
    parameters: fewForEver,
    summary: 'Messages lack container, stop_details, citations and details of the usage, as seen on the wire.',
    source: 'captures of September 2026',
    faults: rows({ kind: 'sparse' }),
  },
  {
    name: 'rows-cut',
    parameters: few,
    summary: 'Answers are cut off with max_tokens, and billed.',
    faults: twisted('length'),
  },
  {
    name: 'rows-context-window',
    parameters: few,
    summary: 'Answers are cut off with model_context_window_exceeded, and billed.',
    faults: twisted('context-window'),
  },
  {
    name: 'rows-thinking-only',
    parameters: few,
    summary: 'Answers hold thinking and nothing else: max_tokens went into it. They are billed.',
    source: 'captures of September 2026: Opus 5 with a tiny max_tokens',
    faults: twisted('thinking-only'),
  },
  {
    name: 'rows-pause',
    parameters: few,
    summary: 'Turns are paused (pause_turn): succeeded, billed and unfinished.',
    source: 'batch guide, server tools',
    faults: twisted('pause-turn'),
  },
  {
    name: 'rows-refusal',
    parameters: fewForEver,
    summary: 'The model refuses: a success with stop_reason refusal and no content.',
    faults: twisted('refusal'),
  },
  {
    name: 'rows-invalid-json',
    parameters: few,
    summary: 'Structured answers break off in the middle of their JSON, with end_turn.',
    faults: twisted('broken-json'),
  },
  {
    name: 'rows-off-schema',
    parameters: few,
    summary: 'Structured answers are JSON that does not conform to the schema.',
    faults: twisted('off-schema'),
  },
  {
    name: 'rows-empty',
    parameters: few,
    summary: 'Answers are empty, with end_turn.',
    faults: twisted('empty'),
  },
  {
    name: 'huge-output',
    parameters: { bytes: '20000', share: '1', times: 'always' },
    summary: 'Every answer has so many bytes: results that must never be held in memory.',
    faults: (read) => twisted({ padBytes: read.number('bytes') })(read),
  },
]
