import { VendorUnavailable } from '../domain/errors.ts'
import { HttpFailed } from '../kit/http.ts'
import { type Call, CredentialsRefused } from './contract.ts'

interface ReportPages {
  /** As people call the vendor. */
  readonly label: string
  /** The variable of the key that may read them. */
  readonly variable: string
  readonly headers: Readonly<Record<string, string>>
  readonly url: string
  readonly query: URLSearchParams
}

/** A report page by page, as those vendors turn them whose answer says `has_more` and `next_page`. */
export async function* reportPages(
  call: Call,
  { label, variable, headers, url, query }: ReportPages,
): AsyncGenerator<unknown> {
  const hint = `Is the base URL of ${label} right, and is ${variable} the key of an administrator? Nothing was changed.`
  let page: string | undefined
  do {
    if (page !== undefined) query.set('page', page)
    const answer = await call.http
      .call({
        method: 'GET',
        url: `${url}?${query}`,
        headers: { accept: 'application/json', 'user-agent': 'redeye', ...headers },
        signal: call.signal,
      })
      .catch((error: unknown) => {
        if (error instanceof HttpFailed) throw new VendorUnavailable(error.message, { hint, cause: error })
        throw error
      })
    const { status, json } = answer
    const said = (json as { error?: { message?: string } } | undefined)?.error?.message
    const place = url.slice(call.baseUrl.length)
    const message = `${label} answered its report at ${place} with HTTP ${status}${said === undefined ? '' : `, ${said}`}.`
    if (status === 401 || status === 403)
      throw new CredentialsRefused(`${message} It is read with an admin key: ${variable}.`, status)
    if (status < 200 || status > 299 || json === undefined) throw new VendorUnavailable(message, { hint, status })
    yield json
    const { has_more: more, next_page: next } = json as { has_more?: unknown; next_page?: unknown }
    if (more === true && (typeof next !== 'string' || next === page))
      throw new VendorUnavailable(`${label} has more of its report, and names no next page.`, { hint })
    page = more === true ? (next as string) : undefined
  } while (page !== undefined)
}

/** JSON of a file; undefined: it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The buckets of a page, of several in a list, or of a list of buckets. */
export function bucketsIn(value: unknown): Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(bucketsIn)
  if (typeof value !== 'object' || value === null) return []
  const { data } = value as { data?: unknown }
  return Array.isArray(data) ? bucketsIn(data) : 'results' in value ? [value as Readonly<Record<string, unknown>>] : []
}
