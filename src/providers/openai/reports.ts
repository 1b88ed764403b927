import { SECOND } from '../../kit/clock.ts'
import type { Call, ReportWindow } from '../contract.ts'
import { reportPages } from '../report-pages.ts'

/** Longest page of hours. Source: developers.openai.com, "Usage", read 2026-11. */
const hoursMax = 168

/** Embeddings are told apart by less: there is no tier and no batch among what they can be grouped by. */
const groupedBy = {
  completions: ['model', 'project_id', 'api_key_id', 'batch', 'service_tier'],
  embeddings: ['model', 'project_id', 'api_key_id'],
} as const

export async function* usage(call: Call, { from, until }: ReportWindow): AsyncGenerator<unknown> {
  for (const kind of ['completions', 'embeddings'] as const) {
    const query = new URLSearchParams({
      start_time: String(Math.floor(from / SECOND)),
      end_time: String(Math.ceil(until / SECOND)),
      bucket_width: '1h',
      limit: String(hoursMax),
    })
    for (const name of groupedBy[kind]) query.append('group_by', name)
    yield* pages(call, `/organization/usage/${kind}`, query)
  }
}

/** A report of the organization; `apiKey` of the call is an admin key. */
export const pages = (call: Call, path: string, query: URLSearchParams): AsyncGenerator<unknown> =>
  reportPages(call, {
    label: 'OpenAI',
    variable: 'OPENAI_ADMIN_KEY',
    headers: { authorization: `Bearer ${call.apiKey}` },
    url: call.baseUrl + path,
    query,
  })
