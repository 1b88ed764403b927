import { describe, expect, test } from 'vitest'
import { isLongContext, models, PriceUnknown, picoPerToken, type Tier, unitPrices } from './prices.ts'

const model = (id: string) => {
  const found = models.find((entry) => entry.id === id)
  if (!found) throw new Error(`No ${id} in the catalogue.`)
  return found
}
const price = (id: string, kind: string, { tier = 'batch' as Tier, long = false, day = '2026-11-20' } = {}) =>
  unitPrices(model(id), tier, long, day)(kind)

describe('unit prices', () => {
  test('are exact pico-USD', () => {
    expect(picoPerToken(0.0625)).toBe(62_500n)
    expect(picoPerToken(30)).toBe(30_000_000n)
    expect(picoPerToken(0.0025)).toBe(2_500n)
    expect(() => picoPerToken(0.000_000_1)).toThrow(PriceUnknown)
  })

  test('halve the cached price in a batch where both discounts combine', () => {
    expect(price('gpt-5', 'cachedInput')).toBe(62_500n)
    expect(price('gpt-5', 'cachedInput', { tier: 'standard' })).toBe(125_000n)
  })

  test('take cached tokens at the full batch price where no cached price is printed', () => {
    expect(price('gpt-4.1', 'cachedInput')).toBe(price('gpt-4.1', 'input'))
    expect(price('gpt-4.1', 'cachedInput', { tier: 'standard' })).toBe(500_000n)
    expect(price('o3', 'cachedInput', { tier: 'flex' })).toBe(250_000n)
  })

  test('take a cache write as plain input where it costs no more', () => {
    expect(price('gpt-5', 'cacheWriteDefault')).toBe(price('gpt-5', 'input'))
    expect(price('gpt-6.2-sol', 'cacheWriteDefault')).toBe(1_250_000n)
  })

  test('change with the length of the prompt, by the comparison of the model', () => {
    expect(isLongContext(model('gpt-5.4'), 'batch', 272_000, '2026-11-20')).toBe(true)
    expect(isLongContext(model('gpt-6.2-sol'), 'batch', 272_000, '2026-11-20')).toBe(false)
    expect(isLongContext(model('gpt-6.2-sol'), 'batch', 272_001, '2026-11-20')).toBe(true)
    expect(isLongContext(model('gpt-5-mini'), 'batch', 1_000_000, '2026-11-20')).toBe(false)
    expect(price('gpt-5.4', 'output', { long: true })).toBe(11_250_000n)
    expect(price('gpt-5.4', 'input', { long: true, tier: 'standard' })).toBe(5_000_000n)
  })

  test('change on the day an announced price begins, and not for a change that is only possible', () => {
    expect(price('gemini-3.8-flash', 'output', { tier: 'standard', day: '2026-12-31' })).toBe(3_750_000n)
    expect(price('gemini-3.8-flash', 'output', { tier: 'standard', day: '2027-01-01' })).toBe(7_500_000n)
    expect(price('gpt-5.6-sol', 'output', { day: '2026-11-23' })).toBe(10_000_000n)
  })

  test('are never made up', () => {
    expect(() => price('text-embedding-3-small', 'output')).toThrow(PriceUnknown)
    expect(() => price('gpt-5.3-codex', 'input')).toThrow(PriceUnknown)
    expect(() => price('gpt-6.2-sol', 'input', { tier: 'flex' })).toThrow(PriceUnknown)
  })
})
