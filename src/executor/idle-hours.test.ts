import { describe, expect, test } from 'vitest'
import { IdleHours } from './idle-hours.ts'

const at = (iso: string): number => Date.parse(iso)

describe('Idle hours', () => {
  test.each([
    ['22:00-06:00', '21:59', false],
    ['22:00-06:00', '22:00', true],
    ['22:00-06:00', '23:30', true],
    ['22:00-06:00', '05:59', true],
    ['22:00-06:00', '06:00', false],
    ['01:00-05:30', '00:59', false],
    ['01:00-05:30', '03:00', true],
    ['01:00-05:30', '05:30', false],
    ['00:00-00:00', '12:00', true],
  ])('%s at %s', (hours, time, open) => {
    expect(new IdleHours(hours, 'UTC').isOpen(at(`2026-11-25T${time}:00Z`))).toBe(open)
  })

  test('are those of the place where the engine stands', () => {
    const hours = new IdleHours('22:00-06:00', 'Asia/Tokyo')
    expect(hours.isOpen(at('2026-11-25T13:00:00Z'))).toBe(true)
    expect(hours.isOpen(at('2026-11-25T21:00:00Z'))).toBe(false)
  })

  test('tell when they change, over a night in which the clock is set back', () => {
    const hours = new IdleHours('22:00-06:00', 'Europe/Berlin')
    const evening = at('2026-10-24T23:00:00+02:00')
    expect(hours.changesAt(evening)).toBe(at('2026-10-25T06:00:00+01:00'))
    expect(hours.isOpen(at('2026-10-25T02:30:00+01:00'))).toBe(true)
    expect(hours.isOpen(at('2026-10-25T06:00:00+01:00'))).toBe(false)
    expect(hours.changesAt(at('2026-10-25T06:00:00+01:00'))).toBe(at('2026-10-25T22:00:00+01:00'))
  })

  test('follow a clock that jumps, either way', () => {
    const hours = new IdleHours('22:00-06:00', 'UTC')
    expect(hours.isOpen(at('2026-11-25T23:00:00Z'))).toBe(true)
    expect(hours.isOpen(at('2026-11-27T12:00:00Z'))).toBe(false)
    expect(hours.isOpen(at('2026-11-25T23:00:00Z'))).toBe(true)
  })

  test.each(['', 'night', '22-6', '24:00-06:00', '22:00-06:61', '22:00'])('are not "%s"', (text) => {
    expect(() => new IdleHours(text, 'UTC')).toThrow(/names no hours/)
  })
})
