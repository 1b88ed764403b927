import {
  ALL_COSTS,
  amountOf,
  type CostLine,
  type CostReport,
  dayAfter,
  dayIn,
  reportOf,
  SEARCHES,
} from '../../domain/cost-report.ts'
import type { Tier } from '../../domain/usage.ts'
import { csvRecords } from '../../kit/csv-text.ts'
import type { Call, CostBook } from '../contract.ts'
import { bucketsIn, jsonOf } from '../report-pages.ts'
import { pages, usage } from './reports.ts'

const of = { vendors: ['anthropic'], zone: 'UTC' }

/**
 * GET /v1/organizations/cost_report, and the CSV of the console's cost page. Days are UTC. The report counts in cents,
 * as decimal text; the CSV in dollars. Committed spend (their priority tier) is in neither.
 */
export const costs: CostBook = {
  sells: of.vendors,
  adminKey: ['ANTHROPIC_ADMIN_KEY', 'ANTHROPIC_ADMIN_API_KEY'],
  file: 'Anthropic: the JSON of /v1/organizations/cost_report grouped by description, or the cost page’s CSV (usage_date_utc, model, cost_usd)',
  read: (text) => {
    const json = jsonOf(text)
    return reportOf(json === undefined ? linesOfCsv(text) : linesOf(json), of)
  },
  live,
  usage,
}

async function live(call: Call, from: number): Promise<CostReport> {
  const first = dayIn('UTC', from)
  const to = dayAfter(dayIn('UTC', call.http.vendorNow(call.baseUrl)))
  const query = new URLSearchParams({
    starting_at: `${first}T00:00:00Z`,
    ending_at: `${to}T00:00:00Z`, // only days that end by then are told
    bucket_width: '1d',
    limit: '31', // the most
    'group_by[]': 'description',
  })
  const lines: Line[] = []
  for await (const page of pages(call, '/v1/organizations/cost_report', query)) lines.push(...linesOf(page))
  return { decimals: 9, ...reportOf(lines, of), ...of, from: first, to, lines }
}

type Line = CostLine & { readonly decimals: number }

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

function linesOf(json: unknown): Line[] {
  return bucketsIn(json).flatMap(({ starting_at: start, results }) => {
    const day = text(start)?.slice(0, 10)
    if (day === undefined || !Array.isArray(results)) return []
    return results.flatMap((result: Readonly<Record<string, unknown>>): Line[] => {
      const amount = amountOf(result['amount'], text(result['currency']), 2)
      const searches = result['cost_type'] === 'web_search'
      return [
        {
          vendor: 'anthropic',
          day,
          model: searches ? SEARCHES : text(result['model']),
          tier: searches ? null : tierOf(text(result['service_tier'])),
          tokens: null,
          text: text(result['description']) ?? ALL_COSTS,
          ...amount,
        },
      ]
    })
  })
}

const tierOf = (word: string | null): Tier | null => (word === 'batch' || word === 'standard' ? word : null)

function linesOfCsv(file: string): Line[] {
  const { columns, records } = csvRecords(file)
  if (!columns.includes('usage_date_utc') || !columns.includes('cost_usd')) return []
  return records.flatMap((row): Line[] => {
    const day = (row.get('usage_date_utc') ?? '').slice(0, 10)
    if (day === '') return []
    const amount = amountOf(row.get('cost_usd'), 'USD')
    const searches = /search/i.test(`${row.get('cost_type')} ${row.get('token_type')}`)
    const model = row.get('model') ?? ''
    return [
      {
        vendor: 'anthropic',
        day,
        model: searches ? SEARCHES : nameOf(model),
        tier: searches ? null : /batch/i.test(row.get('usage_type') ?? '') ? 'batch' : 'standard',
        tokens: null,
        text: [model, row.get('usage_type'), row.get('token_type')].filter(Boolean).join(', '),
        ...amount,
      },
    ]
  })
}

/** The page names models as people do: `Claude Haiku 4.5`. */
function nameOf(model: string): string | null {
  if (!/^claude[ -]/i.test(model)) return null
  return model.trim().toLowerCase().replace(/[ .]/g, '-')
}
