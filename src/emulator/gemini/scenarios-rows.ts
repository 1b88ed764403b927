import type { Reader, Scenario } from '../scenarios.ts'
import type { RowRule } from '../switchboard.ts'
import { deadline, exhausted, internal, invalidArgument, overloaded, type Problem, problem } from './errors.ts'
import type { FailureForm, GeminiTwist, RowFault } from './faults.ts'

/** What a trouble of lines changes, whichever door of the vendor they came in by. */
interface RowFaults {
  readonly rows: readonly RowRule<RowFault>[]
}

const rows =
  (fault: (read: Reader) => RowFault) =>
  (read: Reader): RowFaults => ({
    rows: [{ share: read.number('share'), fault: fault(read) }],
  })
const failed = (reason: Problem, form: FailureForm = 'error') => rows(() => ({ kind: 'error', problem: reason, form }))
const twisted = (twist: GeminiTwist) => rows(() => ({ kind: 'twist', twist }))

const few = { share: '0.1', times: '1' }
const fewForEver = { share: '0.1', times: 'always' }

const tooLong = invalidArgument(
  'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).',
)

/**
 * Troubles of single lines. `share` of the lines are struck, chosen by their bodies; `times` counts how often one and
 * the same body is struck before it goes through, so a request that is sent again meets a better fate.
 */
export const googleRowScenarios: readonly Scenario<RowFaults>[] = [
  {
    name: 'rows-429',
    parameters: few,
    summary: 'Lines fail with RESOURCE_EXHAUSTED inside a batch that succeeded.',
    faults: failed(exhausted()),
  },
  {
    name: 'rows-500',
    parameters: few,
    summary: 'Lines fail with INTERNAL.',
    faults: failed(internal()),
  },
  {
    name: 'rows-503',
    parameters: few,
    summary: 'Lines fail with UNAVAILABLE.',
    faults: failed(overloaded()),
  },
  {
    name: 'rows-504',
    parameters: few,
    summary: 'Lines fail with DEADLINE_EXCEEDED.',
    faults: failed(deadline()),
  },
  {
    name: 'rows-400',
    parameters: fewForEver,
    summary: 'Lines fail with INVALID_ARGUMENT, however often they are sent.',
    faults: failed(invalidArgument()),
  },
  {
    name: 'rows-too-long',
    parameters: fewForEver,
    summary: 'Lines fail because their prompt has more tokens than the model takes.',
    faults: failed(tooLong),
  },
  {
    name: 'rows-403',
    parameters: fewForEver,
    summary: 'Lines fail with PERMISSION_DENIED.',
    faults: failed(problem('PERMISSION_DENIED', 'The caller does not have permission')),
  },
  {
    name: 'rows-mix',
    parameters: { share: '0.05', times: '1' },
    summary:
      'So many of the lines each fail with RESOURCE_EXHAUSTED, INTERNAL, DEADLINE_EXCEEDED (once), and INVALID_ARGUMENT (always).',
    faults: (read) => {
      const share = read.number('share')
      return {
        rows: [
          { share, fault: { kind: 'error', problem: exhausted() } },
          { share, fault: { kind: 'error', problem: internal() } },
          { share, fault: { kind: 'error', problem: deadline() } },
          { share, fault: { kind: 'error', problem: invalidArgument() }, times: Number.POSITIVE_INFINITY },
        ],
      }
    },
  },
  {
    name: 'all-failed',
    parameters: { times: '1' },
    summary: 'Every line fails, and the batch has succeeded.',
    source: 'batch guide: check failedRequestCount even when a job succeeded',
    faults: () => ({ rows: [{ share: 1, fault: { kind: 'error', problem: internal() } }] }),
  },
  {
    name: 'rows-missing',
    parameters: few,
    summary: 'Lines are in no row and in no count but the total.',
    faults: rows(() => ({ kind: 'missing' })),
  },
  {
    name: 'rows-twice',
    parameters: few,
    summary: 'Rows stand twice in the result; they are billed once.',
    faults: rows(() => ({ kind: 'twice' })),
  },
  {
    name: 'rows-strangers',
    parameters: few,
    summary: 'The result holds rows with keys that were never sent.',
    faults: rows(() => ({ kind: 'stranger' })),
  },
  {
    name: 'rows-keyless',
    parameters: few,
    summary: 'Rows come back without their key: nobody can tell whose answer it is. They are billed.',
    source: 'github.com/googleapis/js-genai issue 1191; python-genai issues 1886 and 2008',
    faults: rows(() => ({ kind: 'keyless' })),
  },
  {
    name: 'rows-cut',
    parameters: few,
    summary: 'Answers are cut off with finishReason MAX_TOKENS, and billed.',
    source: 'discuss.ai.google.dev thread 140889: more often than in interactive calls',
    faults: twisted('length'),
  },
  {
    name: 'rows-safety',
    parameters: fewForEver,
    summary: 'Answers are withheld with finishReason SAFETY.',
    faults: twisted('safety'),
  },
  {
    name: 'rows-recitation',
    parameters: fewForEver,
    summary: 'Answers are withheld with finishReason RECITATION.',
    faults: twisted('recitation'),
  },
  {
    name: 'rows-blocked',
    parameters: fewForEver,
    summary: 'Prompts are blocked: a response with no candidate at all, and with the prompt to pay.',
    faults: twisted('blocked'),
  },
  {
    name: 'rows-invalid-json',
    parameters: few,
    summary: 'Structured answers break off in the middle of their JSON, with finishReason STOP.',
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
    summary: 'Answers are empty, with finishReason STOP.',
    faults: twisted('empty'),
  },
  {
    name: 'huge-output',
    parameters: { bytes: '20000', share: '1', times: 'always' },
    summary: 'Every answer has so many bytes: results that must never be held in memory.',
    faults: rows((read) => ({ kind: 'twist', twist: { padBytes: read.number('bytes') } })),
  },
]

/** Ways of the Developer API alone to write a row. */
export const geminiRowForms: readonly Scenario<RowFaults>[] = [
  {
    name: 'rows-status-form',
    parameters: few,
    summary: 'Failed lines say so in `status` instead of `error`.',
    source: 'batch guide: "a GenerateContentResponse or a status object"; one client reads `status`',
    faults: failed(internal(), 'status'),
  },
  {
    name: 'rows-empty-response',
    parameters: few,
    summary: 'Failed lines have an empty response and no error at all.',
    faults: failed(internal(), 'empty'),
  },
  {
    name: 'rows-http-code',
    parameters: few,
    summary: 'Errors of lines carry the HTTP number (500) instead of the code of the schema (13).',
    faults: failed(internal(), 'http-code'),
  },
  {
    name: 'rows-schema-ignored',
    parameters: { share: '1', times: 'always' },
    summary: 'In a batch responseJsonSchema is not honoured; responseSchema is.',
    source: 'github.com/crmne/ruby_llm issue 894',
    faults: twisted('schema-ignored'),
  },
]
