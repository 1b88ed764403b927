import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ask, asks, post, type Request, type Row, read, type Trial, trial } from './anthropic-trial.ts'
import { shapeOf } from './trial.ts'

const fixture = (file: string) =>
  readFileSync(new URL(`../../src/emulator/anthropic/__fixtures__/${file}`, import.meta.url), 'utf8')
const golden = <T = Record<string, unknown>>(name: string) => JSON.parse(fixture(`${name}.json`)) as T
const goldenRows = (name: string) =>
  fixture(`${name}.jsonl`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
const goldenRow = (name: string, id: string) => goldenRows(name).find((row) => row.custom_id === id) as Row

const slow = { latency: { medianSeconds: 1000, sigma: 0 } }
const old = { 'anthropic-version': '2023-06-01' }
const raw = (on: Trial, id: string) => read(on.fetch(`/messages/batches/${id}`))

describe('batches have the shape of the golden ones, nulls included', () => {
  const states: [string, Parameters<typeof trial>[0], number][] = [
    ['batch.in_progress', slow, 100],
    ['batch.ended.all_succeeded', {}, 7200],
    ['batch.ended.all_expired', { scenario: 'expire-none' }, 90_000],
    ['batch.archived', {}, 30 * 86_400],
  ]
  test.each(states)('%s', async (name, options, advance) => {
    const on = await trial(options)
    const { id } = await on.submit(asks(8))
    on.emulator.advance(advance)
    const batch = (await raw(on, id)) as unknown as Record<string, unknown>
    expect(shapeOf(batch)).toEqual(shapeOf(golden(name)))
    expect(batch['processing_status']).toBe(golden(name)['processing_status'])
  })

  test('batch.in_progress.offset_timestamps', async () => {
    const on = await trial({ ...slow, scenario: 'times-with-offset' })
    const batch = (await raw(on, (await on.submit(asks(2))).id)) as unknown as Record<string, string>
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/
    expect(golden<Record<string, string>>('batch.in_progress.offset_timestamps')['created_at']).toMatch(form)
    expect(batch['created_at']).toMatch(form)
    expect(batch['expires_at']).toMatch(form)
  })

  test('batch.canceling and batch.ended.all_canceled', async () => {
    const on = await trial(slow)
    const { id } = await on.submit(asks(1))
    const canceling = await read(on.fetch(`/messages/batches/${id}/cancel`, { method: 'POST' }))
    expect(shapeOf(canceling)).toEqual(shapeOf(golden('batch.canceling')))
    on.emulator.advance(120)
    const ended = (await raw(on, id)) as unknown as Record<string, unknown>
    expect(shapeOf(ended)).toEqual(shapeOf(golden('batch.ended.all_canceled')))
    expect(ended['request_counts']).toEqual({ processing: 0, succeeded: 0, errored: 0, canceled: 1, expired: 0 })
    expect(await on.rows(id)).toEqual([{ custom_id: 'r-0001', result: { type: 'canceled' } }])
    expect(shapeOf(goldenRows('results.all_canceled')[0])).toEqual(shapeOf((await on.rows(id))[0]))
  })

  test('batch.ended.mixed: all four kinds of results in one batch', async () => {
    const on = await trial({ scenario: 'stuck-in-progress:share=0.5+cancel-lag:seconds=4+rows-400:share=0.3' })
    const { id } = await on.submit(asks(60))
    on.emulator.advance(86_400 - 2)
    await on.client.messages.batches.cancel(id)
    const batch = await on.ended(id, 5)
    expect(shapeOf(batch)).toEqual(shapeOf(golden('batch.ended.mixed')))
    expect(batch.ended_at).toBe(batch.expires_at)
    const rows = await on.rows(id)
    const of = (type: string) => rows.filter(({ result }) => result?.type === type)
    for (const type of ['succeeded', 'errored', 'canceled', 'expired'] as const) {
      expect(of(type).length).toBeGreaterThan(0)
      expect(batch.request_counts[type]).toBe(of(type).length)
    }
    expect(shapeOf(of('expired')[0])).toEqual(shapeOf(goldenRow('results.mixed', 'late-1')))
    expect(shapeOf(of('canceled')[0])).toEqual(shapeOf(goldenRow('results.mixed', 'stopped-1')))
    expect(rows).toHaveLength(60)
  })

  test('batch.deleted', async () => {
    const on = await trial()
    const { id } = await on.submit(asks(1))
    await on.ended(id)
    const gone = await read(on.fetch(`/messages/batches/${id}`, { method: 'DELETE' }))
    expect(gone).toEqual({ ...golden('batch.deleted'), id })
  })

  test('list.page1, list.page2 and list.empty', async () => {
    const on = await trial(slow)
    expect(await read(on.fetch('/messages/batches'))).toEqual(golden('list.empty'))
    const ids: string[] = []
    for (let index = 0; index < 3; index++) ids.unshift((await on.submit(asks(2))).id)
    const first = await read(on.fetch('/messages/batches?limit=2'))
    const shape = (page: { data: readonly unknown[] }) => shapeOf({ ...page, data: page.data.slice(0, 1) })
    expect(shape(first)).toEqual(shape(golden('list.page1')))
    expect(first).toMatchObject({ has_more: true, first_id: ids[0], last_id: ids[1] })
    const second = await read(on.fetch(`/messages/batches?limit=2&after_id=${ids[1]}`))
    expect(second).toMatchObject({ has_more: false, first_id: ids[2], last_id: ids[2] })
  })
})

describe('the golden bodies of a create', () => {
  const accepted = ['plain', 'tools', 'vision', 'system_cached', 'system_cached.auto', 'structured_thinking']
  test.each(accepted)('create.%s is accepted, and every request of it succeeds', async (name) => {
    const on = await trial()
    const body = golden<{ requests: Request[] }>(`create.${name}`)
    const { id } = await read(post(on, '/messages/batches', body))
    on.emulator.advance(90_000)
    const rows = await on.rows(id)
    expect(rows.map(({ custom_id }) => custom_id).sort()).toEqual(
      body.requests.map(({ custom_id }) => custom_id).sort(),
    )
    expect(rows.map(({ result }) => result?.error?.error.message ?? result?.type)).toEqual(rows.map(() => 'succeeded'))
  })

  test('create.deferred_invalid is accepted, and ends as batch.ended.all_errored with its very results', async () => {
    const on = await trial()
    const { id } = await read(post(on, '/messages/batches', golden('create.deferred_invalid')))
    const batch = await on.ended(id)
    expect(shapeOf(batch)).toEqual(shapeOf(golden('batch.ended.all_errored')))
    expect(batch.request_counts).toEqual(golden('batch.ended.all_errored')['request_counts'])
    const byId = (rows: readonly Row[]) => rows.toSorted((a, b) => (String(a.custom_id) < String(b.custom_id) ? -1 : 1))
    expect(byId(await on.rows(id))).toEqual(byId(goldenRows('results.all_errored')))
  })

  test('create.beta_300k needs its header, and a batch', async () => {
    const on = await trial()
    const { headers, body } = golden<{ headers: Record<string, string>; body: { requests: Request[] } }>(
      'create.beta_300k',
    )
    const long = await read(post(on, '/messages/batches', body, headers))
    const short = await read(post(on, '/messages/batches', body))
    on.emulator.advance(90_000)
    expect((await on.rows(long.id))[0]?.result?.type).toBe('succeeded')
    expect((await on.rows(short.id))[0]?.result?.error?.error.message).toContain('max_tokens: 300000 > 128000')
    expect((await post(on, '/messages', body.requests[0]?.params, headers)).status).toBe(400)
  })

  const cases = golden<{ cases: { name: string; body: unknown }[] }>('create.sync_rejected').cases
  test.each(cases)('create.sync_rejected: $name', async ({ name, body }) => {
    const on = await trial()
    const expected = golden<{ name: string; status: number; body: object }[]>('errors.create_validation').find(
      (error) => error.name === name,
    )
    const response = await post(on, '/messages/batches', body)
    const answer = await read(response)
    expect(response.status).toBe(expected?.status)
    expect(answer).toEqual({ ...expected?.body, request_id: response.headers.get('request-id') })
    expect((await on.client.messages.batches.list()).data).toEqual([])
  })
})

describe('rows have the shape of the golden ones', () => {
  /** The first answer that is as wanted, among many. */
  async function answer(on: Trial, params: object, isWanted: (row: Row) => boolean = () => true): Promise<Row> {
    const requests = Array.from({ length: 20 }, (_, index) =>
      ask(`r-${index}`, { ...params, messages: [{ role: 'user', content: `Question ${index}` }] }),
    )
    const { id } = await on.submit(requests)
    await on.ended(id)
    const rows = (await on.rows(id)).filter(isWanted)
    if (!rows[0]) throw new Error('no such row')
    return rows[0]
  }
  const kinds = (row: Row) => row.result?.message?.content.map(({ type }) => type).join(' ')
  const opus = { model: 'claude-opus-5', max_tokens: 2048 }
  const shared = {
    type: 'text',
    text: 'shared reference '.repeat(300),
    cache_control: { type: 'ephemeral', ttl: '1h' },
  }
  const structured = (golden<{ requests: Request[] }>('create.structured_thinking').requests[0] as Request).params
  const search = [{ type: 'web_search_20250305', name: 'web_search' }]

  const features: [string, object, ((row: Row) => boolean)?, string?][] = [
    ['cached-writer', { ...opus, system: [shared] }, (row) => kinds(row) === 'text'],
    [
      'thinking-1',
      { ...opus, thinking: { type: 'adaptive', display: 'summarized' } },
      (row) => kinds(row) === 'thinking text',
    ],
    ['structured-1', structured, (row) => kinds(row) === 'text'],
    ['truncated-1', { ...opus, max_tokens: 5 }, (row) => kinds(row) === 'thinking'],
    ['refused-1', opus, () => true, 'rows-refusal:1'],
    ['stopseq-1', { ...opus, stop_sequences: ['e '], thinking: { type: 'disabled' } }],
    ['search-paused-1', { ...opus, tools: search }, (row) => kinds(row)?.startsWith('server') ?? false, 'rows-pause:1'],
  ]
  test.each(features)('results.features: %s', async (id, params, isWanted, scenario) => {
    const row = await answer(await trial(scenario ? { scenario } : {}), params, isWanted)
    const expected = goldenRow('results.features', id)
    expect(shapeOf(row)).toEqual(shapeOf(expected))
    expect(row.result?.message?.stop_reason).toBe(expected.result?.message?.stop_reason)
    expect(kinds(row)).toBe(kinds(expected))
  })

  test('results.mixed: the older version says less', async () => {
    const on = await trial({ scenario: 'rows-500:share=0.3' })
    const { id } = await read(post(on, '/messages/batches', { requests: asks(40) }, old))
    await on.ended(id)
    const rows = await on.rows(id)
    const of = (type: string) => rows.find(({ result }) => result?.type === type)
    expect(shapeOf(of('succeeded'))).toEqual(shapeOf(goldenRow('results.mixed', 'plain-1')))
    expect(of('errored')?.result).toMatchObject({
      ...goldenRow('results.mixed', 'server-fault-1').result,
      error: {
        error: { type: 'api_error', message: 'Internal server error' },
        request_id: expect.stringMatching(/^req_/) as string,
      },
    })
  })

  test('results.mixed: two tools in parallel, after a word', async () => {
    const on = await trial()
    const { params } = golden<{ requests: Request[] }>('create.tools').requests[0] as Request
    const wanted = 'text tool_use tool_use'
    const { id } = await read(
      post(
        on,
        '/messages/batches',
        {
          requests: Array.from({ length: 40 }, (_, index) =>
            ask(`t-${index}`, { ...params, metadata: { user_id: `${index}` } }),
          ),
        },
        old,
      ),
    )
    await on.ended(id)
    const row = (await on.rows(id)).find((each) => kinds(each) === wanted)
    const expected = goldenRow('results.mixed', 'tools-parallel-1')
    const shapes = (each: Row | undefined) =>
      each?.result?.message?.content.map((block) => shapeOf({ ...block, input: {} }))
    expect(shapes(row)).toEqual(shapes(expected))
    expect(shapeOf({ ...row?.result?.message, content: [] })).toEqual(
      shapeOf({ ...expected.result?.message, content: [] }),
    )
    const inputs = row?.result?.message?.content.slice(1) as { name: string; input: { city: string } }[]
    expect(inputs.map(({ name }) => name)).toEqual(['get_weather', 'get_time'])
    expect(inputs.every(({ input }) => typeof input.city === 'string')).toBe(true)
  })

  test('results.mixed: the sparse form', async () => {
    const on = await trial({ scenario: 'rows-sparse:1' })
    const { id } = await read(post(on, '/messages/batches', { requests: asks(1) }, old))
    await on.ended(id)
    expect(shapeOf((await on.rows(id))[0])).toEqual(shapeOf(goldenRow('results.mixed', 'plain-2')))
  })

  test('results.mixed: a URL that cannot be fetched', async () => {
    const on = await trial({ scenario: 'urls-blocked' })
    const { id } = await read(post(on, '/messages/batches', golden('create.vision')))
    await on.ended(id)
    const rows = await on.rows(id)
    const blocked = rows.find(({ custom_id }) => custom_id === 'vision-url-1')
    const expected = goldenRow('results.mixed', 'vision-url-1')
    expect(blocked?.result?.error?.error).toEqual(expected.result?.error?.error)
    expect(blocked?.result?.error?.request_id).toMatch(/^workerreq_/)
    expect(rows.filter(({ result }) => result?.type === 'errored')).toHaveLength(1)
  })
})

describe('headers and counts', () => {
  test('http.headers: what every answer carries', async () => {
    const on = await trial(slow)
    const { id } = await on.submit(asks(1))
    const response = await on.fetch(`/messages/batches/${id}`)
    const headers = golden<Record<string, Record<string, string>>>('http.headers')
    for (const name of Object.keys({
      ...headers['server_json_response'],
      ...headers['server_poll_in_progress_extra'],
    })) {
      expect(response.headers.get(name), name).not.toBeNull()
    }
    expect(response.headers.get('retry-after')).toBe('10')
    expect(response.headers.get('request-id')).toMatch(/^req_01/)
    await on.ended(id)
    expect((await on.fetch(`/messages/batches/${id}`)).headers.get('retry-after')).toBeNull()
    const results = await on.fetch(`/messages/batches/${id}/results`)
    expect(results.headers.get('content-type')).toBe(headers['server_results_response']?.['content-type'])
    await results.text()
  })

  test('count_tokens', async () => {
    const on = await trial()
    const { request, response } = golden<{ request: unknown; response: object }>('count_tokens')
    expect(shapeOf(await read(post(on, '/messages/count_tokens', request)))).toEqual(shapeOf(response))
  })
})
