import { MINUTE } from '../../kit/clock.ts'
import { retryAfterOf } from '../../kit/http.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, Rate, ReplyRow, SyncLane, Verdict, Wording } from '../contract.ts'
import { version } from './limits.ts'
import { scanRow } from './scanner.ts'
import { envelopeOf, refusalOf } from './wire.ts'

/** Messages one by one. There is one tier to ask for: committed capacity answers by itself where the account has it. */
const standard: SyncLane = {
  limits: {
    endpoints: ['/v1/messages'],
    bodyBytesMax: 32_000_000, // errors page: 32 MB of a message request
    answerMs: 11 * MINUTE, // the SDK gives up after ten
    concurrencyStart: 16,
    concurrencyMax: 512,
  },
  word: wordingOf,
  read,
  rates,
  row,
  lostRow,
  scanRow,
  scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
}
export const sync = { standard }

function wordingOf(call: Call, endpoint: string): Wording {
  return {
    url: call.baseUrl.replace(/\/+$/, '') + endpoint,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'redeye',
      'anthropic-version': version,
      ...(call.authorize === undefined ? { 'x-api-key': call.apiKey } : {}),
      ...call.headers,
    },
  }
}

function read(reply: Reply): Verdict {
  const { status, body, headers } = reply
  const json = status >= 200 && status < 300 ? undefined : parsed(body)
  const error = envelopeOf(json)
  const message = error?.message ?? `HTTP ${status}, ${headers['content-type'] ?? 'no content type'}`
  // A date is told against the vendor's own.
  const retryAfterMs = retryAfterOf(headers as Record<string, string>, Date.parse(headers['date'] ?? ''))
  const again = (why: (Verdict & { kind: 'again' })['why'], perhapsBilled: boolean): Verdict => ({
    kind: 'again',
    why,
    perhapsBilled,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
  if (status >= 200 && status < 300) return body[0] === BRACE ? { kind: 'final' } : again('trouble', true)
  const refusal = refusalOf({ status, json, retryAfterMs })
  if (refusal?.kind === 'billing' || refusal?.kind === 'credentials')
    return { kind: 'halt', why: refusal.kind, message }
  if (status === 429) return again('rate', false)
  if (status === 529 || status === 503) return again('overloaded', false)
  // In the vendor's own words it failed before there was an answer to pay for; a gateway knows nothing of that.
  if (status >= 500 || status === 408 || status === 409)
    return again('trouble', error === undefined || status === 504 || status === 408)
  // The edge turns away what is too large without the envelope; other such refusals may be anybody's.
  return error === undefined && status !== 413 ? again('trouble', false) : { kind: 'final' }
}

function rates(headers: Reply['headers']): Rate[] {
  const found: Rate[] = []
  for (const { kind, limit, left, reset } of rateHeaders) {
    if (headers[limit] === undefined || headers[left] === undefined) continue
    // A date, told against the vendor's own.
    const resetMs = Date.parse(headers[reset] ?? '') - Date.parse(headers['date'] ?? '')
    found.push({
      of: kind,
      limit: Number(headers[limit]),
      left: Number(headers[left]),
      resetMs: Math.max(0, resetMs || 0),
    })
  }
  return found
}
/** There is a pool of all tokens too: it says no more than its two parts. */
const rateHeaders = (
  [
    ['requests', 'requests'],
    ['input', 'input-tokens'],
    ['output', 'output-tokens'],
  ] as const
).map(([kind, pool]) => ({
  kind,
  limit: `anthropic-ratelimit-${pool}-limit`,
  left: `anthropic-ratelimit-${pool}-remaining`,
  reset: `anthropic-ratelimit-${pool}-reset`,
}))

/** As the results of a batch have it. */
function row({ status, body }: Reply): ReplyRow {
  if (status >= 200 && status < 300)
    return {
      beforeId: '{"custom_id":"',
      afterId: '","result":{"type":"succeeded","message":',
      afterBody: '}}\n',
    }
  return {
    beforeId: '{"custom_id":"',
    afterId: '","result":{"type":"errored","error":',
    afterBody: '}}\n',
    ...(body[0] === BRACE
      ? {}
      : { body: errorOf(status === 413 ? 'request_too_large' : 'api_error', `HTTP ${status}`) }),
  }
}

function lostRow(id: string, why: 'timeout' | 'unreachable', message: string): string {
  const error = errorOf(why === 'timeout' ? 'timeout_error' : 'api_error', message)
  return `{"custom_id":${JSON.stringify(id)},"result":{"type":"errored","error":${error}}}\n`
}

const errorOf = (type: string, message: string): string =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: null })

const BRACE = 123

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
