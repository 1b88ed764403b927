import type { Call, ReportWindow } from '../contract.ts'
import { reportPages } from '../report-pages.ts'
import { version } from './limits.ts'

/** Longest page of hours. Source: platform.claude.com, "Get Messages Usage Report", read 2026-11. */
const hoursMax = 168

const groupedBy = ['model', 'workspace_id', 'api_key_id', 'service_tier', 'context_window', 'inference_geo']

export function usage(call: Call, { from, until }: ReportWindow): AsyncGenerator<unknown> {
  const query = new URLSearchParams({
    starting_at: new Date(from).toISOString(),
    ending_at: new Date(until).toISOString(),
    bucket_width: '1h',
    limit: String(hoursMax),
  })
  for (const name of groupedBy) query.append('group_by[]', name)
  return pages(call, '/v1/organizations/usage_report/messages', query)
}

/** A report of the organization; `apiKey` of the call is an admin key. */
export const pages = (call: Call, path: string, query: URLSearchParams): AsyncGenerator<unknown> =>
  reportPages(call, {
    label: 'Anthropic',
    variable: 'ANTHROPIC_ADMIN_KEY',
    headers: { 'x-api-key': call.apiKey, 'anthropic-version': version },
    url: call.baseUrl + path,
    query,
  })
