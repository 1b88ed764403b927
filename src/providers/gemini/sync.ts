import type { Tier } from '../../domain/usage.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import { retryAfterOf } from '../../kit/http.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, ReplyRow, SyncLane, Verdict, Wording } from '../contract.ts'
import { scanRow } from './scanner.ts'
import { envelopeOf, isAboutKey, refusalOf } from './wire.ts'

/** Calls one by one, at three prices: pages on flex and priority inference. Embeddings have but one. */
export const sync = {
  flex: laneOf('flex'),
  standard: laneOf('standard'),
  priority: laneOf('priority'),
} satisfies Partial<Record<Tier, SyncLane>>

type SoldTier = 'flex' | 'standard' | 'priority'

function laneOf(tier: SoldTier): SyncLane {
  return {
    limits: {
      endpoints: tier === 'standard' ? [':generateContent', ':embedContent'] : [':generateContent'],
      bodyBytesMax: 20_000_000, // guide: 20 MB of a request
      answerMs: (tier === 'flex' ? 16 : 11) * MINUTE, // flex page: wait for 900 s
      concurrencyStart: 8,
      concurrencyMax: 256,
    },
    word: (call, endpoint, model) => wordingOf(call, endpoint, model, tier),
    read: (reply) => read(reply, tier),
    rates: () => [], // no header tells them
    row,
    lostRow: (id, why, message) =>
      `${JSON.stringify({ key: id, error: { code: why === 'timeout' ? 504 : 503, message } })}\n`,
    blanksModel: true,
    scanRow,
    scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
  }
}

function wordingOf(call: Call, endpoint: string, model: string, tier: SoldTier): Wording {
  const name = model.includes('/') ? model : `models/${model}`
  return {
    url: `${call.baseUrl.replace(/\/+$/, '')}/v1beta/${name.split('/').map(encodeURIComponent).join('/')}${endpoint}`,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'redeye',
      // How the SDK tells its own patience, which raises that of the vendor's front end.
      ...(tier === 'flex' ? { 'x-server-timeout': String((15 * MINUTE) / SECOND) } : {}),
      ...call.headers,
      'x-goog-api-key': call.apiKey,
    },
    ...(endpoint === ':generateContent'
      ? { members: [{ names: ['serviceTier', 'service_tier'], json: JSON.stringify(tier) }] }
      : {}),
  }
}

function read(reply: Reply, tier: SoldTier): Verdict {
  const { status, body, headers } = reply
  if (status >= 200 && status < 300 && body[0] === BRACE) return { kind: 'final' }
  const json = parsed(body)
  const error = envelopeOf(json)
  const message = error?.message ?? `HTTP ${status}, ${headers['content-type'] ?? 'no content type'}`
  const told = retryAfterOf(headers as Record<string, string>, Date.parse(headers['date'] ?? ''))
  const refusal = refusalOf({ status, json, retryAfterMs: told })
  const retryAfterMs = refusal?.retryAfterMs ?? told
  const again = (why: (Verdict & { kind: 'again' })['why'], perhapsBilled: boolean): Verdict => ({
    kind: 'again',
    why,
    perhapsBilled,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
  if (status >= 200 && status < 300) return again('trouble', true)
  if (refusal?.kind === 'billing') return { kind: 'halt', why: 'billing', message }
  if (error !== undefined && isAboutKey(status, error)) return { kind: 'halt', why: 'credentials', message }
  // A quota that is used up is named in the details; a tier that is full says no more than that.
  if (status === 429) return again(tier === 'flex' && refusal?.kind !== 'rate' ? 'drought' : 'rate', false)
  if (status === 503) return again(tier === 'flex' && error !== undefined ? 'drought' : 'overloaded', false)
  // pricing page: requests that fail with 400 or 500 are not charged; whoever gave up waiting knows nothing.
  if (status >= 500 || [408, 409, 499].includes(status))
    return again('trouble', error === undefined || [408, 499, 504].includes(status))
  return error === undefined ? again('trouble', false) : { kind: 'final' }
}

/** As the results of a batch have it. The tier that served is in a header, and not always in the body. */
function row({ status, headers, body }: Reply): ReplyRow {
  const beforeId = '{"key":"'
  if (status >= 200 && status < 300) {
    const tier = headers['x-gemini-service-tier']
    const served = tier === undefined ? '' : `,"serviceTier":${JSON.stringify(tier)}`
    return { beforeId, afterId: '","response":', afterBody: `${served}}\n` }
  }
  const json = parsed(body)
  const error = (Array.isArray(json) ? (json as unknown[])[0] : json) as { error?: object } | undefined
  return {
    beforeId,
    afterId: '","error":',
    afterBody: '}\n',
    body: JSON.stringify({ code: status, message: `HTTP ${status}`, ...error?.error }),
  }
}

const BRACE = 123

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
