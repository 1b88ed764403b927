import { linesOf } from '../../delivery/line-window.ts'
import { codeOf } from '../../delivery/request-lines.ts'
import { answerOf } from '../../delivery/translate-line.ts'
import { errorOf, responseBody } from '../../delivery/vendor-line.ts'
import { ResultWalk } from '../../delivery/windows.ts'
import { noAnswer } from '../../dialects/contract.ts'
import { dialectOf } from '../../dialects/dialect-of.ts'
import { faultOf, outcomes, reasons } from '../../domain/outcome.ts'
import { decodeString } from '../../kit/json-scan.ts'
import type { JobRow } from '../../stores/contract.ts'
import { answerValue } from '../../tables/answer-value.ts'
import { decodeRow } from '../../tables/row.ts'
import { answerSchema } from '../../tables/schema.ts'
import { flownOf } from '../harvest/flown.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { type RoutedManifest, translationOf } from '../rows/routing.ts'
import { byRoute } from './deliver.ts'

export interface ResultItem {
  readonly index: number
  readonly id: string
  readonly outcome: number
  readonly answer: unknown
  readonly error: string | null
  readonly row: Readonly<Record<string, unknown>> | null
  readonly response: unknown
}

/** Each request with its answer, in input order, a window at a time. */
export async function* resultItems(ports: Ports, job: JobRow): AsyncGenerator<ResultItem> {
  const manifest = job.input as RoutedManifest
  const { table } = job.options as JobOptions
  const schema = table?.schema == null ? undefined : answerSchema(table.schema)
  const flown = await flownOf(ports, job.id)
  const walk = new ResultWalk(ports.blobs, manifest, flown)
  const dialects = manifest.groups.map(({ endpoint }) => dialectOf(endpoint))
  const translationFor = byRoute(manifest, flown, (routed, group) => translationOf(routed, job, group))
  try {
    for await (const window of walk.lines()) {
      for (let at = 0; at < window.count; at++) {
        const start = window.at[at] as number
        const end = start + (window.length[at] as number)
        const index = window.first + at
        const reason = reasons[window.reason[at] as number]?.name ?? 'none'
        const carryAt = window.carryAt[at] as number
        const carry = window.carry.subarray(carryAt, carryAt + (window.carryLength[at] as number))
        const succeeded = outcomes[window.outcome[at] as number] === 'succeeded'
        const translation = translationFor(window.group[at] as number, window.winner[at] as number)
        const lines = end > start ? linesOf(window, at) : []
        const said = lines.map((line) => responseBody(line.bytes, line.start, line.end))
        const options = { upstreamId: `${job.id}-${index}`, base64: window.base64[at] === 1 }
        const response =
          said[0] !== undefined && succeeded && translation ? answerOf(translation, said, options).body : said[0]
        const { text, refusal } = succeeded
          ? (dialects[window.group[at] as number]?.answerText(response) ?? noAnswer)
          : noAnswer
        yield {
          index,
          id: manifest.kind === 'table' ? String(index) : decodeString(carry, 1, carry.length - 1),
          outcome: window.outcome[at] as number,
          answer: text === null ? null : answerValue(text, schema),
          error: succeeded
            ? reason === 'none'
              ? refusal
              : faultOf(window.reason[at] as number)
            : end > start
              ? errorOf(window.bytes, start, end)
              : codeOf(reason),
          row: manifest.kind === 'table' ? rowOf(manifest.columns ?? [], carry) : null,
          response: response ?? null,
        }
      }
    }
  } finally {
    await walk.close()
  }
}

function rowOf(columns: readonly string[], carry: Uint8Array): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [at, cell] of decodeRow(carry).entries())
    if (cell !== '') row[columns[at] as string] = JSON.parse(cell) as unknown
  return row
}
