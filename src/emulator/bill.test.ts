import { describe, expect, test } from 'vitest'
import { billOf, type Charge, nanoHalfEven, usdText } from './bill.ts'

const charge = (over: Partial<Charge>): Charge => ({
  vendor: 'openai',
  batch: 'batch_a',
  model: 'gpt-5-mini',
  tier: 'batch',
  kind: 'input',
  unitPicoUsd: 125_000n,
  tokens: 1n,
  at: 0,
  ...over,
})

describe('the bill', () => {
  test('rounds a tie to the even neighbour, anything else to the nearest', () => {
    expect([500n, 1500n, 2500n, 2501n, 2499n, 999n].map(nanoHalfEven)).toEqual([0n, 2n, 2n, 3n, 2n, 1n])
  })

  test('rounds once per batch, model, tier, kind and price, not once per line', () => {
    // gpt-5-mini cached input in a batch: 0.0125 USD per million = 12,500 pico-USD a token = 12.5 nano-USD.
    const cached = { kind: 'cachedInput', unitPicoUsd: 12_500n }
    const bill = billOf([
      charge({ ...cached, tokens: 1n }),
      charge({ ...cached, tokens: 2n }),
      charge({ ...cached, tokens: 4n }),
    ])
    expect(bill.entries).toMatchObject([{ tokens: '7', nanoUsd: '88' }])
    const apart = billOf([charge({ ...cached, tokens: 1n }), charge({ ...cached, tokens: 1n, batch: 'batch_b' })])
    expect(apart.entries.map((entry) => entry.nanoUsd)).toEqual(['12', '12'])
    expect(apart.nanoUsd).toBe('24')
  })

  test('computes a known case: gpt-5, a million requests of 4,000 shared and 500 fresh tokens in, 300 out', () => {
    const bill = billOf([
      charge({ model: 'gpt-5', unitPicoUsd: 625_000n, tokens: 900_000_000n }),
      charge({ model: 'gpt-5', kind: 'cachedInput', unitPicoUsd: 62_500n, tokens: 3_600_000_000n }),
      charge({ model: 'gpt-5', kind: 'output', unitPicoUsd: 5_000_000n, tokens: 300_000_000n }),
    ])
    expect(bill.usd).toBe('2287.5')
  })

  test('writes decimals that say all there is', () => {
    expect([0n, 1n, 1_171_750n, 1_000_000_000n, 12_345_678_900n].map(usdText)).toEqual([
      '0',
      '0.000000001',
      '0.00117175',
      '1',
      '12.3456789',
    ])
  })
})
