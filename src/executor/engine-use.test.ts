import { describe, expect, test } from 'vitest'
import { doneAt, openWithin, windowOf } from './engine-use.ts'

const at = (text: string): number => Date.parse(`2026-11-24T${text}:00Z`)
const night = { window: '22:00-06:00', zone: 'UTC' }
const HOUR = 3_600_000

describe('The hours of an engine', () => {
  test('are the present ones, from now on', () => {
    expect(windowOf(night, at('23:30'))).toEqual({ opens: at('23:30'), closes: at('22:00') + 8 * HOUR })
    expect(windowOf(night, at('05:00'))).toEqual({ opens: at('05:00'), closes: at('06:00') })
  })

  test('are the next ones while it is closed', () => {
    expect(windowOf(night, at('12:00'))).toEqual({ opens: at('22:00'), closes: at('22:00') + 8 * HOUR })
  })

  test('are all that work gets done in: it goes on the next night where one is too short', () => {
    expect(doneAt(night, at('12:00'), HOUR)).toBe(at('23:00'))
    expect(doneAt(night, at('05:00'), 3 * HOUR)).toBe(at('22:00') + 2 * HOUR)
    expect(doneAt(night, at('12:00'), 20 * HOUR)).toBe(at('22:00') + 48 * HOUR + 4 * HOUR)
    expect(doneAt({ window: null, zone: 'UTC' }, at('12:00'), HOUR)).toBe(at('13:00'))
  })

  test('are all that a deadline leaves', () => {
    expect(openWithin(night, at('12:00'), at('21:00'))).toBe(0)
    expect(openWithin(night, at('05:00'), at('23:30'))).toBe(2.5 * HOUR)
    expect(openWithin({ window: null, zone: 'UTC' }, at('05:00'), at('06:00'))).toBe(HOUR)
  })

  test('are none where it is always open', () => {
    expect(windowOf({ window: null, zone: 'UTC' }, 0)).toBeNull()
    expect(windowOf({ window: '00:00-00:00', zone: 'UTC' }, 0)).toBeNull()
  })
})
