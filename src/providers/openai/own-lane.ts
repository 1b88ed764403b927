import { HOUR } from '../../kit/clock.ts'
import { retryAfterOf } from '../../kit/http.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, SyncLane, Verdict, Wording } from '../contract.ts'
import { scanner, scanRow } from '../file-lane/scanner.ts'
import { lostRow, replyRow } from './reply-row.ts'

/**
 * An engine of the user's own that speaks as OpenAI does: vLLM, SGLang, Ollama, llama.cpp. It knows no tiers, bills and
 * quotas; what it says with an error differs from one to the next, so only the status is read.
 */
const idle: SyncLane = {
  limits: {
    endpoints: ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'],
    bodyBytesMax: 64 * 1024 * 1024,
    answerMs: HOUR, // it answers as fast as it can, and nothing is won by asking again
    concurrencyStart: 2,
    concurrencyMax: 256,
  },
  word: wordingOf,
  read,
  rates: () => [],
  row: ({ status, headers, body }) => replyRow(status, headers['x-request-id'] ?? '', body[0] === BRACE),
  lostRow: (id, why, message) => lostRow(id, why === 'timeout' ? 'request_timeout' : 'server_error', message),
  scanRow,
  scanner,
}
export const sync = { idle }

function wordingOf(call: Call, endpoint: string): Wording {
  return {
    url: call.baseUrl.replace(/\/+$/, '') + endpoint.replace(/^\/v1/, ''),
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'user-agent': 'redeye',
      ...call.headers,
      ...(call.apiKey === '' ? {} : { authorization: `Bearer ${call.apiKey}` }),
    },
  }
}

function read({ status, headers, body }: Reply): Verdict {
  const message = `HTTP ${status}, ${wordsOf(body) ?? headers['content-type'] ?? 'no content type'}`
  const retryAfterMs = retryAfterOf(headers as Record<string, string>, Date.parse(headers['date'] ?? ''))
  const again = (why: (Verdict & { kind: 'again' })['why']): Verdict => ({
    kind: 'again',
    why,
    perhapsBilled: false,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
  if (status >= 200 && status < 300) return body[0] === BRACE ? { kind: 'final' } : again('trouble')
  if (status === 401 || status === 403) return { kind: 'halt', why: 'credentials', message }
  if (status === 429) return again('rate')
  if (status === 503) return again('overloaded') // llama.cpp: the model is loading; Ollama: its queue is full
  if (status >= 500 || status === 408) return again('trouble')
  return body[0] === BRACE ? { kind: 'final' } : again('trouble')
}

/** `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}`: each engine has its own. */
function wordsOf(body: Buffer): string | undefined {
  try {
    const json = JSON.parse(body.toString()) as Record<string, unknown>
    const error = json['error'] ?? json
    const words = typeof error === 'string' ? error : ((error as Record<string, unknown>)['message'] ?? json['detail'])
    return typeof words === 'string' ? words.slice(0, 1000) : undefined
  } catch {
    return undefined
  }
}

const BRACE = 123
