import { type Landing, type LandingPrior, quantile } from './landing.ts'
import { chanceWithin } from './survival.ts'

/** Submissions that fly side by side, alike in all that is known of them. */
export interface Fleet {
  readonly curve: LandingPrior
  readonly submissions: number
  /** Seconds for which they have flown already and not ended; 0: they are bought now. */
  readonly age: number
}

/**
 * When the last of them has ended, seconds from now. Taken as independent, which is pessimistic for many: a vendor's slow
 * day slows all of them together.
 */
export function arrivalOf(fleets: readonly Fleet[]): Landing {
  const cap = Math.max(0, ...fleets.map(({ curve, age }) => (curve.hardCapSeconds ?? Number.POSITIVE_INFINITY) - age))
  const within = (seconds: number): number =>
    fleets.reduce((all, { curve, submissions, age }) => all * chanceWithin(curve, age, seconds) ** submissions, 1)
  return { p50: quantile(within, 0.5, cap), p90: quantile(within, 0.9, cap), chanceWithin: within }
}

/** Thousands of submissions bought over a night are a few dozen fleets: ages within a tenth of each other are one. */
export function fleetsOf(curve: LandingPrior, ages: readonly number[]): Fleet[] {
  const alike = Map.groupBy(ages, (age) => Math.round(10 * Math.log(Math.max(1, age))))
  return [...alike.values()].map((same) => ({
    curve,
    submissions: same.length,
    age: same.reduce((sum, age) => sum + age, 0) / same.length,
  }))
}
