import { STATUS_CODES } from 'node:http'
import type { Tier } from '../../domain/usage.ts'
import { MINUTE } from '../../kit/clock.ts'
import { retryAfterOf } from '../../kit/http.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, ReplyRow, SyncLane, Verdict, Wording } from '../contract.ts'
import { modelPath, publisherOf } from './models.ts'
import { scanRow } from './scanner.ts'
import { envelopeOf, refusalOf } from './wire.ts'

/** Calls one by one. Tiers are asked for by a header, and sold on the global endpoint only; Claude has but one. */
export const sync = {
  flex: laneOf('flex'),
  standard: laneOf('standard'),
  priority: laneOf('priority'),
} satisfies Partial<Record<Tier, SyncLane>>

type SoldTier = 'flex' | 'standard' | 'priority'

function laneOf(tier: SoldTier): SyncLane {
  return {
    limits: {
      endpoints: tier === 'standard' ? [':generateContent', '/v1/messages'] : [':generateContent'],
      endpointsOf: (model) => {
        if (publisherOf(model) === 'google') return [':generateContent']
        return tier === 'standard' ? ['/v1/messages'] : []
      },
      bodyBytesMax: 20_000_000, // Flex PayGo page: 20 MB
      answerMs: (tier === 'flex' ? 21 : 11) * MINUTE, // Flex PayGo page: twenty minutes, unless told otherwise
      concurrencyStart: 8,
      concurrencyMax: 256,
    },
    word: (call, endpoint, model) => wordingOf(call, endpoint, model, tier),
    read: (reply) => read(reply, tier),
    rates: () => [], // a shared pool: there are none
    row,
    lostRow: (id, why, message) =>
      rowOf(id, { status: `${STATUS_CODES[why === 'timeout' ? 504 : 503]}: ${message.replaceAll('{', '(')}` }),
    blanksModel: true,
    ...(tier === 'standard' ? {} : { soldAt: (baseUrl: string) => baseUrl.includes('/locations/global') }),
    scanRow,
    scanner: new URL(import.meta.url.endsWith('.ts') ? './scanner.ts' : './scanner.js', import.meta.url),
    ownRows: true,
  }
}

/** A version stands behind an `@`, which the official client leaves as it is. */
const segmentOf = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@')

const isClaude = (endpoint: string): boolean => endpoint === '/v1/messages'

function wordingOf(call: Call, endpoint: string, model: string, tier: SoldTier): Wording {
  const path = modelPath(model)
  const tuned = path.startsWith('projects/')
  // The base URL ends with project and location; a tuned model's path has its own.
  const root = call.baseUrl.replace(/\/+$/, '').replace(tuned ? /\/projects\/[^/]+\/locations\/[^/]+$/ : /$^/, '')
  return {
    url: `${root}/${path.split('/').map(segmentOf).join('/')}${isClaude(endpoint) ? ':rawPredict' : endpoint}`,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'redeye',
      // Without `shared`, capacity that the project has bought ahead is used first.
      ...(tier === 'standard'
        ? {}
        : { 'x-vertex-ai-llm-request-type': 'shared', 'x-vertex-ai-llm-shared-request-type': tier }),
      ...call.headers,
      ...(call.authorize === undefined ? { authorization: `Bearer ${call.apiKey}` } : {}),
    },
    ...(isClaude(endpoint) ? { members: [{ names: ['anthropic_version'], json: '"vertex-2023-10-16"' }] } : {}),
  }
}

function read(reply: Reply, tier: SoldTier): Verdict {
  const { status, body, headers } = reply
  if (status >= 200 && status < 300 && body[0] === BRACE) return { kind: 'final' }
  const json = parsed(body)
  const error = envelopeOf(json)
  const message = error?.message ?? `HTTP ${status}, ${headers['content-type'] ?? 'no content type'}`
  const retryAfterMs = retryAfterOf(headers as Record<string, string>, Date.parse(headers['date'] ?? ''))
  const again = (why: (Verdict & { kind: 'again' })['why'], perhapsBilled: boolean): Verdict => ({
    kind: 'again',
    why,
    perhapsBilled,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
  if (status >= 200 && status < 300) return again('trouble', true)
  const refusal = refusalOf({ status, json, retryAfterMs }, 0)
  if (refusal?.kind === 'billing' || refusal?.kind === 'credentials')
    return { kind: 'halt', why: refusal.kind, message }
  // The pool is shared with everybody: what is full is the tier, not a quota of ours.
  if (status === 429) return again(tier === 'flex' ? 'drought' : 'rate', false)
  if (status === 503 || status === 529)
    return again(tier === 'flex' && error !== undefined ? 'drought' : 'overloaded', false)
  // Requests that fail with 400 or 500 are not charged; whoever gave up waiting knows nothing.
  if (status >= 500 || [408, 409, 499].includes(status))
    return again('trouble', error === undefined || [408, 499, 504].includes(status))
  return error === undefined ? again('trouble', false) : { kind: 'final' }
}

/** As predictions of Claude have it; an id at the top is read for Gemini too. */
function row({ status, body }: Reply): ReplyRow {
  const answered = status >= 200 && status < 300
  const beforeId = `{"custom_id":"`
  if (answered) return { beforeId, afterId: '","response":', afterBody: ',"status":""}\n' }
  const json = parsed(body)
  const words = json === undefined ? 'no JSON' : JSON.stringify(json)
  return {
    beforeId,
    afterId: '","response":{},"status":',
    afterBody: '}\n',
    body: JSON.stringify(`${STATUS_CODES[status] ?? status}: ${words}`),
  }
}

const rowOf = (id: string, rest: object): string => `${JSON.stringify({ custom_id: id, response: {}, ...rest })}\n`

const BRACE = 123

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
