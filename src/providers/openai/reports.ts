import { SECOND } from '../../kit/clock.ts'
import type { Call, Reports, ReportWindow } from '../contract.ts'
import { reportPages } from '../report-pages.ts'

/** Longest page of hours, and of days. Source: developers.openai.com, "Usage" and "Costs", read 2026-11. */
const hoursMax = 168
const daysMax = 180

/** Embeddings are told apart by less: there is no tier and no batch among what they can be grouped by. */
const groupedBy = {
  completions: ['model', 'project_id', 'api_key_id', 'batch', 'service_tier'],
  embeddings: ['model', 'project_id', 'api_key_id'],
} as const

export const reports: Reports = {
  adminKey: ['OPENAI_ADMIN_KEY'],
  async *usage(call, window) {
    for (const kind of ['completions', 'embeddings'] as const) {
      const query: Pair[] = [
        ...spanOf(window),
        ['bucket_width', '1h'],
        ['limit', String(hoursMax)],
        ...groupedBy[kind].map((name): Pair => ['group_by', name]),
      ]
      yield* pages(call, `/organization/usage/${kind}`, query)
    }
  },
  async cost(call, window) {
    const query: Pair[] = [...spanOf(window), ['bucket_width', '1d'], ['limit', String(daysMax)]]
    let usd = 0
    for await (const page of pages(call, '/organization/costs', query))
      for (const { results = [] } of page.data ?? [])
        for (const { amount } of results) usd += Number(amount?.value ?? 0)
    return usd
  },
}

type Pair = [name: string, value: string]

const spanOf = ({ from, until }: ReportWindow): Pair[] => [
  ['start_time', String(Math.floor(from / SECOND))],
  ['end_time', String(Math.ceil(until / SECOND))],
]

interface Page {
  readonly data?: readonly {
    readonly results?: readonly { readonly amount?: { readonly value?: number | string } }[]
  }[]
}

const pages = (call: Call, path: string, query: readonly Pair[]) =>
  reportPages(call, {
    label: 'OpenAI',
    variable: 'OPENAI_ADMIN_KEY',
    headers: { authorization: `Bearer ${call.apiKey}`, ...call.headers },
    url: call.baseUrl + path,
    query: new URLSearchParams([...query]),
  }) as AsyncGenerator<Page>
