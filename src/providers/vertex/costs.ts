import { amountOf, type CostLine, dayIn, reportOf } from '../../domain/cost-report.ts'
import type { Tier } from '../../domain/usage.ts'
import { csvRecords, type Row } from '../../kit/csv-text.ts'
import type { CostBook } from '../contract.ts'

const sells = ['gemini', 'vertex']

/**
 * Google Cloud bills both of its vendors, this and the Gemini API, and has no cost report to ask: only what is exported,
 * the CSV of a billing report by day and SKU, or rows of the BigQuery export as CSV. The report's days are Pacific, its
 * last rows sums without a date.
 */
export const costs: CostBook = {
  sells,
  adminKey: [],
  file: 'Google Cloud: the CSV of a billing report by day and SKU (Date, Service description, SKU description, Unrounded subtotal), or of the BigQuery export (usage_start_time, service.description, sku.description, cost)',
  read: (text) => {
    const { columns, records } = csvRecords(text)
    const names = new Map(columns.map((name) => [plain(name), name]))
    const has = (...wanted: string[]) => wanted.map((name) => names.get(name)).find((name) => name !== undefined)
    const date = has('date', 'usagestartdate')
    const column = {
      date: date ?? has('usagestarttime'),
      sku: has('skudescription', 'sku'),
      service: has('servicedescription', 'service'),
      amount: has('unroundedsubtotal', 'subtotal', 'cost', 'unroundedcost'),
      usage: has('usageamount', 'usageamountinpricingunits'),
      currency: has('currency'),
    }
    const { date: day, sku, amount } = column
    if (day === undefined || sku === undefined || amount === undefined) return undefined
    const lines = records.flatMap((row) => lineOf(row, { ...column, date: day, sku, amount }))
    return reportOf(lines, { vendors: sells, zone: date === undefined ? 'UTC' : 'America/Los_Angeles' })
  },
}

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\(.*\)/, '')
    .replace(/[^a-z]/g, '')

type Line = CostLine & { readonly decimals: number }
interface Columns {
  readonly date: string
  readonly sku: string
  readonly amount: string
  readonly service: string | undefined
  readonly usage: string | undefined
  readonly currency: string | undefined
}

function lineOf(row: Row, of: Columns): Line[] {
  const at = (name: string | undefined): string => (name === undefined ? '' : (row.get(name) ?? ''))
  const day = dayOf(at(of.date))
  const vendor = vendorOf(at(of.service), at(of.sku))
  if (day === undefined || vendor === undefined) return []
  const sign = /\(([^)]+)\)/.exec(of.amount)?.[1]?.replace('$', 'USD') // `Unrounded subtotal ($)`
  const amount = amountOf(at(of.amount), at(of.currency) || sign)
  const counts = /token count/i.test(at(of.sku)) ? Number(at(of.usage).replaceAll(',', '')) : Number.NaN
  return [{ vendor, day, ...skuOf(at(of.sku)), tokens: counts > 0 ? counts : null, text: at(of.sku), ...amount }]
}

function dayOf(text: string): string | undefined {
  const time = Date.parse(text.replace(' UTC', 'Z').replace(' ', 'T'))
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  return Number.isNaN(time) ? undefined : dayIn('UTC', time)
}

/** Other services of the cloud are none of ours. */
function vendorOf(service: string, sku: string): string | undefined {
  if (/gemini api|generative language/i.test(service)) return 'gemini'
  if (/vertex|agent platform/i.test(service)) return 'vertex'
  return service === '' && /gemini|claude/i.test(sku) ? 'gemini' : undefined
}

/**
 * `Generate content input token count gemini 3.5 flash lite text batch`, `Gemini 2.5 Pro Thinking Text Output -
 * Predictions`: the model is among the words, and a tier stands there only if it is not the standard one.
 */
function skuOf(sku: string): { model: string | null; tier: Tier | null } {
  const words = sku.toLowerCase()
  const tier = (/\b(batch|flex|priority)\b/.exec(words)?.[1] ?? null) as Tier | null
  const [, embedding] = /(gemini[ -]embedding[ -]\d+)/.exec(words) ?? []
  const [, line, lite] = /gemini[ -](\d+(?:\.\d+)?[ -](?:pro|flash))([ -]lite)?/.exec(words) ?? []
  const [, name, generation] = /claude[ -](opus|sonnet|haiku|fable|mythos)[ -](\d+(?:[.-]\d+)?)/.exec(words) ?? []
  if (embedding !== undefined) return { tier, model: embedding.replaceAll(' ', '-') }
  if (line !== undefined) return { tier, model: `gemini-${line}${lite ?? ''}`.replaceAll(' ', '-') }
  if (name !== undefined) return { tier, model: `claude-${name}-${generation}`.replace('.', '-') }
  return { tier, model: null }
}
