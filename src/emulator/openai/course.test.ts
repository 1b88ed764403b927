import { describe, expect, test } from 'vitest'
import { type Course, momentOf, windowMs } from './course.ts'

const course = (over: Partial<Course> = {}): Course => ({
  createdAt: 0,
  expiresAt: windowMs,
  validatedAt: 3_000,
  runMs: 100_000,
  finalizingAt: 103_000,
  completedAt: 105_000,
  stallShare: 1,
  failure: null,
  cancel: null,
  ...over,
})
const statuses = (of: Course, times: readonly number[]) => times.map((time) => momentOf(of, 100, time).status)

describe('the course of a batch', () => {
  test('passes its states in order, with the stamps of each', () => {
    expect(statuses(course(), [0, 2_999, 3_000, 102_999, 103_000, 105_000, 1e12])).toEqual([
      'validating',
      'validating',
      'in_progress',
      'in_progress',
      'finalizing',
      'completed',
      'completed',
    ])
    expect(momentOf(course(), 100, 1000)).toMatchObject({ executed: 0, inProgressAt: null })
    expect(momentOf(course(), 100, 53_000)).toMatchObject({ executed: 50, inProgressAt: 3_000, finalizingAt: null })
    expect(momentOf(course(), 100, 200_000)).toMatchObject({
      terminal: true,
      executed: 100,
      finalizingAt: 103_000,
      completedAt: 105_000,
    })
  })

  test('ends in failed at the end of validation', () => {
    const failure = [{ code: 'invalid_request', message: '', param: null, line: 1 }]
    expect(statuses(course({ failure }), [2_999, 3_000])).toEqual(['validating', 'failed'])
    expect(momentOf(course({ failure }), 100, 4_000)).toMatchObject({
      executed: 0,
      failedAt: 3_000,
      inProgressAt: null,
      terminal: true,
    })
  })

  test('expires with what it had done, a minute after its window closed', () => {
    const stalled = course({
      finalizingAt: Number.POSITIVE_INFINITY,
      completedAt: Number.POSITIVE_INFINITY,
      stallShare: 0.6,
    })
    expect(statuses(stalled, [windowMs - 1, windowMs + 1, windowMs + 5_000, windowMs + 61_000])).toEqual([
      'in_progress',
      'in_progress',
      'finalizing',
      'expired',
    ])
    expect(momentOf(stalled, 100, windowMs * 2)).toMatchObject({ executed: 60, expiredAt: windowMs + 61_000 })
  })

  test('expires from validating with nothing', () => {
    const stuck = course({
      validatedAt: Number.POSITIVE_INFINITY,
      finalizingAt: Number.POSITIVE_INFINITY,
      completedAt: Number.POSITIVE_INFINITY,
    })
    expect(momentOf(stuck, 100, windowMs * 2)).toMatchObject({
      status: 'expired',
      executed: 0,
      inProgressAt: null,
      finalizingAt: null,
    })
  })

  test('cancels in its own time, and finishes a few requests that were under way', () => {
    const cancelled = course({ cancel: { requestedAt: 53_000, endsAt: 100_000, race: false } })
    expect(statuses(cancelled, [52_999, 53_000, 99_999, 100_000])).toEqual([
      'in_progress',
      'cancelling',
      'cancelling',
      'cancelled',
    ])
    const end = momentOf(cancelled, 100, 1e9)
    expect(end).toMatchObject({ cancellingAt: 53_000, cancelledAt: 100_000, completedAt: null })
    expect(end.executed).toBeGreaterThan(50)
    expect(end.executed).toBeLessThan(60)
  })

  test('cancelled before it ran, has run nothing', () => {
    const cancelled = course({ cancel: { requestedAt: 1_000, endsAt: 2_000, race: false } })
    expect(momentOf(cancelled, 100, 1e9)).toMatchObject({ status: 'cancelled', executed: 0, inProgressAt: null })
  })

  test('may complete while it is being cancelled', () => {
    const race = course({ cancel: { requestedAt: 53_000, endsAt: 60_000, race: true } })
    expect(statuses(race, [53_000, 60_000])).toEqual(['cancelling', 'completed'])
    expect(momentOf(race, 100, 60_000)).toMatchObject({
      executed: 100,
      cancellingAt: 53_000,
      completedAt: 60_000,
      cancelledAt: null,
    })
  })
})
