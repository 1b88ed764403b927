import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { type Emulator, startEmulator } from '../../src/emulator/index.ts'

const DAY = 86_400

/** A vendor with a call a day on three days. */
async function threeDays(call: (emulator: Emulator) => Promise<Response>): Promise<Emulator> {
  const emulator = await startEmulator({ startAt: new Date('2026-11-01T12:00:00Z') })
  for (let day = 0; day < 3; day++) {
    expect((await call(emulator)).status).toBe(200)
    if (day < 2) emulator.advance(DAY)
  }
  return emulator
}

const post = (url: string, headers: Record<string, string>, body: object): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

const ask = { messages: [{ role: 'user', content: 'Say something.' }] }

test('OpenAI’s costs come by day, a page at a time, as the official client reads them', async () => {
  const emulator = await threeDays(({ baseUrls }) =>
    post(`${baseUrls.openai}/chat/completions`, { authorization: 'Bearer sk-x' }, { model: 'gpt-5.4-mini', ...ask }),
  )
  try {
    const { usage } = new OpenAI({ adminAPIKey: 'sk-admin-x', baseURL: emulator.baseUrls.openai }).admin.organization
    const query = { start_time: Date.parse('2026-10-31') / 1000, limit: 2, group_by: ['line_item' as const] }
    const first = await usage.costs(query)
    expect(first).toMatchObject({ object: 'page', has_more: true })
    const second = await usage.costs({ ...query, page: first.next_page as string })
    expect(second).toMatchObject({ has_more: false, next_page: null })
    const results = [...first.data, ...second.data].map((bucket) => bucket.results as { amount?: { value?: number } }[])
    expect(results.map(({ length }) => length)).toEqual([0, 2, 2, 2])
    expect(results.at(-1)).toMatchObject([
      {
        line_item: expect.stringMatching(/^gpt-5\.4-mini.*, input$/),
        amount: { currency: 'usd' },
        quantity_unit: 'tokens',
      },
      { line_item: expect.stringMatching(/^gpt-5\.4-mini.*, output$/) },
    ])
    const sum = results.flat().reduce((total, { amount }) => total + (amount?.value ?? 0), 0)
    expect(sum).toBeCloseTo(Number((await emulator.bill()).usd), 9)
  } finally {
    await emulator.close()
  }
})

test('Anthropic’s cost report comes by day in cents, a page at a time, grouped where it is asked to be', async () => {
  const headers = { 'x-api-key': 'sk-ant-admin-x', 'anthropic-version': '2023-06-01' }
  const emulator = await threeDays(({ baseUrls }) =>
    post(`${baseUrls.anthropic}/v1/messages`, headers, { model: 'claude-haiku-4-5', max_tokens: 50, ...ask }),
  )
  try {
    const read = async (query: string) => {
      const answer = await fetch(`${emulator.baseUrls.anthropic}/v1/organizations/cost_report?${query}`, { headers })
      return { status: answer.status, ...((await answer.json()) as Report) }
    }
    const query = 'starting_at=2026-10-31T00:00:00Z&limit=2&group_by[]=description'
    const first = await read(query)
    const second = await read(`${query}&page=${first.next_page}`)
    expect([first.has_more, second.has_more, second.next_page]).toEqual([true, false, null])
    const buckets = [...first.data, ...second.data]
    expect(buckets.map(({ starting_at: at, results }) => [at, results.length])).toEqual([
      ['2026-10-31T00:00:00Z', 0],
      ['2026-11-01T00:00:00Z', 2],
      ['2026-11-02T00:00:00Z', 2],
      ['2026-11-03T00:00:00Z', 2],
    ])
    expect(buckets.at(-1)?.results).toMatchObject([
      {
        currency: 'USD',
        model: 'claude-haiku-4-5-20251001',
        service_tier: 'standard',
        token_type: 'uncached_input_tokens',
        description: 'Claude Haiku 4.5 Usage - Input Tokens',
      },
      { token_type: 'output_tokens' },
    ])
    const cents = buckets.flatMap(({ results }) => results).reduce((sum, { amount }) => sum + Number(amount), 0)
    expect(cents / 100).toBeCloseTo(Number((await emulator.bill()).usd), 9)

    const sums = await read('starting_at=2026-11-01T00:00:00Z')
    expect(sums.data.map(({ results }) => results)).toMatchObject([
      [{ model: null }],
      [{ model: null }],
      [{ model: null }],
    ])
    for (const wrong of ['', 'starting_at=x', `${query}&bucket_width=1h`, 'starting_at=2026-11-01T00:00:00Z&limit=32'])
      expect((await read(wrong)).status).toBe(400)
  } finally {
    await emulator.close()
  }
})

interface Report {
  readonly data: { readonly starting_at: string; readonly results: { readonly amount: string }[] }[]
  readonly has_more: boolean
  readonly next_page: string | null
}
