import { type BillEntry, billOf, type Charge, usdText } from '../bill.ts'
import type { Json } from '../json.ts'
import { invalid, Refusal, required } from './errors.ts'
import { modelNamed, modelView } from './models.ts'

const day = 86_400

/**
 * GET /v1/organizations/cost_report: the bill in daily buckets, in cents as decimal text. Grouped by description it tells
 * models, tiers and kinds of tokens apart; else a day is one sum.
 */
export function costReport(charges: readonly Charge[], query: URLSearchParams, now: number): Json {
  const start = timeParameter(query, 'starting_at')
  if (start === undefined) throw new Refusal(required('starting_at'))
  const width = query.get('bucket_width') ?? '1d'
  if (width !== '1d') throw new Refusal(invalid("bucket_width: Input should be '1d'"))
  const limit = Number(query.get('limit') ?? 7)
  if (!(limit >= 1 && limit <= 31)) throw new Refusal(invalid('limit: Input should be between 1 and 31'))
  const groups = [...query.getAll('group_by[]'), ...query.getAll('group_by')]
  const strange = groups.find((group) => group !== 'description' && group !== 'workspace_id')
  if (strange !== undefined) throw new Refusal(invalid("group_by: Input should be 'workspace_id' or 'description'"))
  const end = timeParameter(query, 'ending_at') ?? Math.floor(now / day) * day + day
  let from = Number(query.get('page')?.replace('page_', '')) || Math.floor(start / day) * day
  const data: Json[] = []
  for (; from + day <= end && data.length < limit; from += day)
    data.push(bucket(charges, from, groups.includes('description')))
  const more = from + day <= end
  return { data, has_more: more, next_page: more ? `page_${from}` : null }
}

function bucket(charges: readonly Charge[], from: number, described: boolean): Json {
  const { entries } = billOf(charges.filter(({ at }) => at >= from && at < from + day))
  const sums = new Map<string, { item: Json; nano: bigint }>()
  for (const entry of entries) {
    const item = described ? itemOf(entry) : nothingTold
    const key = JSON.stringify(item)
    sums.set(key, { item, nano: (sums.get(key)?.nano ?? 0n) + BigInt(entry.nanoUsd) })
  }
  const results = [...sums.values()].map(({ item, nano }) => ({
    currency: 'USD',
    amount: usdText(nano * 100n),
    workspace_id: null,
    ...item,
  }))
  return { starting_at: textOf(from), ending_at: textOf(from + day), results }
}

const nothingTold = {
  description: null,
  cost_type: null,
  context_window: null,
  model: null,
  service_tier: null,
  token_type: null,
  inference_geo: null,
}

const kinds: Readonly<Record<string, readonly [type: string, words: string]>> = {
  input: ['uncached_input_tokens', 'Input Tokens'],
  cachedInput: ['cache_read_input_tokens', 'Input Tokens, Cache Read'],
  cacheWrite5m: ['cache_creation.ephemeral_5m_input_tokens', 'Input Tokens, Cache Write (5m)'],
  cacheWrite1h: ['cache_creation.ephemeral_1h_input_tokens', 'Input Tokens, Cache Write (1h)'],
  output: ['output_tokens', 'Output Tokens'],
}

function itemOf({ model: name, tier, kind }: BillEntry): Json {
  if (kind === 'webSearch') return { ...nothingTold, description: 'Web Search Usage', cost_type: 'web_search' }
  const model = modelNamed(name)
  const [type, words] = kinds[kind] ?? [kind, kind]
  const label = model === undefined ? name : String(modelView(model, '2023-06-01')['display_name'])
  return {
    ...nothingTold,
    description: `${label} Usage${tier === 'batch' ? ' - Batch' : ''} - ${words}`,
    cost_type: 'tokens',
    context_window: '0-200k',
    model: model?.snapshot ?? name,
    service_tier: tier,
    token_type: type,
  }
}

const textOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

function timeParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Refusal(invalid(`${name}: Input should be a valid datetime`))
  return time / 1000
}
