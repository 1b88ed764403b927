import { type LandingPrior, sizeFactor } from './landing.ts'
import { truncatedAbove } from './survival.ts'
import type { Pace } from './view.ts'

/** One submission of the past: of the same account, model and size, and the nearer in hour of week the better. */
export interface Sample {
  readonly seconds: number
  /** False: cancelled, expired or still in flight, so that it took longer than this. */
  readonly ended: boolean
}

/** A submission of the past as the store has it. */
export interface Past {
  readonly model: string
  readonly requests: number
  readonly endedAt: number
  readonly seconds: number
  readonly ended: boolean
}

const NEAR_MAX = 60
const WEEK = 7 * 24 * 3600_000
/** Of other models' submissions so few count, for want of better. */
const SAME_MODEL_MIN = 5

/**
 * What of the past tells most about a submission now: of the same model where there is enough of it, the nearer in hour
 * of week the better, each scaled to the size in question.
 */
export function samplesFor(
  past: readonly Past[],
  { model, requests, now }: { readonly model: string; readonly requests: number; readonly now: number },
): Sample[] {
  const same = past.filter((one) => one.model === model)
  const among = same.length >= SAME_MODEL_MIN ? same : past
  const away = ({ endedAt }: Past): number => {
    const apart = Math.abs(now - endedAt) % WEEK
    return Math.min(apart, WEEK - apart)
  }
  return among
    .toSorted((a, b) => away(a) - away(b))
    .slice(0, NEAR_MAX)
    .map(({ seconds, ended, requests: size }) => ({
      seconds: (seconds * sizeFactor(requests)) / sizeFactor(size),
      ended,
    }))
}

/** What the published prior weighs, in samples. Two days of ordinary traffic outweigh it. */
const WEIGHT = 10
const WEIGHT_LOW = 5
const ROUNDS = 6
/** A quote's pace is known about so well before any job has measured it. */
const QUOTED_SIGMA = 0.12

/**
 * The landing curve after what an account has seen: the prior counts as a few samples, those that did not end as at
 * least as long as they were watched. Conjugate in the logarithm of seconds (normal and inverse gamma).
 */
export function learned(prior: LandingPrior, samples: readonly Sample[]): LandingPrior {
  const weight = prior.confidence === 'low' ? WEIGHT_LOW : WEIGHT
  const logs = samples.map(({ seconds, ended }) => ({ log: Math.log(Math.max(1, seconds)), ended }))
  let { mu, sigma } = prior
  for (let round = 0; round < ROUNDS; round += 1) {
    let sum = weight * prior.mu
    const expected = logs.map(({ log, ended }) => (ended ? { mean: log, variance: 0 } : truncatedAbove(mu, sigma, log)))
    for (const { mean } of expected) sum += mean
    const next = sum / (weight + logs.length)
    let squares = weight * (prior.sigma ** 2 + (prior.mu - next) ** 2)
    for (const { mean, variance } of expected) squares += variance + (mean - next) ** 2
    mu = next
    sigma = Math.sqrt(squares / (weight + logs.length))
  }
  return { ...prior, mu, sigma }
}

/**
 * How far to trust a quote's pace, from how earlier jobs compared with theirs: the margin before a deadline follows.
 * @param ratios  measured ÷ quoted, one of each job
 */
export function trusted(perSecond: number, ratios: readonly number[]): Pace {
  const logs = ratios.map((ratio) => Math.log(ratio))
  const mean = logs.reduce((sum, log) => sum + log, 0) / (WEIGHT + logs.length)
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, WEIGHT * (QUOTED_SIGMA ** 2 + mean ** 2))
  return { perSecond: perSecond * Math.exp(mean), sigma: Math.sqrt(squares / (WEIGHT + logs.length)) }
}
