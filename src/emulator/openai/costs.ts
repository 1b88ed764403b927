import { type BillEntry, billOf, type Charge, usdText } from '../bill.ts'
import { pageLimit } from './batches.ts'
import { invalid, missingParameter, Refusal } from './errors.ts'
import { modelNamed } from './models.ts'

const day = 86_400

/**
 * GET /organization/costs: the bill in daily buckets, as the vendor reports it. Written as text because the amounts
 * are exact decimals that a double may not hold.
 */
export function costsReport(charges: readonly Charge[], query: URLSearchParams, now: number): string {
  const startTime = timeParameter(query, 'start_time')
  if (startTime === undefined) throw new Refusal(missingParameter('start_time'))
  const width = query.get('bucket_width') ?? '1d'
  if (width !== '1d')
    throw new Refusal(
      invalid(`Invalid value: '${width}'. Supported values are: '1d'.`, 'bucket_width', 'invalid_value'),
    )
  const limit = pageLimit(query, 7, 180)
  const byLine = [...query.getAll('group_by'), ...query.getAll('group_by[]')].includes('line_item')
  const start = pageStart(query, startTime)
  const end = timeParameter(query, 'end_time') ?? Math.floor(now / day) * day + day
  const buckets: string[] = []
  let from = start
  for (; from < end && buckets.length < limit; from += day) buckets.push(bucket(charges, from, byLine))
  const hasMore = from < end
  const next = hasMore ? `"page_${from}"` : 'null'
  return `{"object":"page","data":[${buckets.join(',')}],"has_more":${hasMore},"next_page":${next}}`
}

function bucket(charges: readonly Charge[], from: number, byLine: boolean): string {
  const { entries } = billOf(charges.filter((charge) => charge.at >= from && charge.at < from + day))
  const amounts = new Map<string | null, { nano: bigint; tokens: bigint }>()
  for (const entry of entries) {
    const item = byLine ? lineItem(entry) : null
    const sum = amounts.get(item) ?? { nano: 0n, tokens: 0n }
    amounts.set(item, { nano: sum.nano + BigInt(entry.nanoUsd), tokens: sum.tokens + BigInt(entry.tokens) })
  }
  const results = [...amounts].map(
    ([item, { nano, tokens }]) =>
      `{"object":"organization.costs.result","amount":{"value":${usdText(nano)},"currency":"usd"},"line_item":${JSON.stringify(item)},"quantity":${byLine ? tokens : null},"quantity_unit":${byLine ? '"tokens"' : null},"project_id":null,"api_key_id":null}`,
  )
  return `{"object":"bucket","start_time":${from},"end_time":${from + day},"results":[${results.join(',')}]}`
}

const kinds: Record<string, string> = {
  input: 'input',
  cachedInput: 'cached input',
  cacheWriteDefault: 'cache write',
  output: 'output',
}

function lineItem(entry: BillEntry): string {
  const name = modelNamed(entry.model)?.snapshot ?? entry.model
  return `${name}${entry.tier === 'standard' ? '' : ` ${entry.tier}`}, ${kinds[entry.kind] ?? entry.kind}`
}

/** Where this page begins: at the start asked for, or where the page before it ended. */
function pageStart(query: URLSearchParams, startTime: number): number {
  const cursor = Number(query.get('page')?.replace('page_', ''))
  return Math.floor((cursor || startTime) / day) * day
}

function timeParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Number(text)
  if (!Number.isInteger(time))
    throw new Refusal(
      invalid(`Invalid type for '${name}': expected an integer, but got a string instead.`, name, 'invalid_type'),
    )
  return time
}
