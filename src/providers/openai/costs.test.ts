import { describe, expect, test } from 'vitest'
import { costs } from './costs.ts'

const result = (value: unknown, line_item: string | null, more: object = {}) => ({
  object: 'organization.costs.result',
  amount: { value, currency: 'usd' },
  line_item,
  project_id: null,
  ...more,
})
const page = (...results: object[]) => ({
  object: 'page',
  data: [{ object: 'bucket', start_time: 1_793_491_200, end_time: 1_793_577_600, results }],
  has_more: false,
  next_page: null,
})
const read = (value: unknown) => costs.read(JSON.stringify(value))

describe('a cost report of OpenAI', () => {
  test('has amounts as numbers or as text, by UTC day', () => {
    const report = read(page(result(0.06, 'gpt-5.4-mini, input'), result('0.8958740000000000', 'gpt-5.4-mini, output')))
    expect(report).toMatchObject({
      vendors: ['openai'],
      zone: 'UTC',
      from: '2026-11-01',
      to: '2026-11-02',
      decimals: 9,
    })
    expect(report?.lines.map(({ day, nanoUsd }) => [day, nanoUsd])).toEqual([
      ['2026-11-01', 60_000_000n],
      ['2026-11-01', 895_874_000n],
    ])
  })

  test.for([
    ['gpt-4o-mini-2024-07-18, input', 'gpt-4o-mini-2024-07-18', null],
    ['gpt-6-astra, input_tokens', 'gpt-6-astra', null],
    ['gpt-5.4-mini-2026-03-05 batch, cached input', 'gpt-5.4-mini-2026-03-05', 'batch'],
    ['gpt-5.4-mini (Batch API), output', 'gpt-5.4-mini', 'batch'],
    ['Batch | gpt-5.4-mini, output', 'gpt-5.4-mini', 'batch'],
    ['gpt-5.4-mini, flex input', 'gpt-5.4-mini', 'flex'],
    ['text-embedding-3-small, input', 'text-embedding-3-small', null],
    ['assistants api | file search', null, null],
    ['web search tool calls', null, null],
    [null, null, null],
  ] as const)('names %s: the model %s, the tier %s', ([item, model, tier]) => {
    expect(read(page(result(1, item)))?.lines).toMatchObject([{ model, tier, text: item ?? 'all costs' }])
  })

  test('tells tokens by quantity, unless it counts something else', () => {
    const lines = read(
      page(
        result(1, 'gpt-5.4-mini, input', { quantity: 1200, quantity_unit: 'tokens' }),
        result(1, 'gpt-5.4-mini, output', { quantity: 300 }),
        result(1, 'gpt-image-2, images', { quantity: 4, quantity_unit: 'images' }),
      ),
    )?.lines
    expect(lines?.map(({ tokens }) => tokens)).toEqual([1200, 300, null])
  })

  test('comes as the CSV of the dashboard too, where days without costs have rows', () => {
    const csv = [
      'start_time\tend_time\tstart_time_iso\tend_time_iso\tamount_value\tamount_currency\tline_item\tproject_id',
      '1759622400\t1759708800\t2025-10-05T00:00:00+00:00\t2025-10-06T00:00:00+00:00\t0.8958740000000000\tusd\t\t',
      '1759708800\t1759795200\t2025-10-06T00:00:00+00:00\t2025-10-07T00:00:00+00:00\t\t\t\t',
    ].join('\r\n')
    expect(costs.read(csv)?.lines).toEqual([
      expect.objectContaining({ day: '2025-10-05', model: null, text: 'all costs', nanoUsd: 895_874_000n }),
    ])
  })

  test('in another currency is refused, and another file is not read', () => {
    const euros = { ...result(1, 'gpt-5.4-mini, input'), amount: { value: 1, currency: 'eur' } }
    expect(() => read(page(euros))).toThrow('eur')
    expect(costs.read('usage_date_utc,model,cost_usd\n2026-11-01,Claude Haiku 4.5,0.05\n')).toBeUndefined()
    expect(read({ data: [] })).toBeUndefined()
  })
})
