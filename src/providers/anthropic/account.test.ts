import { describe, expect, test } from 'vitest'
import { UsageError } from '../../domain/errors.ts'
import { clockAt } from '../../kit/clock.ts'
import type { Http, HttpAnswer, HttpRequest } from '../../kit/http.ts'
import { accountFrom, headersFrom } from './account.ts'
import { batch } from './batch.ts'
import { sync } from './sync.ts'

/** Headers of a call as an environment has them. */
async function headersOf(environment: Record<string, string>, apiKey = ''): Promise<HttpRequest['headers']> {
  const sent: HttpRequest[] = []
  const answer: HttpAnswer = { status: 404, headers: {}, text: '{}', json: {}, retryAfterMs: undefined }
  const http = { call: async (request: HttpRequest) => (sent.push(request), answer) } as unknown as Http
  const { headers = {}, authorize } = accountFrom(environment)
  const more = { ...headersFrom(environment), ...headers }
  const call = { baseUrl: 'https://api.anthropic.com', apiKey, headers: more, http, clock: clockAt() }
  await batch.poll({ ...call, ...(authorize && { authorize }) }, 'msgbatch_1')
  return sent[0]?.headers
}

describe('An account at Anthropic', () => {
  test('has a key, which goes in a header of its own', async () => {
    const headers = await headersOf({ ANTHROPIC_API_KEY: 'sk-ant-1' }, 'sk-ant-1')
    expect(headers).toMatchObject({ 'x-api-key': 'sk-ant-1', 'anthropic-version': '2023-06-01' })
    expect(headers).not.toHaveProperty('authorization')
  })

  test('has a token, which is borne', async () => {
    const headers = await headersOf({ ANTHROPIC_API_KEY: ' ', ANTHROPIC_AUTH_TOKEN: 'token-1\n' })
    expect(headers).toMatchObject({ authorization: 'Bearer token-1' })
    expect(headers).not.toHaveProperty('x-api-key')
  })

  test('is called message by message with the same: a token goes without an empty key beside it', () => {
    const http = {} as Http
    const call = { baseUrl: 'https://api.anthropic.com', apiKey: '', headers: { a: '1' }, http, clock: clockAt() }
    const { authorize = async () => ({}) } = accountFrom({ ANTHROPIC_AUTH_TOKEN: 'token-1' })
    const { headers } = sync.standard.word({ ...call, authorize }, '/v1/messages', 'claude-haiku-4-5')
    expect(headers).toHaveProperty('a')
    expect(headers).not.toHaveProperty('x-api-key')
    expect(sync.standard.word({ ...call, apiKey: 'k' }, '/v1/messages', 'claude-haiku-4-5').headers).toMatchObject({
      'x-api-key': 'k',
    })
  })

  test('has both, and the key counts', () => {
    expect(accountFrom({ ANTHROPIC_API_KEY: 'sk-ant-1', ANTHROPIC_AUTH_TOKEN: 'token-1' })).not.toHaveProperty(
      'authorize',
    )
  })

  test('has headers of its own, which go before ours', async () => {
    const ANTHROPIC_CUSTOM_HEADERS =
      'Anthropic-Beta: one-2026-01-01,two-2026-02-02\n# no header\n anthropic-version : 2026-10-21 '
    expect(await headersOf({ ANTHROPIC_CUSTOM_HEADERS })).toMatchObject({
      'anthropic-beta': 'one-2026-01-01,two-2026-02-02',
      'anthropic-version': '2026-10-21',
    })
  })

  test('is another one in another workspace, and the same with other betas', () => {
    const of = (ANTHROPIC_CUSTOM_HEADERS: string) => headersFrom({ ANTHROPIC_CUSTOM_HEADERS })
    expect(of('anthropic-workspace-id: wrkspc_1')).toEqual({ 'anthropic-workspace-id': 'wrkspc_1' })
    expect(of('anthropic-beta: one-2026-01-01')).toEqual(of(''))
  })

  test.each(['a b: c', ': c', 'a: \u{1f600}'])('has no header %j', (ANTHROPIC_CUSTOM_HEADERS) => {
    expect(() => accountFrom({ ANTHROPIC_CUSTOM_HEADERS })).toThrow(UsageError)
  })
})
