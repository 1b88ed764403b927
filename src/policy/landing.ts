import { type Lane, tierOf } from '../domain/usage.ts'
import data from './priors/latency.json' with { type: 'json' }
import type { Pace } from './view.ts'

/** How long a submission of a lane takes until it ends: log-normal, with a small share that is stuck. Seconds. */
export interface LandingPrior {
  readonly mu: number
  readonly sigma: number
  /** When the vendor gives up; absent: never. */
  readonly hardCapSeconds?: number
  readonly stuck: { readonly probability: number; readonly medianSeconds: number; readonly sigma: number } | null
  readonly confidence: string
  readonly derivation: string
}

const priors = data.priors as Readonly<Record<string, LandingPrior>>

/** Up to this many requests the priors measured on tiny submissions hold, where there are any. */
const tinyRequestsMax = 10

/**
 * The prior of a batch lane for submissions of so many requests. A lane that nobody measured gets the one of the mixed
 * vendors. Other lanes have none here: they land when the requests have been run, at a pace that is ours to choose.
 */
export function priorOf(lane: Lane, requests: number): LandingPrior | undefined {
  if (tierOf(lane) !== 'batch') return undefined
  const tiny = requests <= tinyRequestsMax ? priors[`${lane}-single-request`] : undefined
  if (tiny) return tiny
  const prior = priors[lane] ?? priors['mixed/batch']
  return prior && { ...prior, mu: prior.mu + Math.log(sizeFactor(requests)) }
}

/** The file's `sizeScaling`: median(n) = median × (n / 100)^0.3, clamped to 0.3× … 6×. */
export const sizeFactor = (requests: number): number => Math.min(6, Math.max(0.3, (requests / 100) ** 0.3))

export interface Landing {
  /** Seconds until all submissions have ended, for half and for nine in ten of such jobs; the vendor's cap at most. */
  readonly p50: number
  readonly p90: number
  /** Chance, 0 to 1, that all have ended with their answers within so many seconds. */
  chanceWithin(seconds: number): number
}

/**
 * When a job lands.
 * @param size.requests     requests in each submission
 * @param size.submissions  flown side by side; the last one decides. Taken as independent, which makes the estimate of
 *   many submissions pessimistic: a vendor's slow day slows all of them together.
 */
export function landingOf(
  lane: Lane,
  size: { readonly requests: number; readonly submissions?: number },
): Landing | undefined {
  const prior = priorOf(lane, size.requests)
  if (!prior) return undefined
  const cap = prior.hardCapSeconds ?? Number.POSITIVE_INFINITY
  const chanceWithin = (seconds: number): number =>
    seconds <= 0 ? 0 : endedBy(prior, Math.min(seconds, cap)) ** (size.submissions ?? 1)
  return { p50: quantile(chanceWithin, 0.5, cap), p90: quantile(chanceWithin, 0.9, cap), chanceWithin }
}

/** On a lane that takes requests one by one, so many of them: as long as its pace wants, and a start. */
export function pacedLanding(
  { perSecond, sigma }: Pace,
  requests: number,
  window: number | null,
): { readonly p50: number; readonly p90: number; readonly onTime: number | null } {
  const p50 = requests / perSecond
  const onTime =
    window === null ? null : window <= START_SECONDS ? 0 : normalBelow(Math.log((window - START_SECONDS) / p50) / sigma)
  return { p50: START_SECONDS + p50, p90: START_SECONDS + p50 * Math.exp(1.2816 * sigma), onTime }
}
const START_SECONDS = 30

/** Chance that a submission has ended within so many seconds, whatever the cap. */
export function endedBy(prior: LandingPrior, seconds: number): number {
  if (seconds <= 0) return 0
  const main = normalBelow((Math.log(seconds) - prior.mu) / prior.sigma)
  if (prior.stuck === null) return main
  const { probability, medianSeconds, sigma } = prior.stuck
  return (1 - probability) * main + probability * normalBelow(Math.log(seconds / medianSeconds) / sigma)
}

/** The least time by which the chance is reached, by bisection; the cap where it never is. */
export function quantile(chanceWithin: (seconds: number) => number, share: number, cap: number): number {
  let [low, high] = [0, Math.min(cap, 100 * 86_400)]
  if (chanceWithin(high) < share) return high
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (chanceWithin(middle) < share) low = middle
    else high = middle
  }
  return high
}

/** The standard normal distribution function (Abramowitz and Stegun 7.1.26: wrong by less than 2e-7). */
export function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.327_591_1 * x)
  const series =
    t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))))
  const tail = (series * Math.exp(-x * x)) / 2
  return z < 0 ? tail : 1 - tail
}
