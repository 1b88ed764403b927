import type { Charge } from '../bill.ts'
import type { Act, Purchase } from '../log.ts'
import { pageLimit } from './batches.ts'
import { invalid, missingParameter, Refusal } from './errors.ts'
import { modelNamed } from './models.ts'

const widths = {
  '1m': { seconds: 60, fallback: 60, max: 1440 },
  '1h': { seconds: 3600, fallback: 24, max: 168 },
  '1d': { seconds: 86_400, fallback: 7, max: 31 },
} as const

const groups = ['project_id', 'user_id', 'api_key_id', 'model', 'batch', 'service_tier'] as const
type Group = (typeof groups)[number]

/** What was used, and when: epoch seconds. */
interface Use {
  readonly at: number
  readonly model: string
  readonly tier: string
  /** By kind of the bill; a count of requests alone has none. */
  readonly kind: string
  readonly tokens: number
  readonly requests: number
}

/**
 * GET /organization/usage/completions and /embeddings: tokens and requests in buckets of a minute, an hour or a day. Its
 * counter of batch requests is the console's, and no more reliable.
 */
export function usageReport(
  charges: readonly Charge[],
  requests: { readonly purchases: readonly Purchase[]; readonly acts: readonly Act[] },
  query: URLSearchParams,
  now: number,
  embeddings: boolean,
): unknown {
  const start = timeIn(query, 'start_time')
  if (start === undefined) throw new Refusal(missingParameter('start_time'))
  const width = widthIn(query)
  const limit = pageLimit(query, width.fallback, width.max)
  const groupedBy = groupsIn(query)
  const end = timeIn(query, 'end_time') ?? now + 1
  const uses = [...charges.map(useOf), ...requestsOf(requests)].filter(
    ({ model }) => (modelNamed(model)?.embeds ?? false) === embeddings,
  )
  let from = Number(query.get('page')?.replace('page_', '')) || Math.floor(start / width.seconds) * width.seconds
  const data: unknown[] = []
  for (; from < end && data.length < limit; from += width.seconds) {
    const until = from + width.seconds
    const results = resultsOf(
      uses.filter(({ at }) => at >= from && at < until),
      groupedBy,
      embeddings,
    )
    data.push({ object: 'bucket', start_time: from, end_time: until, results })
  }
  const more = from < end
  return { object: 'page', data, has_more: more, next_page: more ? `page_${from}` : null }
}

const useOf = ({ at, model, tier, kind, tokens }: Charge): Use => ({
  at,
  model,
  tier,
  kind,
  tokens: Number(tokens),
  requests: 0,
})

function requestsOf({
  purchases,
  acts,
}: {
  readonly purchases: readonly Purchase[]
  readonly acts: readonly Act[]
}): Use[] {
  const counted = { kind: '', tokens: 0 }
  return [
    ...purchases
      .filter(({ billed, model }) => billed > 0 && model !== null)
      .map(({ model, consoleRequests, createdAt }) => ({
        ...counted,
        at: secondsOf(createdAt),
        model: model ?? '',
        tier: 'batch',
        requests: consoleRequests,
      })),
    ...acts
      .filter(({ act }) => act === 'call')
      .map(({ at, model, tier }) => ({
        ...counted,
        at: secondsOf(at),
        model: String(model),
        tier: String(tier),
        requests: 1,
      })),
  ]
}

function resultsOf(uses: readonly Use[], groupedBy: readonly Group[], embeddings: boolean): unknown[] {
  const results = new Map<string, { of: Record<string, unknown>; uses: Use[] }>()
  for (const use of uses) {
    const of = Object.fromEntries(
      groups.map((group) => [group, groupedBy.includes(group) ? valueOf(use, group) : null]),
    )
    const key = JSON.stringify(of)
    const known = results.get(key)
    if (known === undefined) results.set(key, { of, uses: [use] })
    else known.uses.push(use)
  }
  return [...results.values()].map(({ of, uses }) => {
    const sum = (kind: string): number => uses.reduce((all, use) => all + (use.kind === kind ? use.tokens : 0), 0)
    const [cached, written] = [sum('cachedInput'), sum('cacheWriteDefault')]
    const shared = {
      input_tokens: sum('input') + cached + written,
      num_model_requests: uses.reduce((all, { requests }) => all + requests, 0),
      project_id: of['project_id'],
      user_id: of['user_id'],
      api_key_id: of['api_key_id'],
      model: of['model'],
    }
    if (embeddings) return { object: 'organization.usage.embeddings.result', ...shared }
    return {
      object: 'organization.usage.completions.result',
      ...shared,
      output_tokens: sum('output'),
      input_cached_tokens: cached,
      input_cache_write_tokens: written,
      input_audio_tokens: 0,
      output_audio_tokens: 0,
      batch: of['batch'],
      service_tier: of['service_tier'],
    }
  })
}

function valueOf({ model, tier }: Use, group: Group): unknown {
  if (group === 'model') return modelNamed(model)?.snapshot ?? model
  if (group === 'batch') return tier === 'batch'
  if (group === 'service_tier') return tier === 'batch' || tier === 'standard' ? 'default' : tier
  return { project_id: 'proj_emulated', user_id: 'user-emulated', api_key_id: 'key_emulated' }[group]
}

function widthIn(query: URLSearchParams): (typeof widths)[keyof typeof widths] {
  const text = query.get('bucket_width') ?? '1d'
  if (text in widths) return widths[text as keyof typeof widths]
  throw new Refusal(
    invalid(`Invalid value: '${text}'. Supported values are: '1m', '1h', and '1d'.`, 'bucket_width', 'invalid_value'),
  )
}

function groupsIn(query: URLSearchParams): readonly Group[] {
  const asked = [...query.getAll('group_by'), ...query.getAll('group_by[]')]
  const strange = asked.find((name) => !(groups as readonly string[]).includes(name))
  if (strange !== undefined)
    throw new Refusal(
      invalid(`Invalid value: '${strange}'. Supported values are: ${groups.join(', ')}.`, 'group_by', 'invalid_value'),
    )
  return asked as Group[]
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Number(text)
  if (Number.isInteger(time)) return time
  throw new Refusal(
    invalid(`Invalid type for '${name}': expected an integer, but got a string instead.`, name, 'invalid_type'),
  )
}

const secondsOf = (iso: string): number => Math.floor(Date.parse(iso) / 1000)
