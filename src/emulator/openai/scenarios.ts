import type { Scenario } from '../scenarios.ts'
import { serverError } from './errors.ts'
import type { OpenAiFaults } from './faults.ts'
import { accountScenarios } from './scenarios-account.ts'
import { batchScenarios } from './scenarios-batch.ts'
import { rowScenarios } from './scenarios-rows.ts'
import { syncScenarios } from './scenarios-sync.ts'
import { openAiWireScenarios } from './scenarios-wire.ts'

/** Several troubles at once, as they come in life. */
const combined: readonly Scenario<OpenAiFaults>[] = [
  {
    name: 'incident-885',
    parameters: { times: '1' },
    summary:
      'A real incident. Of 885 lines the submission reports 885 total, 758 completed, 97 failed; its files hold 758 and 97 rows, 30 are in neither; the console counts 1,838. Other sizes in proportion.',
    source: 'a report by a user, with the figures of the submission, the files and the console side by side',
    faults: () => ({
      batch: {
        consoleFactor: 1838 / 885,
        byLine(line) {
          if (isEvery(line, 97, 885)) return { kind: 'http', error: badRequest }
          // Counted over the lines that are left, so that both figures come out exactly.
          const left = line - Math.floor((line * 97) / 885)
          return isEvery(left, 30, 788) ? { kind: 'missing' } : undefined
        },
      },
    }),
  },
  {
    name: 'bad-night',
    parameters: {},
    summary:
      'Together: 400 on a create within 2 s of its upload, counts that stay zero until the end, empty-string file ids, a cancel lag of 10 minutes, and 5% of the lines failing once with 500.',
    source: 'the sum of the reports behind the other scenarios',
    faults: () => ({
      wire: [{ on: ['create'], act: { kind: 'fresh-file', seconds: 2 } }],
      batch: { counts: 'zero-until-end', emptyStringIds: true, cancelLagSeconds: 600 },
      rows: [{ share: 0.05, times: 1, fault: { kind: 'http', error: serverError() } }],
    }),
  },
]

const badRequest = {
  status: 400,
  body: {
    error: {
      message: "Invalid value for 'content': expected a string, got null.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'invalid_value',
    },
  },
}

/** Whether the count of `share` in `of` goes up at this position: spread evenly, and exact at `of`. */
function isEvery(position: number, share: number, of: number): boolean {
  return Math.floor((position * share) / of) > Math.floor(((position - 1) * share) / of)
}

export const openAiScenarios: readonly Scenario<OpenAiFaults>[] = [
  ...openAiWireScenarios,
  ...batchScenarios,
  ...rowScenarios,
  ...accountScenarios,
  ...syncScenarios,
  ...combined,
]
