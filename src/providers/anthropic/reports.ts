import { DAY } from '../../kit/clock.ts'
import type { Call, Reports, ReportWindow } from '../contract.ts'
import { reportPages } from '../report-pages.ts'
import { version } from './limits.ts'

/** Longest page of hours, and of days. Source: platform.claude.com, "Get Messages Usage Report", read 2026-11. */
const hoursMax = 168
const daysMax = 31

const groupedBy = ['model', 'workspace_id', 'api_key_id', 'service_tier', 'context_window', 'inference_geo']

export const reports: Reports = {
  adminKey: ['ANTHROPIC_ADMIN_KEY', 'ANTHROPIC_ADMIN_API_KEY'],
  usage: (call, window) =>
    pages(call, '/v1/organizations/usage_report/messages', [
      ...spanOf(window),
      ['bucket_width', '1h'],
      ['limit', String(hoursMax)],
      ...groupedBy.map((name): Pair => ['group_by[]', name]),
    ]),
  async cost(call, window) {
    let usd = 0
    // Amounts are in cents, as decimal texts.
    // Only days that end within the window are told, and today has not ended.
    const days = { from: window.from, until: Math.ceil(window.until / DAY) * DAY }
    for await (const page of pages(call, '/v1/organizations/cost_report', [
      ...spanOf(days),
      ['bucket_width', '1d'],
      ['limit', String(daysMax)],
    ]))
      for (const { results = [] } of page.data ?? []) for (const { amount } of results) usd += Number(amount ?? 0) / 100
    return usd
  },
}

type Pair = [name: string, value: string]

const spanOf = ({ from, until }: ReportWindow): Pair[] => [
  ['starting_at', new Date(from).toISOString()],
  ['ending_at', new Date(until).toISOString()],
]

interface Page {
  readonly data?: readonly { readonly results?: readonly { readonly amount?: string }[] }[]
}

const pages = (call: Call, path: string, query: readonly Pair[]) =>
  reportPages(call, {
    label: 'Anthropic',
    variable: 'ANTHROPIC_ADMIN_KEY',
    headers: { 'x-api-key': call.apiKey, 'anthropic-version': version },
    url: call.baseUrl + path,
    query: new URLSearchParams([...query]),
  }) as AsyncGenerator<Page>
