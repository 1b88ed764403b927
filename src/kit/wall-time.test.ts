import { expect, test } from 'vitest'
import { durationOf, instantOf, inZone } from './wall-time.ts'

const at = (iso: string): number => Date.parse(iso)

test('a wall time is the next such time in the zone', () => {
  expect(instantOf('08:00', at('2026-11-24T22:00:00Z'), 'Europe/Berlin')).toBe(at('2026-11-25T08:00:00+01:00'))
  expect(instantOf('08:00', at('2026-11-24T05:00:00Z'), 'Europe/Berlin')).toBe(at('2026-11-24T08:00:00+01:00'))
  expect(instantOf('08:00', at('2026-12-31T23:00:00Z'), 'UTC')).toBe(at('2027-01-01T08:00:00Z'))
})

test('a wall time that the clocks skip is the first that there is', () => {
  expect(instantOf('02:30', at('2026-03-29T00:00:00Z'), 'Europe/Berlin')).toBe(at('2026-03-29T03:00:00+02:00'))
})

test('a wall time that comes twice is the first', () => {
  expect(instantOf('02:30', at('2026-10-24T22:30:00Z'), 'Europe/Berlin')).toBe(at('2026-10-25T02:30:00+02:00'))
})

test('durations and ISO times', () => {
  expect(durationOf('1h30m')).toBe(5_400_000)
  expect(durationOf('6')).toBeUndefined()
  expect(instantOf('6h', 1000, 'UTC')).toBe(1000 + 6 * 3_600_000)
  expect(instantOf('2026-11-25T08:00:00-05:00', 0, 'UTC')).toBe(at('2026-11-25T13:00:00Z'))
  expect(instantOf('2026-11-25 08:00', 0, 'America/New_York')).toBe(at('2026-11-25T13:00:00Z'))
  expect(instantOf('25:00', 0, 'UTC')).toBeUndefined()
  expect(instantOf('tomorrow', 0, 'UTC')).toBeUndefined()
})

test('a wall time that comes twice has passed once the first has', () => {
  const betweenBoth = at('2026-10-25T00:45:00Z')
  expect(instantOf('02:30', betweenBoth, 'Europe/Berlin')).toBe(at('2026-10-26T02:30:00+01:00'))
})

test('ISO without an offset is local to the zone named, fractions and skipped hours too', () => {
  expect(instantOf('2026-11-25T08:00:00.250', 0, 'Asia/Tokyo')).toBe(at('2026-11-25T08:00:00+09:00'))
  expect(instantOf('2026-03-08T02:30', 0, 'America/New_York')).toBe(at('2026-03-08T03:00:00-04:00'))
  expect(instantOf('2026-11-01T01:30', 0, 'America/New_York')).toBe(at('2026-11-01T01:30:00-04:00'))
})

test.each(['2026-02-31', '2026-13-01', '2026-11-25T24:30', '2026-11-25 08:60'])('%s is no time', (text) => {
  expect(instantOf(text, 0, 'UTC')).toBeUndefined()
})

test('an instant is shown with the offset of its zone', () => {
  expect(inZone(at('2026-11-25T07:00:00Z'), 'Europe/Berlin')).toBe('2026-11-25T08:00:00+01:00')
  expect(inZone(at('2026-11-25T07:00:00Z'), 'America/St_Johns')).toBe('2026-11-25T03:30:00-03:30')
})
