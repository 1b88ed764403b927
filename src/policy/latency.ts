import type { Lane } from '../domain/usage.ts'
import { landingOf } from './landing.ts'

/** A submission of the past, and how it ended. */
export interface Flown {
  readonly model: string
  readonly requests: number
  readonly seconds: number
  readonly endedAt: number
  /** `cancelled`: by us, so that it would have taken longer. */
  readonly end: 'ended' | 'expired' | 'cancelled'
}

/** Submissions of one model on a lane, of all sizes or of some. */
export interface LatencyLine {
  readonly model: string
  /** Requests in each; null: whatever the size. */
  readonly requests: { readonly from: number; readonly to: number | null } | null
  readonly submissions: number
  /** Seconds by which half and nine in ten have ended; null: so many never did. */
  readonly p50: number | null
  readonly p90: number | null
  /** What is published for submissions of their median size; null: nothing is. */
  readonly prior: { readonly p50: number; readonly p90: number } | null
  /** Shares, 0 to 1. */
  readonly expired: number
  readonly cancelled: number
}

/** Of one hour of the week, UTC; Monday is 0. */
export interface HourOfWeek {
  readonly day: number
  readonly hour: number
  readonly submissions: number
  /** Median of how long they took, as a multiple of the median of their model and size; 1: as always. */
  readonly slowness: number
}

/** Sizes that are told apart: from so many requests. */
const sizes = [1, 11, 101, 1_001, 10_001] as const

/** A line for each model, most flown first, and after it one for each of its sizes where there are several. */
export function latencyLines(lane: Lane, flown: readonly Flown[]): LatencyLine[] {
  const models = [...Map.groupBy(flown, ({ model }) => model)].sort(([, a], [, b]) => b.length - a.length)
  return models.flatMap(([model, all]) => {
    const bySize = [...Map.groupBy(all, sizeOf)].sort(([a], [b]) => a - b)
    const parts = bySize.length < 2 ? [] : bySize.map(([from, some]) => lineOf(lane, model, some, rangeOf(from)))
    return [lineOf(lane, model, all, bySize.length === 1 ? rangeOf(bySize[0]?.[0] ?? 1) : null), ...parts]
  })
}

const sizeOf = ({ requests }: Flown): number => sizes.findLast((from) => requests >= from) ?? 1

function rangeOf(from: number): NonNullable<LatencyLine['requests']> {
  const next = sizes.find((size) => size > from)
  return { from, to: next === undefined ? null : next - 1 }
}

function lineOf(lane: Lane, model: string, flown: readonly Flown[], requests: LatencyLine['requests']): LatencyLine {
  const share = (end: Flown['end']): number => flown.filter((one) => one.end === end).length / flown.length
  const prior = landingOf(lane, { requests: median(flown.map((one) => one.requests)) })
  return {
    model,
    requests,
    submissions: flown.length,
    p50: endedAfter(flown, 0.5),
    p90: endedAfter(flown, 0.9),
    prior: prior === undefined ? null : { p50: prior.p50, p90: prior.p90 },
    expired: share('expired'),
    cancelled: share('cancelled'),
  }
}

/** Seconds by which such a share has ended, what we cancelled counting as longer than it flew (Kaplan and Meier). */
export function endedAfter(flown: readonly Flown[], share: number): number | null {
  let flying = 1
  let left = flown.length
  for (const { seconds, end } of flown.toSorted((a, b) => a.seconds - b.seconds)) {
    if (end !== 'cancelled') flying *= 1 - 1 / left
    left -= 1
    if (flying <= 1 - share + 1e-9) return seconds
  }
  return null
}

/** Hours in which submissions were under way at their half, since one may last for many; only those that have any. */
export function hoursOfWeek(flown: readonly Flown[]): HourOfWeek[] {
  const usual = new Map<string, number>()
  const kindOf = (one: Flown): string => `${one.model} ${sizeOf(one)}`
  const ended = flown.filter(({ end, seconds }) => end !== 'cancelled' && seconds > 0)
  for (const [kind, some] of Map.groupBy(ended, kindOf)) usual.set(kind, median(some.map(({ seconds }) => seconds)))
  const cells = Map.groupBy(ended, ({ endedAt, seconds }) => {
    const at = new Date(endedAt - 500 * seconds)
    return ((at.getUTCDay() + 6) % 7) * 24 + at.getUTCHours()
  })
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([cell, some]) => ({
      day: Math.floor(cell / 24),
      hour: cell % 24,
      submissions: some.length,
      slowness: median(some.map((one) => one.seconds / (usual.get(kindOf(one)) ?? one.seconds))),
    }))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : Math.sqrt((sorted[middle - 1] as number) * (sorted[middle] as number))
}
