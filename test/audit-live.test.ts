import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startEmulator } from '../src/emulator/index.ts'
import { auditLive, NoAdminKey, UsageError, VendorUnavailable } from '../src/index.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const monday = Date.parse('2026-10-05T00:00:00Z')
const now = monday + 28 * DAY
const keys = { OPENAI_ADMIN_KEY: 'sk-admin-1', ANTHROPIC_ADMIN_KEY: 'sk-ant-admin-1' }

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

/** Vendors of our own making, who answer each path by a function. */
async function vendors(answer: (asked: Asked) => unknown) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://vendor')
    const call = { method: request.method ?? '', path: pathname, query: searchParams, headers: request.headers }
    asked.push(call)
    const body = answer(call)
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { error: { message: 'Not found' } }))
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, env: { ...keys, OPENAI_BASE_URL: `${url}/v1`, ANTHROPIC_BASE_URL: url } }
}

/** Pages of 168 hours, a cursor of the vendor's own between them. */
function paged(query: URLSearchParams, from: number, bucket: (at: number) => unknown) {
  const until = Math.min(from + 168 * HOUR, now)
  const hours = Array.from({ length: (until - from) / HOUR }, (_, hour) => bucket(from + hour * HOUR))
  expect(query.get('bucket_width')).toBe('1h')
  expect(query.get('limit')).toBe('168')
  return {
    data: hours,
    has_more: until < now,
    next_page: until < now ? `page_${Buffer.from(String(until)).toString('base64')}` : null,
  }
}

const pageOf = (query: URLSearchParams): number | undefined => {
  const page = query.get('page')
  return page === null ? undefined : Number(Buffer.from(page.slice(5), 'base64').toString())
}

/** An organization whose key `key_night` works at 03:00, and whose `key_day` in office hours. */
function openaiHour(at: number) {
  const [hour, day] = [new Date(at).getUTCHours(), new Date(at).getUTCDay()]
  const use = (api_key_id: string, requests: number, more = {}) => ({
    object: 'organization.usage.completions.result',
    input_tokens: requests * 1000,
    input_cached_tokens: 0,
    output_tokens: requests * 100,
    num_model_requests: requests,
    project_id: 'proj_1',
    api_key_id,
    model: 'gpt-5-mini-2025-08-07',
    batch: false,
    service_tier: 'default',
    ...more,
  })
  const results = [
    ...(hour === 3 ? [use('key_night', 10_000)] : []),
    ...(hour === 4 ? [use('key_night', 10_000, { batch: true })] : []),
    ...(hour >= 9 && hour < 18 && day > 0 && day < 6 ? [use('key_day', 500)] : []),
  ]
  return { object: 'bucket', start_time: at / 1000, end_time: (at + HOUR) / 1000, results }
}

function openaiAnswer({ path, query }: Asked): unknown {
  const from = pageOf(query) ?? Number(query.get('start_time')) * 1000
  if (path === '/v1/organization/usage/completions') return { object: 'page', ...paged(query, from, openaiHour) }
  if (path === '/v1/organization/usage/embeddings')
    return { object: 'page', data: [], has_more: false, next_page: null }
  if (path !== '/v1/organization/costs') return undefined
  const results = [
    { object: 'organization.costs.result', amount: { value: '215.5000000000', currency: 'usd' }, line_item: null },
  ]
  return {
    object: 'page',
    data: [{ object: 'bucket', start_time: 0, end_time: 86_400, results }],
    has_more: false,
    next_page: null,
  }
}

function anthropicAnswer({ path, query }: Asked): unknown {
  if (path !== '/v1/organizations/usage_report/messages') return undefined
  const from = pageOf(query) ?? Date.parse(query.get('starting_at') ?? '')
  return paged(query, from, (at) => ({
    starting_at: new Date(at).toISOString(),
    ending_at: new Date(at + HOUR).toISOString(),
    results: [
      {
        uncached_input_tokens: 100_000,
        cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
        cache_read_input_tokens: 0,
        output_tokens: 10_000,
        server_tool_use: { web_search_requests: 0 },
        api_key_id: 'apikey_loop',
        workspace_id: null,
        model: 'claude-haiku-4-5-20251001',
        service_tier: 'standard',
        context_window: '0-200k',
        inference_geo: 'global',
      },
    ],
  }))
}

describe('what vendors report themselves', () => {
  test('hours are read over all pages, with the administrator’s key, and nothing but read', async () => {
    const { asked, env } = await vendors((call) => openaiAnswer(call) ?? anthropicAnswer(call))
    await auditLive(['openai', 'anthropic'], { since: monday, now, env, zone: 'UTC' })
    expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET']))
    const usage = asked.filter(({ path }) => path.endsWith('/completions'))
    expect(usage.length).toBe(4)
    expect(usage[0]?.query.getAll('group_by')).toEqual(
      expect.arrayContaining(['model', 'api_key_id', 'project_id', 'batch', 'service_tier']),
    )
    expect(usage[0]?.headers.authorization).toBe('Bearer sk-admin-1')
    const messages = asked.filter(({ path }) => path.endsWith('/messages'))
    expect(messages.length).toBe(4)
    expect(messages[0]?.query.getAll('group_by[]')).toEqual(
      expect.arrayContaining(['model', 'api_key_id', 'service_tier']),
    )
    expect(messages[0]?.headers).toMatchObject({
      'x-api-key': 'sk-ant-admin-1',
      'anthropic-version': expect.any(String),
    })
  })

  test('a key with the rhythm of a machine is found by its hours; what is batch already is told apart', async () => {
    const { env } = await vendors(openaiAnswer)
    const report = await auditLive(['openai'], { since: monday, now, env, zone: 'UTC' })
    // 28 nights × 10,000 × (1,000 × 0.25 + 100 × 2) / 10^6 at full price, and as much again at half
    expect(report.usd).toMatchObject({ discounted: '63', candidates: '126' })
    const night = report.groups.find(({ key }) => key === 'key_night')
    expect(night).toMatchObject({ confidence: 'high', usd: { paid: '189' } })
    expect(report.groups.find(({ key }) => key === 'key_day')?.confidence).toBe('people')
    expect(report.plan).toMatchObject([
      { move: 'batch', confidence: 'high', usdMonth: '67.5', question: expect.stringContaining('key_night') },
    ])
    expect(report.rule.text).toContain('× 50 % = 67.5')
    expect(report.week?.length).toBe(168)
  })

  test('a loop that never sleeps is found in tokens where requests are not counted', async () => {
    const { env } = await vendors(anthropicAnswer)
    const report = await auditLive(['anthropic'], { since: monday, now, env, zone: 'UTC' })
    expect(report.groups).toMatchObject([{ key: 'apikey_loop', requests: null, confidence: 'medium' }])
    // 672 hours × (0.1 M × 1 + 0.01 M × 5)
    expect(report.usd.paid).toBe('100.8')
    expect(report.plan[0]).toMatchObject({ move: 'batch', usdMonth: '54' })
  })

  test('the vendor’s own cost report stands beside our figures, and one that cannot be read stops nothing', async () => {
    const told = await vendors(openaiAnswer)
    const report = await auditLive(['openai'], { since: monday, now, env: told.env, zone: 'UTC' })
    expect(report.usd.reported).toBe('215.5')
    expect(report.basis[0]).toMatch(
      /^The vendors' own cost reports say 215.50 USD for these days, .* % (more|less) than these figures/,
    )
    const both = await vendors((call) => openaiAnswer(call) ?? anthropicAnswer(call))
    const partly = await auditLive(['openai', 'anthropic'], { since: monday, now, env: both.env, zone: 'UTC' })
    expect(partly.usd.reported).toBeNull()
    expect(partly.basis[0]).toMatch(/^The cost report of anthropic is left out: .*HTTP 404/)
  })

  test('without an administrator’s key, or at a vendor without reports, it says what is wanted', async () => {
    await expect(auditLive(['openai'], { since: monday, env: { OPENAI_API_KEY: 'sk-1' } })).rejects.toThrow(NoAdminKey)
    await expect(auditLive(['openai'], { since: monday, env: {} })).rejects.toThrow('OPENAI_ADMIN_KEY is not set')
    await expect(auditLive(['gemini'], { since: monday, env: keys })).rejects.toThrow(UsageError)
    const { env } = await vendors(() => undefined)
    await expect(auditLive(['openai'], { since: monday, now, env })).rejects.toThrow(VendorUnavailable)
  })
})

test('usage of the emulated vendors, priced by us, is their bill', async () => {
  const emulator = await startEmulator({ latency: { medianSeconds: 0, validatingSeconds: 0, finalizingSeconds: 0 } })
  try {
    const { openai, anthropic } = emulator.baseUrls
    const post = async (url: string, body: unknown, headers = {}): Promise<Record<string, string>> => {
      const form = body instanceof FormData
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...(form ? {} : { 'content-type': 'application/json' }), ...headers },
        body: form ? body : JSON.stringify(body),
      })
      expect(answer.status).toBe(200)
      return (await answer.json()) as Record<string, string>
    }
    const bearer = { authorization: 'Bearer sk-1' }
    const messages = [{ role: 'user', content: 'Which of these two is longer? '.repeat(40) }]
    const body = { model: 'gpt-5-mini', messages }
    await post(`${openai}/chat/completions`, body, bearer)
    await post(`${openai}/chat/completions`, { ...body, service_tier: 'flex' }, bearer)
    emulator.advance(2 * 3600)
    await post(`${openai}/chat/completions`, body, bearer)
    const rows = [1, 2, 3].map((row) =>
      JSON.stringify({ custom_id: `r${row}`, method: 'POST', url: '/v1/chat/completions', body }),
    )
    const file = new FormData()
    file.set('purpose', 'batch')
    file.set('file', new Blob([rows.join('\n')]), 'rows.jsonl')
    const { id } = await post(`${openai}/files`, file, bearer)
    const create = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' }
    await post(`${openai}/batches`, create, bearer)
    const claude = { model: 'claude-haiku-4-5', max_tokens: 100, messages }
    await post(`${anthropic}/v1/messages`, claude, { 'x-api-key': 'sk-ant-1', 'anthropic-version': '2023-06-01' })
    emulator.advance(3600)

    const env = { ...keys, OPENAI_BASE_URL: openai, ANTHROPIC_BASE_URL: anthropic }
    const window = { since: emulator.now() - DAY, now: emulator.now(), env, zone: 'UTC' }
    const { usd, groups } = await auditLive(['openai', 'anthropic'], window)
    const bill = await emulator.bill()
    expect(usd.paid).toBe(bill.usd)
    expect(Number(usd.discounted)).toBeGreaterThan(0)
    expect(groups.find(({ model }) => model === 'gpt-5-mini')?.requests).toBe(6)
  } finally {
    await emulator.close()
  }
})
