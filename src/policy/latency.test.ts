import { describe, expect, test } from 'vitest'
import { endedAfter, type Flown, hoursOfWeek, latencyLines } from './latency.ts'

const MONDAY = Date.UTC(2026, 10, 23)
const HOUR = 3_600_000
const flown = (change: Partial<Flown> = {}): Flown => ({
  model: 'm-1',
  requests: 500,
  seconds: 600,
  endedAt: MONDAY + 10 * HOUR,
  end: 'ended',
  ...change,
})
const taking = (...seconds: number[]) => seconds.map((one) => flown({ seconds: one }))

describe('how long submissions took', () => {
  test('half and nine in ten are read off what ended', () => {
    const ten = taking(10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    expect([endedAfter(ten, 0.5), endedAfter(ten, 0.9)]).toEqual([50, 90])
  })

  test('what was cancelled counts as longer than it flew, not as done', () => {
    const cancelled = taking(10, 20, 30).map((one) => ({ ...one, end: 'cancelled' as const }))
    expect(endedAfter([...taking(15, 25, 35), ...cancelled], 0.5)).toBe(35)
    expect(endedAfter(cancelled, 0.5)).toBeNull()
  })

  test('each model has a line, and one for each of its sizes where there are several, beside what is published', () => {
    const lines = latencyLines('openai/batch', [
      ...taking(60, 60, 60),
      flown({ requests: 20_000, seconds: 7200, end: 'expired' }),
      flown({ model: 'm-2', requests: 5 }),
    ])
    expect(lines.map(({ model, requests, submissions, expired }) => [model, requests, submissions, expired])).toEqual([
      ['m-1', null, 4, 0.25],
      ['m-1', { from: 101, to: 1000 }, 3, 0],
      ['m-1', { from: 10_001, to: null }, 1, 1],
      ['m-2', { from: 1, to: 10 }, 1, 0],
    ])
    const [, small, large] = lines.map(({ prior }) => prior?.p50 ?? 0)
    expect(large).toBeGreaterThan(small ?? 0)
    expect(latencyLines('openai/flex', taking(60))[0]?.prior).toBeNull()
  })

  test('an hour of the week is slow or quick against the same model and size, where a flight was half way', () => {
    const night = Array.from({ length: 4 }, () => flown({ endedAt: MONDAY + 3 * HOUR }))
    const noon = Array.from({ length: 3 }, () => flown({ seconds: 7200, endedAt: MONDAY + 13 * HOUR }))
    const large = Array.from({ length: 3 }, () =>
      flown({ requests: 20_000, seconds: 3600, endedAt: MONDAY - HOUR / 2 }),
    )
    const hours = hoursOfWeek([...night, ...noon, ...large])
    expect(hours.map(({ day, hour, submissions }) => [day, hour, submissions])).toEqual([
      [0, 2, 4],
      [0, 12, 3],
      [6, 23, 3],
    ])
    expect(hours.map(({ slowness }) => slowness)).toEqual([1, 12, 1])
  })
})
