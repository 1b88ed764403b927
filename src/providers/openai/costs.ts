import {
  ALL_COSTS,
  amountOf,
  type CostLine,
  type CostReport,
  dayAfter,
  dayIn,
  reportOf,
} from '../../domain/cost-report.ts'
import type { Tier } from '../../domain/usage.ts'
import { csvRecords, type Row } from '../../kit/csv-text.ts'
import type { Call, CostBook } from '../contract.ts'
import { at, numberAt, textAt } from '../file-lane/fields.ts'
import { bucketsIn, jsonOf } from '../report-pages.ts'
import { pages, usage } from './reports.ts'

const of = { vendors: ['openai'], zone: 'UTC' }

/** GET /organization/costs, and what the dashboard exports of it. Its days are UTC. */
export const costs: CostBook = {
  sells: of.vendors,
  adminKey: ['OPENAI_ADMIN_KEY'],
  file: 'OpenAI: the JSON of /v1/organization/costs grouped by line_item, or its CSV (start_time, amount_value, line_item)',
  read: (text) => {
    const json = jsonOf(text)
    return reportOf(json === undefined ? linesOfCsv(text) : linesOf(json), of)
  },
  live,
  usage,
}

async function live(call: Call, from: number): Promise<CostReport> {
  const first = dayIn('UTC', from)
  const query = new URLSearchParams({
    start_time: String(Date.parse(first) / 1000),
    bucket_width: '1d',
    limit: '180', // the most
    group_by: 'line_item',
  })
  const { 'OpenAI-Project': project } = call.headers
  if (project !== undefined) query.set('project_ids', project)
  const lines: Line[] = []
  for await (const page of pages(call, '/organization/costs', query)) lines.push(...linesOf(page))
  const to = dayAfter(dayIn('UTC', call.http.vendorNow(call.baseUrl)))
  return { decimals: 9, ...reportOf(lines, of), ...of, from: first, to, lines }
}

type Line = CostLine & { readonly decimals: number }

function linesOf(json: unknown): Line[] {
  return bucketsIn(json).flatMap((bucket) => {
    const start = numberAt(bucket, 'start_time')
    const results = at(bucket, 'results')
    if (start === undefined || !Array.isArray(results)) return []
    return results.flatMap((result: unknown) => {
      const amount = at(result, 'amount')
      const unit = textAt(result, 'quantity_unit') ?? 'tokens'
      const quantity = numberAt(result, 'quantity')
      return lineOf({
        day: dayIn('UTC', start * 1000),
        value: at(amount, 'value'),
        currency: textAt(amount, 'currency'),
        item: textAt(result, 'line_item'),
        tokens: quantity === undefined || unit !== 'tokens' ? null : quantity,
      })
    })
  })
}

function linesOfCsv(text: string): Line[] {
  const { columns, records } = csvRecords(text)
  if (!columns.includes('amount_value') || !columns.some((name) => name.startsWith('start_time'))) return []
  return records.flatMap((row) => {
    // A day without costs has a row of its own, without an amount.
    if ((row.get('amount_value') ?? '') === '') return []
    return lineOf({
      day: dayOfRow(row),
      value: row.get('amount_value'),
      currency: row.get('amount_currency') ?? null,
      item: row.get('line_item') || null,
      tokens: row.get('quantity') ? Number(row.get('quantity')) : null,
    })
  })
}

const dayOfRow = (row: Row): string =>
  row.get('start_time_iso')?.slice(0, 10) ?? dayIn('UTC', Number(row.get('start_time')) * 1000)

function lineOf(of: {
  readonly day: string
  readonly value: unknown
  readonly currency: string | null
  readonly item: string | null
  readonly tokens: number | null
}): Line[] {
  if (of.value === undefined) return []
  const amount = amountOf(of.value, of.currency)
  const { model, tier } = itemOf(of.item ?? '')
  return [{ vendor: 'openai', day: of.day, model, tier, tokens: of.tokens, text: of.item ?? ALL_COSTS, ...amount }]
}

/**
 * `gpt-5.4-mini-2026-03-05 batch, input`: a model, perhaps the tier, and the kind of token. No page says how a tier is
 * worded, so its word is looked for anywhere; and what is not one word with a digit in it is no model.
 */
function itemOf(item: string): { model: string | null; tier: Tier | null } {
  const tier = (/\b(batch|flex|priority)\b/i.exec(item)?.[1]?.toLowerCase() ?? null) as Tier | null
  const name = (item.split(', ')[0] as string).replace(/\b(batch|flex|priority)\b( api| tier| processing)?/gi, ' ')
  const word = name.replace(/[()|]/g, ' ').trim()
  return { tier, model: /^\S*\d\S*$/.test(word) ? word.replace(/^-|-$/g, '') : null }
}
