import { DAY, HOUR, MINUTE, SECOND } from './clock.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }

/** `100ms`, `90m`, `6h`, `1h30m`, `2d` as ms; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    sum += Number(amount) * (units[unit as string] as number)
  return sum
}

/**
 * The instant that a deadline means, fixed once.
 * @param text  `08:00` (the next such wall time), `6h` (from now), or ISO 8601; without offset it is local to `zone`
 * @param zone  IANA name; a skipped wall time moves to the first valid one, a repeated one takes the first
 * @returns epoch ms, or undefined where the text is none of these
 */
export function instantOf(text: string, now: number, zone: string): number | undefined {
  const duration = durationOf(text)
  if (duration !== undefined) return now + duration
  const clock = /^(\d{1,2}):(\d{2})$/.exec(text)
  if (clock !== null) {
    const [hour, minute] = [Number(clock[1]), Number(clock[2])]
    if (hour > 23 || minute > 59) return undefined
    const today = partsAt(now, zone)
    for (let days = 0; days <= 2; days++) {
      const at = wallToInstant({ ...today, day: today.day + days, hour, minute, second: 0 }, zone)
      if (at > now) return at
    }
    return undefined
  }
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$/.exec(text)
  if (iso !== null) {
    const [year, month, day, hour, minute, second] = iso.slice(1).map((part) => Number(part ?? 0)) as WallParts
    const read = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
    // A 31st of February would silently be the 3rd of March.
    const exists =
      read.getUTCMonth() === month - 1 && read.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
    return exists ? wallToInstant({ year, month, day, hour, minute, second }, zone) : undefined
  }
  const instant = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(instant) ? undefined : instant
}

/** `2026-11-25T08:00:00+01:00`: how an instant reads in a zone. */
export function inZone(at: number, zone: string): string {
  const { year, month, day, hour, minute, second } = partsAt(at, zone)
  const offset = Math.round(
    (Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / SECOND) * SECOND) / MINUTE,
  )
  const sign = offset < 0 ? '-' : '+'
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
}

type WallParts = [number, number, number, number, number, number]

interface Wall {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

function partsAt(at: number, zone: string): Wall {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return parts as unknown as Wall
}

function wallToInstant(wall: Wall, zone: string): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second)
  // The offsets in force around it; of the instants they give, the earliest that reads as the wall time is meant.
  const candidates = [...new Set([asUtc - DAY, asUtc + DAY].map((at) => asUtc - offsetAt(at, zone)))].sort(
    (a, b) => a - b,
  )
  const exact = candidates.find((at) => at + offsetAt(at, zone) === asUtc)
  if (exact !== undefined) return exact
  // Skipped: between the two candidates lies the jump; its end is the first valid time after.
  let [low = 0, high = 0] = [candidates[0], candidates.at(-1)]
  const before = offsetAt(low - 1, zone)
  while (high - low > SECOND) {
    const middle = low + Math.floor((high - low) / 2 / SECOND) * SECOND
    if (middle === low) break
    if (offsetAt(middle, zone) === before) low = middle
    else high = middle
  }
  return high
}

function offsetAt(at: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsAt(at, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / SECOND) * SECOND
}

/** `22:00-06:00` in its two wall times; undefined for anything else. */
export function hoursOf(text: string): { readonly opens: string; readonly closes: string } | undefined {
  const [, opens, closes] = /^\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*$/.exec(text) ?? []
  const wrong = (at: string | undefined): boolean => at === undefined || instantOf(at, 0, 'UTC') === undefined
  return wrong(opens) || wrong(closes) ? undefined : { opens: opens as string, closes: closes as string }
}

/** Whether there is a time zone of that name. */
export function isZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** Minutes that a zone is ahead of UTC, asked for many times: zones change at whole quarters of an hour. */
export function offsetIn(zone: string): (at: number) => number {
  const known = new Map<number, number>()
  return (at) => {
    const quarter = Math.floor(at / (15 * MINUTE))
    let offset = known.get(quarter)
    if (offset === undefined) known.set(quarter, (offset = offsetAt(at, zone) / MINUTE))
    return offset
  }
}
