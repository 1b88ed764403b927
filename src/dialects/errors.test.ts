import { describe, expect, test } from 'vitest'
import { translateError } from './errors.ts'
import type { DialectName } from './translation.ts'

const anthropic = (type: string) => ({ type: 'error', error: { type, message: 'M' }, request_id: null })
const openai = (type: string, code: string | null) => ({ error: { message: 'M', type, param: null, code } })
const gemini = (code: number, status?: string) => ({ error: { code, message: 'M', ...(status && { status }) } })

/** What the same failure is called on each side. */
const rows: [string, [number, object], [number, object], [number, object]][] = [
  [
    'bad request',
    [400, openai('invalid_request_error', null)],
    [400, anthropic('invalid_request_error')],
    [400, gemini(400, 'INVALID_ARGUMENT')],
  ],
  [
    'bad key',
    [401, openai('invalid_request_error', 'invalid_api_key')],
    [401, anthropic('authentication_error')],
    [401, gemini(401, 'UNAUTHENTICATED')],
  ],
  [
    'no permission',
    [403, openai('invalid_request_error', null)],
    [403, anthropic('permission_error')],
    [403, gemini(403, 'PERMISSION_DENIED')],
  ],
  [
    'not found',
    [404, openai('invalid_request_error', null)],
    [404, anthropic('not_found_error')],
    [404, gemini(404, 'NOT_FOUND')],
  ],
  [
    'rate limit',
    [429, openai('requests', 'rate_limit_exceeded')],
    [429, anthropic('rate_limit_error')],
    [429, gemini(429, 'RESOURCE_EXHAUSTED')],
  ],
  ['server error', [500, openai('server_error', null)], [500, anthropic('api_error')], [500, gemini(500, 'INTERNAL')]],
  [
    'overloaded',
    [503, openai('service_unavailable_error', 'server_is_overloaded')],
    [529, anthropic('overloaded_error')],
    [503, gemini(503, 'UNAVAILABLE')],
  ],
  [
    'time-out',
    [504, openai('server_error', 'request_timeout')],
    [504, anthropic('timeout_error')],
    [504, gemini(504, 'DEADLINE_EXCEEDED')],
  ],
]
const dialects: DialectName[] = ['openai-chat', 'anthropic', 'gemini']

describe.each(rows)('%s', (_name, ...sides) => {
  test.each(dialects.flatMap((from, one) => dialects.map((to, other) => ({ from, to, one, other }))))(
    '$from → $to',
    ({ from, to, one, other }) => {
      const [status, body] = sides[one] as [number, object]
      const [expected, envelope] = sides[other] as [number, object]
      const said = translateError(from, to, status, body)
      expect(said.status).toBe(expected)
      expect(said.body).toMatchObject(envelope)
      if (from !== to) expect(said.body['redeye']).toMatchObject({ dialect: from, error: { message: 'M' } })
    },
  )
})

test('no money is 402 at Anthropic and insufficient_quota at OpenAI', () => {
  expect(
    translateError('openai-chat', 'anthropic', 429, openai('insufficient_quota', 'insufficient_quota')),
  ).toMatchObject({
    status: 402,
    body: { error: { type: 'billing_error' } },
  })
  expect(translateError('anthropic', 'openai-chat', 402, anthropic('billing_error'))).toMatchObject({
    status: 429,
    body: { error: { code: 'insufficient_quota' } },
  })
})

test('a row of Gemini holds the code of the RPC, or of HTTP', () => {
  expect(translateError('gemini', 'anthropic', 500, { code: 8, message: 'M' })).toMatchObject({ status: 429 })
  expect(translateError('gemini', 'openai-chat', 500, { code: 3, message: 'M' })).toMatchObject({ status: 400 })
  expect(translateError('gemini', 'openai-chat', 500, { code: 404, message: 'M' })).toMatchObject({ status: 404 })
})

test('an error that is no JSON is told by its status', () => {
  expect(translateError('openai-chat', 'anthropic', 502, '<html>')).toMatchObject({
    status: 500,
    body: { error: { type: 'api_error', message: 'The vendor answered with status 502.' } },
  })
  expect(translateError('anthropic', 'openai-chat', 418, null)).toMatchObject({ status: 400 })
})
