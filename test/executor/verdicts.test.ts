import { describe, expect, test } from 'vitest'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import type { SyncLane, Verdict } from '../../src/providers/contract.ts'
import { gemini } from '../../src/providers/gemini/index.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { own } from '../../src/providers/openai/own.ts'
import { vertex } from '../../src/providers/vertex/index.ts'

const read = (lane: SyncLane, status: number, body: unknown, headers: Record<string, string> = {}): Verdict =>
  lane.read({ status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) })
/** In one line: what, why, and `paid?` where it may be. */
const told = (verdict: Verdict): string =>
  verdict.kind === 'final'
    ? 'final'
    : [verdict.kind, verdict.why, verdict.kind === 'again' && verdict.perhapsBilled ? 'paid?' : ''].join(' ').trim()

const error = (code: string | null, message = 'no', type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
})
const typed = (type: string, message = 'no', details?: object) => ({
  type: 'error',
  error: { type, message, ...(details && { details }) },
  request_id: null,
})
const google = (code: number, status: string, message = 'no', details: readonly object[] = []) => ({
  error: { code, message, status, details },
})
const page = '<html>'

describe('What a reply means', () => {
  test.each<[SyncLane, number, unknown, string]>([
    [openai.sync.standard, 200, { id: 'x' }, 'final'],
    [openai.sync.standard, 200, page, 'again trouble paid?'],
    [openai.sync.standard, 400, error('context_length_exceeded'), 'final'],
    [openai.sync.standard, 400, page, 'again trouble'],
    [openai.sync.standard, 404, error('model_not_found'), 'final'],
    [openai.sync.standard, 401, error('invalid_api_key'), 'halt credentials'],
    [openai.sync.standard, 403, error(null), 'halt credentials'],
    [openai.sync.standard, 408, error(null), 'again trouble paid?'],
    [openai.sync.standard, 429, error('rate_limit_exceeded', 'Rate limit reached', 'requests'), 'again rate'],
    [openai.sync.standard, 429, error('slow_down'), 'again rate'],
    [openai.sync.standard, 429, page, 'again rate'],
    [openai.sync.standard, 429, error('rate_limit_exceeded', 'Request too large for gpt-5 on TPM: Limit 1'), 'final'],
    [openai.sync.standard, 429, error('insufficient_quota'), 'halt billing'],
    [openai.sync.standard, 429, error('project_spend_limit_exceeded'), 'halt billing'],
    [openai.sync.flex, 429, error('resource_unavailable', 'Resource Unavailable'), 'again drought'],
    [openai.sync.flex, 429, error(null, 'Resource Unavailable'), 'again drought'],
    [openai.sync.standard, 500, error(null), 'again trouble'],
    [openai.sync.standard, 502, page, 'again trouble paid?'],
    [openai.sync.standard, 503, error('server_is_overloaded'), 'again overloaded'],
    [openai.sync.standard, 504, error(null), 'again trouble paid?'],

    [anthropic.sync.standard, 200, { type: 'message' }, 'final'],
    [anthropic.sync.standard, 400, typed('invalid_request_error'), 'final'],
    [anthropic.sync.standard, 400, typed('invalid_request_error', 'Your credit balance is too low'), 'halt billing'],
    [anthropic.sync.standard, 401, typed('authentication_error'), 'halt credentials'],
    [anthropic.sync.standard, 402, typed('billing_error'), 'halt billing'],
    [anthropic.sync.standard, 404, typed('not_found_error'), 'final'],
    [anthropic.sync.standard, 413, page, 'final'],
    [anthropic.sync.standard, 429, typed('rate_limit_error'), 'again rate'],
    [
      anthropic.sync.standard,
      429,
      typed('rate_limit_error', 'x', { error_code: 'enforced_spend_limit_reached' }),
      'halt billing',
    ],
    [anthropic.sync.standard, 500, typed('api_error'), 'again trouble'],
    [anthropic.sync.standard, 504, typed('timeout_error'), 'again trouble paid?'],
    [anthropic.sync.standard, 529, typed('overloaded_error'), 'again overloaded'],
    [anthropic.sync.standard, 524, page, 'again trouble paid?'],

    [gemini.sync.standard, 400, google(400, 'INVALID_ARGUMENT'), 'final'],
    [gemini.sync.standard, 400, google(400, 'INVALID_ARGUMENT', 'API key not valid.'), 'halt credentials'],
    [gemini.sync.standard, 404, google(404, 'NOT_FOUND', 'models/x is not found'), 'final'],
    [gemini.sync.standard, 429, google(429, 'RESOURCE_EXHAUSTED'), 'again rate'],
    [gemini.sync.standard, 500, google(500, 'INTERNAL'), 'again trouble'],
    [gemini.sync.standard, 503, google(503, 'UNAVAILABLE'), 'again overloaded'],
    [gemini.sync.standard, 504, google(504, 'DEADLINE_EXCEEDED'), 'again trouble paid?'],
    [gemini.sync.flex, 503, google(503, 'UNAVAILABLE'), 'again drought'],
    [gemini.sync.flex, 503, page, 'again overloaded'],
    [gemini.sync.flex, 429, google(429, 'RESOURCE_EXHAUSTED'), 'again drought'],
    [
      gemini.sync.flex,
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'quota', [{ violations: [{ quotaId: 'RequestsPerMinute' }] }]),
      'again rate',
    ],

    [vertex.sync.standard, 400, google(400, 'INVALID_ARGUMENT'), 'final'],
    [vertex.sync.standard, 401, google(401, 'UNAUTHENTICATED'), 'halt credentials'],
    [vertex.sync.standard, 429, google(429, 'RESOURCE_EXHAUSTED'), 'again rate'],
    [vertex.sync.flex, 429, google(429, 'RESOURCE_EXHAUSTED'), 'again drought'],

    [own.sync.idle, 200, { id: 'x' }, 'final'],
    [own.sync.idle, 400, { object: 'error', message: 'too long', code: 400 }, 'final'],
    [own.sync.idle, 401, { error: 'Unauthorized' }, 'halt credentials'],
    [own.sync.idle, 404, { detail: 'Not Found' }, 'final'],
    [own.sync.idle, 500, { error: { message: 'oom' } }, 'again trouble'],
    [own.sync.idle, 503, { error: { code: 503, message: 'Loading model' } }, 'again overloaded'],
  ])('%#: %j %i %j is %s', (lane, status, body, expected) => {
    expect(told(read(lane, status, body))).toBe(expected)
  })

  test('says how long to wait, in each vendor’s way', () => {
    const date = 'Tue, 24 Nov 2026 10:00:00 GMT'
    const wait = (verdict: Verdict) => (verdict.kind === 'again' ? verdict.retryAfterMs : undefined)
    expect(wait(read(openai.sync.standard, 429, error('slow_down'), { 'retry-after': '15' }))).toBe(15_000)
    expect(wait(read(openai.sync.standard, 429, error('slow_down'), { 'retry-after-ms': '250' }))).toBe(250)
    expect(
      wait(read(anthropic.sync.standard, 529, page, { date, 'retry-after': 'Tue, 24 Nov 2026 10:00:07 GMT' })),
    ).toBe(7000)
    const info = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '17.5s' }]
    expect(wait(read(gemini.sync.standard, 429, google(429, 'RESOURCE_EXHAUSTED', 'x', info)))).toBe(17_500)
  })
})

describe('What is left of the rates', () => {
  test('is read from OpenAI’s headers', () => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '200000',
      'x-ratelimit-remaining-tokens': '200',
      'x-ratelimit-reset-tokens': '6m59.94s',
    }
    expect(openai.sync.flex.rates(headers)).toEqual([
      { of: 'requests', limit: 500, left: 499, resetMs: 120 },
      { of: 'tokens', limit: 200_000, left: 200, resetMs: 419_940 },
    ])
    expect(openai.sync.flex.rates({})).toEqual([])
  })

  test('is read from Anthropic’s headers', () => {
    const headers = {
      date: 'Tue, 24 Nov 2026 10:00:00 GMT',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-24T10:01:00Z',
      'anthropic-ratelimit-input-tokens-limit': '30000',
      'anthropic-ratelimit-input-tokens-remaining': '29000',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-24T10:00:02Z',
    }
    expect(anthropic.sync.standard.rates(headers)).toEqual([
      { of: 'requests', limit: 50, left: 0, resetMs: 60_000 },
      { of: 'input', limit: 30_000, left: 29_000, resetMs: 2000 },
    ])
  })
})

describe('How Claude is asked at Google Cloud', () => {
  const call = { baseUrl: 'https://x/v1/projects/p/locations/global', apiKey: '', headers: {} }
  const word = (lane: SyncLane, endpoint: string, model: string) => lane.word(call as never, endpoint, model)

  test('the model is in the address, the edition of the API in the body', () => {
    expect(word(vertex.sync.standard, '/v1/messages', 'claude-haiku-4-5-20251001')).toMatchObject({
      url: 'https://x/v1/projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict',
      members: [{ names: ['anthropic_version'], json: '"vertex-2023-10-16"' }],
    })
  })

  test('and Gemini by the tier in a header', () => {
    const { url, headers } = word(vertex.sync.flex, ':generateContent', 'gemini-3.5-flash')
    expect(url).toBe(
      'https://x/v1/projects/p/locations/global/publishers/google/models/gemini-3.5-flash:generateContent',
    )
    expect(headers).toMatchObject({ 'x-vertex-ai-llm-shared-request-type': 'flex' })
    expect(vertex.sync.flex.limits.endpointsOf?.('claude-opus-5')).toEqual([])
  })
})
