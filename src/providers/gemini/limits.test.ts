import { describe, expect, test } from 'vitest'
import { limitsAt } from './limits.ts'

describe('The token quota', () => {
  test('is that of the model and the usage tier', () => {
    expect(limitsAt(1).enqueuedTokensMax('gemini-2.5-flash-lite')).toBe(10_000_000)
    expect(limitsAt(1).enqueuedTokensMax('gemini-2.5-flash')).toBe(3_000_000)
    expect(limitsAt(2).enqueuedTokensMax('gemini-3.1-pro-preview')).toBe(500_000_000)
    expect(limitsAt(3).enqueuedTokensMax('gemini-3.5-flash')).toBe(500_000_000)
    expect(limitsAt(1).enqueuedTokensMax('gemini-embedding-001')).toBe(500_000)
  })

  test('without a tier is the most that any has, and leads down by steps', () => {
    expect(limitsAt(null).enqueuedTokensMax('gemini-2.5-pro')).toBe(1_000_000_000)
    expect(limitsAt(null).enqueuedTokensSteps?.('gemini-2.5-pro')).toEqual([5_000_000, 500_000_000, 1_000_000_000])
    expect(limitsAt(2).enqueuedTokensSteps?.('gemini-2.5-pro')).toEqual([])
  })

  test('of a model that nobody published is not known', () => {
    expect(limitsAt(1).enqueuedTokensMax('tunedModels/mine')).toBeNull()
    expect(limitsAt(null).enqueuedTokensSteps?.('tunedModels/mine')).toEqual([])
  })
})
