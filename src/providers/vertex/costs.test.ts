import { describe, expect, test } from 'vitest'
import { costs } from './costs.ts'

const head =
  'Date,Service description,Service ID,SKU description,SKU ID,Usage amount,Usage unit,List cost ($),Negotiated savings ($),Savings programmes ($),Other savings ($),Unrounded subtotal ($),Subtotal ($)'
const row = (sku: string, service = 'Gemini API') =>
  `2026-11-03,${service},AEFD-7695-64FA,${sku},2156-A528,"1,200",count,0.08,0.00,0.00,0.00,0.075000,0.08`

describe('an export of Google Cloud’s billing', () => {
  test('is cut by Pacific days, its unrounded amounts count, and its sums below are passed over', () => {
    const csv = [
      head,
      row('Generate content input token count gemini 3.5 flash text batch'),
      ',,,,,,,,,,Subtotal,0.075,0.08',
    ]
    expect(costs.read(csv.join('\n'))).toEqual({
      vendors: ['gemini', 'vertex'],
      zone: 'America/Los_Angeles',
      from: '2026-11-03',
      to: '2026-11-04',
      decimals: 6,
      lines: [
        expect.objectContaining({
          vendor: 'gemini',
          day: '2026-11-03',
          model: 'gemini-3.5-flash',
          tier: 'batch',
          nanoUsd: 75_000_000n,
          tokens: 1200,
        }),
      ],
    })
  })

  test.for([
    [
      'Generate content output token count gemini 2.5 flash lite short output text non-thinking',
      'gemini-2.5-flash-lite',
      null,
    ],
    ['Generate content input token count gemini 3.7 flash image flex caching', 'gemini-3.7-flash', 'flex'],
    ['Generate_content text cached input token count for gemini 3 pro short', 'gemini-3-pro', null],
    ['GenerateContent text output token count for Gemini 2.0 Flash', 'gemini-2.0-flash', null],
    ['EmbedContent input token count for gemini-embedding-001', 'gemini-embedding-001', null],
    ['Gemini 2.5 Pro Thinking Text Output - Predictions', 'gemini-2.5-pro', null],
    ['Gemini 3.5 Flash Global Text Input - Batch Predictions', 'gemini-3.5-flash', 'batch'],
    ['Claude Sonnet 4.5 Input Tokens - Batch', 'claude-sonnet-4-5', 'batch'],
    ['Grounding with Google Search', null, null],
  ] as const)('names %s: the model %s, the tier %s', ([sku, model, tier]) => {
    expect(costs.read(`${head}\n${row(sku, 'Vertex AI')}\n`)?.lines).toMatchObject([{ vendor: 'vertex', model, tier }])
  })

  test('leaves out other services of the cloud', () => {
    expect(costs.read(`${head}\n${row('Standard Storage US', 'Cloud Storage')}\n`)).toBeUndefined()
  })

  test('in another currency, or with commas for points, is refused', () => {
    const csv = `${head}\n${row('Generate content input token count gemini 3.5 flash text')}\n`
    expect(() => costs.read(csv.replaceAll('($)', '(€)'))).toThrow('€')
    expect(() => costs.read(csv.replaceAll(',', ';').replaceAll('0.075', '0,075'))).toThrow('0,075')
  })

  test('may be rows of BigQuery, whose hours are UTC', () => {
    const csv =
      'usage_start_time,service.description,sku.description,cost,currency,usage.amount\n' +
      '2026-11-03 23:00:00 UTC,Gemini API,Generate content input token count gemini 3.5 flash text,1.5e-05,USD,50\n'
    expect(costs.read(csv)).toMatchObject({
      zone: 'UTC',
      lines: [{ day: '2026-11-03', model: 'gemini-3.5-flash', nanoUsd: 15_000n, tokens: 50 }],
    })
  })
})
