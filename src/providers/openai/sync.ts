import { type Tier, tiers } from '../../domain/usage.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import { retryAfterOf } from '../../kit/http.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, Rate, SyncLane, SyncLimits, Verdict, Wording } from '../contract.ts'
import { scanner, scanRow } from '../file-lane/scanner.ts'
import { lostRow, replyRow } from './reply-row.ts'
import { envelopeOf, refusalOf } from './wire.ts'

/** Calls one by one, at three prices. What the guides say of each tier: flex-processing, fast-mode, rate-limits. */
export const sync = {
  flex: laneOf('flex', 'flex', ['/v1/responses', '/v1/chat/completions']),
  standard: laneOf('standard', 'default', [
    '/v1/responses',
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/completions',
    '/v1/moderations',
  ]),
  priority: laneOf('priority', 'priority', ['/v1/responses', '/v1/chat/completions']),
} satisfies Partial<Record<Tier, SyncLane>>

/** Where the body may name a tier. */
const tiered: ReadonlySet<string> = new Set(['/v1/responses', '/v1/chat/completions'])

function limitsOf(tier: (typeof tiers)[number], endpoints: readonly string[]): SyncLimits {
  return {
    endpoints,
    bodyBytesMax: 64 * 1024 * 1024, // none published; what intake takes
    // flex guide: raise the client's ten minutes to fifteen. A minute more, so that it is the vendor who gives up first.
    answerMs: (tier === 'flex' ? 16 : 11) * MINUTE,
    concurrencyStart: 16,
    concurrencyMax: 512,
  }
}

function laneOf(tier: Tier, word: string, endpoints: readonly string[]): SyncLane {
  return {
    limits: limitsOf(tier, endpoints),
    word: (call, endpoint) => wordingOf(call, endpoint, word),
    read,
    rates,
    row: ({ status, headers, body }) => replyRow(status, headers['x-request-id'] ?? '', isJson(body)),
    lostRow: (id, why, message) => lostRow(id, why === 'timeout' ? 'request_timeout' : 'server_error', message),
    scanRow,
    scanner,
  }
}

function wordingOf(call: Call, endpoint: string, word: string): Wording {
  return {
    url: call.baseUrl.replace(/\/+$/, '') + endpoint.replace(/^\/v1/, ''), // the base URL ends in /v1
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'redeye',
      ...call.headers,
      authorization: `Bearer ${call.apiKey}`,
    },
    // Unset is the project's own setting, which may be any tier: what is to be charged is said.
    ...(tiered.has(endpoint) ? { members: [{ names: ['service_tier'], json: JSON.stringify(word) }] } : {}),
  }
}

function read(reply: Reply): Verdict {
  const { status, body } = reply
  if (status >= 200 && status < 300) {
    if (isJson(body)) return { kind: 'final' }
    return again(reply, 'trouble', true, `HTTP ${status}, ${reply.headers['content-type'] ?? 'no content type'}`)
  }
  const json = parsed(body)
  const error = envelopeOf(json)
  const message = error?.message ?? `HTTP ${status}, ${reply.headers['content-type'] ?? 'no content type'}`
  const retryAfterMs = retryAfterIn(reply)
  const refusal = refusalOf({ status, json, retryAfterMs })
  if (refusal?.kind === 'billing' || refusal?.kind === 'credentials')
    return { kind: 'halt', why: refusal.kind, message }
  if (status === 429) {
    // flex guide: "429 Resource Unavailable", not charged. It is the tier that has no room, not we who are too fast.
    if (error?.code === 'resource_unavailable' || /resource.?unavailable/i.test(message))
      return again(reply, 'drought', false, message)
    // More than the limit of a whole minute in one request: no waiting helps it.
    if (/^request too large/i.test(message)) return { kind: 'final' }
    return again(reply, 'rate', false, message)
  }
  if (status === 503) return again(reply, 'overloaded', false, message)
  // In the vendor's own words it failed before there was an answer to pay for; a gateway knows nothing of that.
  if (status >= 500 || status === 408 || status === 409)
    return again(reply, 'trouble', error === undefined || status === 504 || status === 408, message)
  // A refusal without the vendor's envelope may be anybody's, say of a proxy, or of a wrong base URL.
  return error === undefined ? again(reply, 'trouble', false, message) : { kind: 'final' }
}

function again(
  reply: Reply,
  why: (Verdict & { kind: 'again' })['why'],
  perhapsBilled: boolean,
  message: string,
): Verdict {
  const retryAfterMs = retryAfterIn(reply)
  return { kind: 'again', why, perhapsBilled, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** A date is told against the vendor's own. */
function retryAfterIn({ headers }: Reply): number | undefined {
  return retryAfterOf(headers as Record<string, string>, Date.parse(headers['date'] ?? ''))
}

function rates(headers: Reply['headers']): Rate[] {
  const found: Rate[] = []
  for (const { kind, limit, left, reset } of rateHeaders) {
    if (headers[limit] === undefined || headers[left] === undefined) continue
    found.push({
      of: kind,
      limit: Number(headers[limit]),
      left: Number(headers[left]),
      resetMs: resetOf(headers[reset] ?? ''),
    })
  }
  return found
}
const rateHeaders = (['requests', 'tokens'] as const).map((kind) => ({
  kind,
  limit: `x-ratelimit-limit-${kind}`,
  left: `x-ratelimit-remaining-${kind}`,
  reset: `x-ratelimit-reset-${kind}`,
}))

const units: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: 60 * MINUTE, d: 24 * 60 * MINUTE }

/** `6m0s`, `1s`, `120ms`, `59.94s` */
function resetOf(text: string): number {
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    sum += Number(amount) * (units[unit as string] as number)
  return sum
}

/** Cheap: that it is whole JSON is found when its row is scanned. */
const isJson = (body: Uint8Array): boolean => {
  for (const byte of body) if (byte > 32) return byte === 123 || byte === 91
  return false
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
