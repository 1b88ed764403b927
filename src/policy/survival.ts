import { endedBy, type LandingPrior, normalBelow } from './landing.ts'

/** Of the variance of a landing time (of its logarithm), how much a night's submissions have in common. */
const SHARED = 0.5
const STEPS = 4

/**
 * The prior as this job's own night has moved it: submissions of one night are slow or fast together, so what has
 * landed, and how long the rest has not, tells about the others.
 * @param landed  seconds that ended submissions took
 * @param flying  seconds for which others have flown and not ended
 */
export function tonight(prior: LandingPrior, landed: readonly number[], flying: readonly number[]): LandingPrior {
  const own = prior.sigma * Math.sqrt(1 - SHARED)
  const between = prior.sigma ** 2 * SHARED
  let shift = 0
  let precision = 1 / between
  for (let step = 0; step < STEPS; step += 1) {
    let slope = -shift / between
    precision = 1 / between
    for (const seconds of landed) {
      slope += (Math.log(Math.max(1, seconds)) - prior.mu - shift) / own ** 2
      precision += 1 / own ** 2
    }
    for (const seconds of flying) {
      const z = (Math.log(Math.max(1, seconds)) - prior.mu - shift) / own
      const hazard = hazardAt(z)
      slope += hazard / own
      precision += (hazard * (hazard - z)) / own ** 2
    }
    shift += slope / precision
  }
  return { ...prior, mu: prior.mu + shift, sigma: Math.sqrt(own ** 2 + 1 / precision) }
}

/** Chance that a submission which has not ended after `age` seconds ends, with its answers, within `more`. */
export function chanceWithin(prior: LandingPrior, age: number, more: number): number {
  if (more <= 0) return 0
  const till = Math.min(age + more, prior.hardCapSeconds ?? Number.POSITIVE_INFINITY)
  const flying = 1 - endedBy(prior, age)
  if (flying < 1e-9 || till <= age) return 0
  return Math.min(1, Math.max(0, (endedBy(prior, till) - endedBy(prior, age)) / flying))
}

/** Mean and variance of a normal value known to lie above `low`. */
export function truncatedAbove(mu: number, sigma: number, low: number): { mean: number; variance: number } {
  const z = (low - mu) / sigma
  const hazard = hazardAt(z)
  return { mean: mu + sigma * hazard, variance: Math.max(0, sigma ** 2 * (1 - hazard * (hazard - z))) }
}

/** The standard normal's density over what lies above z; far out it is all but z. */
function hazardAt(z: number): number {
  if (z > 4) return z + 1 / z
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / (1 - normalBelow(z))
}
