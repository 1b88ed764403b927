import { DAY, HOUR, MINUTE, SECOND } from '../../kit/clock.ts'

/** 3080 → "3,080". */
export const count = (value: number): string => value.toLocaleString('en-US')

/** "1 request", "3,080 requests". */
export const some = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`

/** An amount, short: cents where there are dollars, three digits where there are not. */
export function money(usd: string): string {
  const value = Number(usd)
  if (value === 0) return '0'
  if (Math.abs(value) >= 1) return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 9 })
}

export const moneyOr = (usd: string | null): string => (usd === null ? 'unknown' : money(usd))

/** "45s", "12m 3s", "1h 4m", "2d 3h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND))
  const parts = [
    [Math.floor(seconds / (DAY / SECOND)), 'd'],
    [Math.floor(seconds / (HOUR / SECOND)) % 24, 'h'],
    [Math.floor(seconds / (MINUTE / SECOND)) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([amount]) => amount > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

/** 12345678 → "12.3 MB". */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let [scaled, unit] = [value, 0]
  for (; scaled >= 1000 && unit < units.length - 1; unit++) scaled /= 1000
  return `${unit === 0 ? scaled : scaled.toPrecision(3)} ${units[unit]}`
}

/** "2026-11-24T06:48:23.198Z" → "2026-11-24 06:48:23Z". */
export const moment = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`
