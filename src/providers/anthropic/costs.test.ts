import { describe, expect, test } from 'vitest'
import type { HttpRequest } from '../../kit/http.ts'
import type { Call } from '../contract.ts'
import { costs } from './costs.ts'

const result = (amount: string, more: object = {}) => ({
  amount,
  context_window: '0-200k',
  cost_type: 'tokens',
  currency: 'USD',
  description: 'Claude Haiku 4.5 Usage - Input Tokens',
  inference_geo: 'not_available',
  model: 'claude-haiku-4-5-20251001',
  service_tier: 'batch',
  token_type: 'uncached_input_tokens',
  workspace_id: null,
  ...more,
})
const bucket = (day: number, ...results: object[]) => ({
  starting_at: `2026-11-0${day}T00:00:00Z`,
  ending_at: `2026-11-0${day + 1}T00:00:00Z`,
  results,
})

describe('a cost report of Anthropic', () => {
  test('counts in cents, as decimal text', () => {
    const page = { data: [bucket(1, result('123.78912'))], has_more: false, next_page: null }
    expect(costs.read(JSON.stringify(page))?.lines).toEqual([
      expect.objectContaining({
        day: '2026-11-01',
        model: 'claude-haiku-4-5-20251001',
        tier: 'batch',
        nanoUsd: 1_237_891_200n,
      }),
    ])
  })

  test('charges searches to no model', () => {
    const search = result('100', {
      cost_type: 'web_search',
      model: null,
      service_tier: null,
      description: 'Web Search Usage',
    })
    expect(costs.read(JSON.stringify([bucket(1, search)]))?.lines).toMatchObject([
      { model: 'web search', tier: null, nanoUsd: 1_000_000_000n },
    ])
  })

  test('comes as the CSV of the console too, in dollars, its models named as people name them', () => {
    const csv =
      'usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type\n' +
      '2026-11-04,Claude Haiku 4.5,Default,key,message,≤ 200k,input_no_cache,0.05,0.05,token\n' +
      '2026-11-04,Claude Opus 5,Default,key,message_batch,≤ 200k,output,1.02,2.04,token\n' +
      '2026-11-04,,Default,key,web_search,,,0.01,0.01,web_search\n'
    expect(costs.read(csv)?.lines).toMatchObject([
      { model: 'claude-haiku-4-5', tier: 'standard', nanoUsd: 50_000_000n },
      { model: 'claude-opus-5', tier: 'batch', nanoUsd: 1_020_000_000n },
      { model: 'web search', tier: null, nanoUsd: 10_000_000n },
    ])
  })

  test('is read with the admin key, page by page, and covers the days without costs too', async () => {
    const asked: HttpRequest[] = []
    const pages = [
      { data: [bucket(1, result('1'))], has_more: true, next_page: 'two' },
      { data: [bucket(2, result('2'))], has_more: false, next_page: null },
    ]
    const report = await costs.live?.(
      callThat(async (request) => {
        asked.push(request)
        return { status: 200, headers: {}, text: '', json: pages[asked.length - 1], retryAfterMs: undefined }
      }),
      Date.parse('2026-10-31T15:00:00Z'),
    )
    expect(report).toMatchObject({ from: '2026-10-31', to: '2026-11-06' })
    expect(report?.lines.map(({ nanoUsd }) => nanoUsd)).toEqual([10_000_000n, 20_000_000n])
    expect(asked.map(({ url }) => new URL(url).searchParams.get('page'))).toEqual([null, 'two'])
    expect(new URL(asked[0]?.url ?? '').searchParams.get('starting_at')).toBe('2026-10-31T00:00:00Z')
    expect(asked[0]?.headers).toMatchObject({ 'x-api-key': 'sk-ant-admin', 'anthropic-version': '2023-06-01' })
  })

  test('that the key may not read says which key it wants', async () => {
    const json = { error: { message: 'Admin API key required' } }
    const call = callThat(async () => ({ status: 403, headers: {}, text: '', json, retryAfterMs: undefined }))
    await expect(costs.live?.(call, 0)).rejects.toThrow(/Admin API key required.*ANTHROPIC_ADMIN_KEY/)
  })
})

const callThat = (answer: Call['http']['call']): Call =>
  ({
    baseUrl: 'https://api.anthropic.com',
    apiKey: 'sk-ant-admin',
    headers: {},
    http: { call: answer, vendorNow: () => Date.parse('2026-11-05T09:00:00Z') },
  }) as unknown as Call
