import { describe, expect, test } from 'vitest'
import { limits, limitsAt } from './limits.ts'

describe('The limits of OpenAI', () => {
  test('keep a file clear of 200 MB, whichever megabyte is meant', () => {
    expect(limits.fileBytesMax).toBeLessThanOrEqual(200_000_000 * 0.98)
  })

  test('know no token quota until the usage tier is told', () => {
    expect(limits.enqueuedTokensMax('gpt-4o')).toBeNull()
    expect(limitsAt(1).enqueuedTokensMax('gpt-4o')).toBe(90_000)
    expect(limitsAt(5).enqueuedTokensMax('gpt-5-mini')).toBe(15_000_000_000)
  })

  test('of a dated snapshot are those of its model, of an unknown model none', () => {
    expect(limitsAt(2).enqueuedTokensMax('gpt-5-mini-2025-08-07')).toBe(20_000_000)
    expect(limitsAt(2).enqueuedTokensMax('gpt-9')).toBeNull()
  })

  test('count the embedding requests that wait', () => {
    expect(limits.enqueuedRequestsMax('text-embedding-3-small')).toBe(1_000_000)
    expect(limits.enqueuedRequestsMax('gpt-5')).toBeNull()
  })
})
