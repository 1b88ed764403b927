import type { LaneSummary } from '../../index.ts'
import { HOUR, SECOND } from '../../kit/clock.ts'
import { columns } from './columns.ts'
import { duration } from './figures.ts'

/** Every lane in a line. */
export function lanesText(lanes: readonly LaneSummary[]): string {
  const { head, rows } = laneCells(lanes)
  return [
    ...columns(
      ['', ...head],
      rows.map((cells, at) => [lanes[at]?.flyable === true ? ' ' : '-', ...cells]),
    ),
    '',
    ...(lanes.every(({ flyable }) => flyable)
      ? []
      : ['Lanes marked "-" are for comparison; docs/sync-lanes.md says what completion windows want.']),
    'Times are those that this home has seen; with a ~ they are published ones, of 1,000 requests.',
    'redeye prices MODEL tells all of one model; redeye prices --models has a line for each.',
  ].join('\n')
}

/** The table for a terminal and for a page. */
export function laneCells(lanes: readonly LaneSummary[]): {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
} {
  return {
    head: ['lane', 'discount', 'promised', 'half / nine in ten in', 'binds first', 'cache'],
    rows: lanes.map((line) => [
      line.lane,
      discountText(line),
      promiseText(line),
      landsText(line),
      line.binds,
      line.cache,
    ]),
  }
}

function discountText({ ofStandard, discount }: LaneSummary): string {
  if (ofStandard === null) return discount ?? 'not known'
  const { low, high } = ofStandard
  if (low === 1 && high === 1) return 'none'
  return high <= 1 ? `${range(1 - high, 1 - low)} %` : `${range(low - 1, high - 1)} % dearer`
}

function range(low: number, high: number): string {
  const [from, to] = [Math.round(low * 100), Math.round(high * 100)]
  return from === to ? String(from) : `${from} to ${to}`
}

function promiseText({ promisedHours, expiresHours }: LaneSummary): string {
  if (promisedHours === null) return ''
  if (promisedHours * HOUR < 60 * SECOND) return 'seconds'
  const expiry = expiresHours === null || expiresHours <= promisedHours ? '' : `, expires after ${hours(expiresHours)}`
  return `${hours(promisedHours)}${expiry}`
}

const hours = (value: number): string => (value >= 1 ? `${value} h` : duration(value * HOUR))

/** Published times are no truer than a minute, or a quarter of an hour. */
function about(seconds: number): string {
  const step = seconds < 3600 ? 60 : 900
  return duration(Math.max(step, Math.round(seconds / step) * step) * SECOND)
}

function landsText({ lands }: LaneSummary): string {
  if (lands === null) return 'as its rates allow'
  const { p50, p90, seen } = lands
  if (seen !== null) return `${duration(p50 * SECOND)} / ${duration(p90 * SECOND)} (${seen} seen)`
  return `~${about(p50)} / ~${about(p90)}`
}
