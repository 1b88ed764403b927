import { VendorUnavailable } from '../../domain/errors.ts'
import { SECOND } from '../../kit/clock.ts'
import { HttpFailed } from '../../kit/http.ts'
import { type Call, CredentialsRefused, type Reports, type ReportWindow } from '../contract.ts'

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
  readonly has_more?: boolean
  readonly next_page?: string | null
}

async function* pages(call: Call, path: string, query: readonly Pair[]): AsyncGenerator<Page> {
  let next: string | null = null
  do {
    const search = new URLSearchParams(next === null ? [...query] : [...query, ['page', next]])
    const page = await read(call, `${path}?${search}`)
    yield page
    // A cursor that does not move on would be asked for for ever.
    next = page.has_more === true && page.next_page !== next ? (page.next_page ?? null) : null
  } while (next !== null)
}

async function read(call: Call, path: string): Promise<Page> {
  const headers = {
    authorization: `Bearer ${call.apiKey}`,
    accept: 'application/json',
    'user-agent': 'redeye',
    ...call.headers,
  }
  const answer = await call.http
    .call({ method: 'GET', url: call.baseUrl + path, headers, signal: call.signal })
    .catch((error: unknown): never => {
      if (error instanceof HttpFailed) throw new VendorUnavailable(error.message, { hint, cause: error })
      throw error
    })
  const { status, json } = answer
  if (status === 200 && typeof json === 'object' && json !== null) return json as Page
  const told = (json as { error?: { message?: string } } | undefined)?.error?.message ?? answer.text.slice(0, 200)
  const message = `OpenAI answered its report at ${path.slice(0, path.indexOf('?'))} with HTTP ${status}, ${told}`
  if (status === 401 || status === 403) throw new CredentialsRefused(message, status)
  throw new VendorUnavailable(message, { hint, status })
}

const hint = 'Is OPENAI_BASE_URL right, and is OPENAI_ADMIN_KEY the key of an administrator? Nothing was changed.'
