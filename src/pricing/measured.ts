import { type Range, student95 } from './range.ts'

const RESAMPLES = 999
/** Fewer figures than this cannot be drawn from again and again. */
const RESAMPLED_MIN = 8
/** Answers that were alike in the sample are not quite so in the rest. */
const SPREAD_MIN = 0.05

/**
 * The mean of those that were not drawn, from a random sample: bootstrap-t, which follows the long tail that answers have
 * to one side, where the normal interval is too short above.
 * @param rest  how many were not drawn
 */
export function meanOfRest(sample: readonly number[], rest: number): Range {
  const n = sample.length
  const { mean, error } = meanOf(sample)
  if (rest <= 0) return { low: mean, high: mean }
  // The rest is a draw too, with an error of its own.
  const wider = error * Math.sqrt(1 + n / rest)
  const least = (SPREAD_MIN * mean) / Math.sqrt(n)
  if (n < RESAMPLED_MIN) {
    const half = n < 2 ? Number.POSITIVE_INFINITY : Math.max(student95(n - 1) * wider, 2 * least)
    return { low: Math.max(mean / 4, mean - half), high: Math.min(mean * 4, mean + half) }
  }
  const [below, above] = error === 0 ? [0, 0] : studentised(sample, mean)
  return {
    low: Math.max(0, mean - Math.max(above * wider, 2 * least)),
    high: mean + Math.max(-below * wider, 2 * least),
  }
}

/** How far a sample's mean is from the true one, in its own standard errors: the points that it is between, mostly. */
function studentised(sample: readonly number[], mean: number): readonly [below: number, above: number] {
  const chance = chanceFrom(sample.length)
  const distances: number[] = []
  const drawn = [...sample]
  for (let round = 0; round < RESAMPLES; round++) {
    for (let at = 0; at < drawn.length; at++) drawn[at] = sample[Math.floor(chance() * sample.length)] as number
    const again = meanOf(drawn)
    if (again.error > 0) distances.push((again.mean - mean) / again.error)
  }
  distances.sort((a, b) => a - b)
  const normal = student95(sample.length - 1)
  const point = (share: number): number => distances[Math.round(share * (distances.length - 1))] ?? 0
  // Not shorter than without a tail, and further out than the plain points: what is rare is easily missed by a sample.
  return [Math.min(-normal, point(0.01)), Math.max(normal, point(0.99))]
}

function meanOf(sample: readonly number[]): { mean: number; error: number } {
  const n = sample.length
  const mean = sample.reduce((sum, one) => sum + one, 0) / n
  const squares = sample.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  return { mean, error: n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n) }
}

/** mulberry32: a quote of the same figures is the same quote. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What one earlier job has had on average, over so many requests, which differ by this share of it. */
export interface EarlierMean {
  readonly mean: number
  readonly requests: number
  readonly spread: number
}

/** Jobs that our own guess of their spread counts for, while there are few. */
const GUESS_WEIGHT = 20
const DIFFERING_MIN = 3

/**
 * What the next job has on average, from what earlier ones had: a prediction interval of its logarithm, as means are
 * above zero and differ by ratios.
 * @param next.requests  of the next job
 * @param next.drift     how much jobs of this kind are taken to differ, as a share, until enough of them are known
 */
export function nextMean(
  earlier: readonly EarlierMean[],
  { requests, drift }: { readonly requests: number; readonly drift: number },
): Range {
  const logs = earlier.map(({ mean }) => Math.log(Math.max(mean, 0.5)))
  const weights = earlier.map((one) => 1 / (drift ** 2 + one.spread ** 2 / one.requests))
  const total = weights.reduce((sum, one) => sum + one, 0)
  const middle = logs.reduce((sum, log, at) => sum + log * (weights[at] as number), 0) / total
  // Chi square of what was seen against what was guessed; above one the guess was too small.
  const seen = logs.reduce((sum, log, at) => sum + (log - middle) ** 2 * (weights[at] as number), 0)
  const freedom = GUESS_WEIGHT + logs.length - 1
  // A few that differ much are believed before the guess.
  const alone = logs.length < DIFFERING_MIN ? 0 : seen / (logs.length - 1)
  const scale = Math.max((GUESS_WEIGHT + seen) / freedom, alone)
  const spread = Math.max(...earlier.map((one) => one.spread))
  const half = student95(freedom) * Math.sqrt(scale * (drift ** 2 + spread ** 2 / requests + 1 / total))
  return { low: Math.exp(middle - half), high: Math.exp(middle + half) }
}
