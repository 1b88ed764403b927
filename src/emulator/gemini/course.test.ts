import { describe, expect, test } from 'vitest'
import { type Course, momentOf } from './course.ts'

const hour = 3_600_000
const course = (more: Partial<Course> = {}): Course => ({
  createdAt: 0,
  pendingAt: 0,
  startsAt: 10,
  runMs: 100,
  endsAt: 110,
  expiresAt: 48 * hour,
  cutAt: Number.POSITIVE_INFINITY,
  stallShare: 1,
  failure: null,
  cancel: null,
  ...more,
})
const forever = { endsAt: Number.POSITIVE_INFINITY, runMs: 4 * hour }

describe('the course of a batch', () => {
  test('goes from waiting to running to the end, line by line', () => {
    const phases = [0, 9, 10, 60, 109, 110].map((now) => momentOf(course(), 10, now))
    expect(phases.map(({ phase }) => phase)).toEqual([
      'pending',
      'pending',
      'running',
      'running',
      'running',
      'succeeded',
    ])
    expect(phases.map(({ executed }) => executed)).toEqual([0, 0, 0, 5, 9, 10])
    expect(momentOf(course({ pendingAt: 5 }), 10, 4).phase).toBe('queued')
  })

  test('never loses a line, whatever happens and whenever it is looked at', () => {
    const courses = [
      course(forever),
      course({ ...forever, cutAt: 24 * hour }),
      course({ cancel: { requestedAt: 50, endsAt: 90, race: false } }),
      course({ cancel: { requestedAt: 50, endsAt: 90, race: true } }),
      course({ failure: { keepsLines: true } }),
    ]
    for (const each of courses) {
      let before = 0
      for (const now of [0, 10, 30, 49, 50, 51, 89, 90, 110, hour, 25 * hour, 49 * hour]) {
        const { executed } = momentOf(each, 100, now)
        expect(executed).toBeGreaterThanOrEqual(before)
        before = executed
      }
    }
  })

  test('ends when its time is over, or its run is', () => {
    expect(momentOf(course(forever), 10, 48 * hour - 1).terminal).toBe(false)
    expect(momentOf(course(forever), 10, 48 * hour)).toMatchObject({ phase: 'expired', endedAt: 48 * hour })
    const cut = course({ ...forever, stallShare: 0.5, cutAt: 24 * hour })
    expect(momentOf(cut, 10, 24 * hour)).toMatchObject({ phase: 'cut', executed: 5 })
    expect(momentOf(course(), 10, 100 * hour).phase).toBe('succeeded')
  })

  test('leaves a cancelled batch what was under way, and something undone', () => {
    const cancel = { requestedAt: 60, endsAt: 90, race: false }
    expect(momentOf(course({ cancel }), 100, 70)).toMatchObject({ phase: 'cancelling', executed: 58 })
    expect(momentOf(course({ cancel }), 100, 95)).toMatchObject({ phase: 'cancelled', executed: 58, endedAt: 90 })
    expect(momentOf(course({ cancel }), 2, 95)).toMatchObject({ executed: 1 })
    const early = { requestedAt: 5, endsAt: 90, race: false }
    expect(momentOf(course({ cancel: early }), 100, 95)).toMatchObject({ executed: 0, startedAt: null })
  })

  test('a failure strikes at the start, or with lines to keep at the end', () => {
    expect(momentOf(course({ failure: { keepsLines: false } }), 10, 10)).toMatchObject({ phase: 'failed', executed: 0 })
    const late = course({ failure: { keepsLines: true } })
    expect(momentOf(late, 10, 60).phase).toBe('running')
    expect(momentOf(late, 10, 110)).toMatchObject({ phase: 'failed', executed: 10 })
  })
})
