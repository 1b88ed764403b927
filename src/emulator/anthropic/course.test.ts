import { describe, expect, test } from 'vitest'
import { type Course, momentOf, windowMs } from './course.ts'

const course = (over: Partial<Course> = {}): Course => ({
  createdAt: 0,
  expiresAt: windowMs,
  runMs: 100_000,
  endsAt: 100_000,
  stallShare: 1,
  expiryLagMs: 0,
  cancel: null,
  ...over,
})
const stuck = { endsAt: Number.POSITIVE_INFINITY, stallShare: 0.5 }

describe('the course of a batch', () => {
  test('runs its requests evenly and ends', () => {
    expect(momentOf(course(), 10, 50_000)).toMatchObject({ status: 'in_progress', executed: 5, endedAt: null })
    expect(momentOf(course(), 10, 100_000)).toMatchObject({ status: 'ended', executed: 10, endedAt: 100_000 })
    expect(momentOf(course({ runMs: 0, endsAt: 0 }), 10, 0)).toMatchObject({ status: 'ended', executed: 10 })
  })

  test('ends to the millisecond when its window closes, with what it has', () => {
    expect(momentOf(course(stuck), 10, windowMs - 1)).toMatchObject({ status: 'in_progress', executed: 5 })
    const ended = momentOf(course(stuck), 10, windowMs)
    expect(ended).toMatchObject({ status: 'ended', executed: 5, endedAt: windowMs, canceledShare: 0 })
  })

  test('runs nothing after its window, however late it ends', () => {
    const late = course({ runMs: 2 * windowMs, endsAt: 2 * windowMs, expiryLagMs: 3_600_000 })
    expect(momentOf(late, 10, windowMs + 3_599_999)).toMatchObject({ status: 'in_progress', executed: 5 })
    expect(momentOf(late, 10, windowMs + 3_600_000)).toMatchObject({ status: 'ended', executed: 5 })
    expect(momentOf(late, 10, 3 * windowMs)).toMatchObject({ executed: 5, endedAt: windowMs + 3_600_000 })
  })

  test('finishes what is in flight when it is cancelled, and cancels the rest', () => {
    const cancelled = course({ cancel: { requestedAt: 50_000, endsAt: 75_000, race: false } })
    expect(momentOf(cancelled, 100, 49_999)).toMatchObject({ status: 'in_progress', cancelInitiatedAt: null })
    expect(momentOf(cancelled, 100, 60_000)).toMatchObject({ status: 'canceling', cancelInitiatedAt: 50_000 })
    const ended = momentOf(cancelled, 100, 75_000)
    expect(ended).toMatchObject({ status: 'ended', executed: 58, endedAt: 75_000, canceledShare: 1 })
    expect(momentOf(cancelled, 100, 200_000)).toEqual(ended)
  })

  test('cancels some and lets others expire when the window closes on a cancel', () => {
    const requestedAt = windowMs - 1000
    const both = course({ ...stuck, cancel: { requestedAt, endsAt: requestedAt + 4000, race: false } })
    expect(momentOf(both, 10, windowMs)).toMatchObject({ status: 'ended', endedAt: windowMs, canceledShare: 0.25 })
  })

  test('may finish all although it was cancelled', () => {
    const race = course({ cancel: { requestedAt: 10_000, endsAt: 35_000, race: true } })
    expect(momentOf(race, 10, 20_000)).toMatchObject({ status: 'canceling', executed: 1 })
    expect(momentOf(race, 10, 35_000)).toMatchObject({ status: 'ended', executed: 10, cancelInitiatedAt: 10_000 })
  })
})
