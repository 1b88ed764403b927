import type { Charge } from '../bill.ts'
import type { Json } from '../json.ts'
import { invalid, Refusal, required } from './errors.ts'
import { modelNamed } from './models.ts'

const widths = {
  '1m': { seconds: 60, fallback: 60, max: 1440 },
  '1h': { seconds: 3600, fallback: 24, max: 168 },
  '1d': { seconds: 86_400, fallback: 7, max: 31 },
} as const

const groups = [
  'account_id',
  'api_key_id',
  'context_window',
  'inference_geo',
  'model',
  'service_account_id',
  'service_tier',
  'workspace_id',
] as const
type Group = (typeof groups)[number]

/** GET /v1/organizations/usage_report/messages: tokens of each kind in buckets of a minute, an hour or a day; no requests. */
export function usageReport(charges: readonly Charge[], query: URLSearchParams, now: number): Json {
  const start = timeIn(query, 'starting_at')
  if (start === undefined) throw new Refusal(required('starting_at'))
  const width = widths[(query.get('bucket_width') ?? '1d') as keyof typeof widths]
  if (width === undefined) throw new Refusal(invalid("bucket_width: Input should be '1d', '1m' or '1h'"))
  const limit = Number(query.get('limit') ?? width.fallback)
  if (!(limit >= 1 && limit <= width.max))
    throw new Refusal(invalid(`limit: Input should be between 1 and ${width.max}`))
  const groupedBy = groupsIn(query)
  const end = timeIn(query, 'ending_at') ?? now
  let from = Number(query.get('page')?.replace('page_', '')) || Math.floor(start / width.seconds) * width.seconds
  const data: Json[] = []
  for (; from < end && data.length < limit; from += width.seconds) {
    const until = from + width.seconds
    const results = resultsOf(
      charges.filter(({ at }) => at >= from && at < until),
      groupedBy,
    )
    data.push({ starting_at: textOf(from), ending_at: textOf(until), results })
  }
  const more = from < end
  return { data, has_more: more, next_page: more ? `page_${from}` : null }
}

function resultsOf(charges: readonly Charge[], groupedBy: readonly Group[]): Json[] {
  const results = new Map<string, { of: Json; charges: Charge[] }>()
  for (const charge of charges) {
    const of = Object.fromEntries(
      groups.map((group) => [group, groupedBy.includes(group) ? valueOf(charge, group) : null]),
    )
    const key = JSON.stringify(of)
    const known = results.get(key)
    if (known === undefined) results.set(key, { of, charges: [charge] })
    else known.charges.push(charge)
  }
  return [...results.values()].map(({ of, charges }) => {
    const sum = (kind: string): number =>
      charges.reduce((all, charge) => all + (charge.kind === kind ? Number(charge.tokens) : 0), 0)
    return {
      ...of,
      uncached_input_tokens: sum('input'),
      cache_creation: {
        ephemeral_1h_input_tokens: sum('cacheWrite1h'),
        ephemeral_5m_input_tokens: sum('cacheWrite5m'),
      },
      cache_read_input_tokens: sum('cachedInput'),
      output_tokens: sum('output'),
      server_tool_use: { web_search_requests: sum('webSearch') },
    }
  })
}

function valueOf({ model, tier }: Charge, group: Group): string | null {
  if (group === 'model') return modelNamed(model)?.snapshot ?? model
  if (group === 'service_tier') return tier === 'batch' ? 'batch' : 'standard'
  if (group === 'context_window') return '0-200k'
  if (group === 'inference_geo') return 'global'
  return group === 'api_key_id' ? 'apikey_emulated' : null // the default workspace has no id
}

function groupsIn(query: URLSearchParams): readonly Group[] {
  const asked = [...query.getAll('group_by[]'), ...query.getAll('group_by')]
  const strange = asked.find((name) => !(groups as readonly string[]).includes(name))
  if (strange !== undefined) throw new Refusal(invalid(`group_by: Input should be one of ${groups.join(', ')}`))
  return asked as Group[]
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Refusal(invalid(`${name}: Input should be a valid datetime`))
  return time / 1000
}

const textOf = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
