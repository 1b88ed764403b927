import latency from '../../src/policy/priors/latency.json' with { type: 'json' }
import { between, logBetween, normal, uniform } from './random.ts'

/**
 * One night at one vendor: how big the job is, and how every lane behaves. Written from the published latencies and the
 * reports of trouble, and from nothing that the policy assumes. Times are seconds from the start of the job.
 */
export interface Night {
  readonly seed: number
  readonly vendor: Vendor
  readonly scenario: Scenario
  readonly deadline: number
  readonly requests: number
  /** What the quote says standard alone would take. It is not quite so. */
  readonly standardSeconds: number
  /** The pace of standard and of flex, requests a second, before the ups and downs of the hour. */
  readonly standardPace: number
  readonly flexPace: number
  readonly flexFrom: number
  readonly flexUntil: number
  /** Nothing of the vendor answers in between; equal: no outage. */
  readonly outage: readonly [number, number]
  readonly slow: number
  /** The part of a landing time that the submissions of a night have in common, in standard deviations. */
  readonly common: number
  /** In the nights of stuck submissions every other one is. */
  readonly stuckNight: boolean
  /** Requests that may be enqueued at once, and how late the vendor notices that some have ended. */
  readonly quota: number
  readonly quotaLag: number
}

export const vendors = ['openai', 'anthropic', 'gemini', 'vertex'] as const
export type Vendor = (typeof vendors)[number]

export const scenarios = [
  'ordinary',
  'contention',
  'outage',
  'finalizing',
  'expires at 60%',
  'never starts',
  'cancel lags',
  'quota lags',
  'flex drought',
  'zero, then all',
] as const
export type Scenario = (typeof scenarios)[number]

/** Shares of the nights; the rest is ordinary. */
const mix: Readonly<Record<Exclude<Scenario, 'ordinary'>, number>> = {
  contention: 0.08,
  outage: 0.03,
  finalizing: 0.02,
  'expires at 60%': 0.02,
  'never starts': 0.02,
  'cancel lags': 0.02,
  'quota lags': 0.02,
  'flex drought': 0.02,
  'zero, then all': 0.02,
}

/** How a vendor behaves on every night, as its pages and its users say. */
export const habits: Readonly<Record<Vendor, Habits>> = {
  // A cancelled batch "can take up to ten minutes".
  openai: { flex: true, counts: true, partial: true, cancel: [30, 600], createSeconds: 0 },
  // No flex; counts stay at zero until all has ended; creates are serial per workspace.
  anthropic: { flex: false, counts: false, partial: true, cancel: [15, 120], createSeconds: 6 },
  // Nobody knows whether a cancelled batch returns anything: taken as paid and lost.
  gemini: { flex: true, counts: true, partial: false, cancel: [15, 300], createSeconds: 0 },
  vertex: { flex: true, counts: false, partial: true, cancel: [30, 300], createSeconds: 0 },
}

interface Habits {
  readonly flex: boolean
  readonly counts: boolean
  readonly partial: boolean
  /** Seconds until a cancelled submission has ended, log-uniform. */
  readonly cancel: readonly [number, number]
  readonly createSeconds: number
}

export interface World {
  /** Of the variance of a landing time, what submissions of one night share. */
  readonly correlation: number
  readonly flex: boolean
}
export const ordinaryWorld: World = { correlation: 0.6, flex: true }

const draw = {
  scenario: 1,
  standard: 2,
  requests: 3,
  standardPace: 4,
  flexPace: 5,
  common: 6,
  stuckNight: 7,
  when: 8,
  severity: 9,
  standardHour: 10,
  flexHour: 11,
  submission: 12,
  phase: 13,
  stuck: 14,
  stuckTime: 15,
  trouble: 16,
  troubleTime: 17,
  cancel: 18,
  look: 19,
  tail: 20,
} as const

const MINUTE = 60
const HOUR = 3600

export function nightOf(vendor: Vendor, deadline: number, number: number, world: World): Night {
  const seed = (Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(vendors.indexOf(vendor) + 1, 0x85ebca77)) | 0
  const flex = habits[vendor].flex && world.flex
  const scenario = scenarioOf(uniform(seed, draw.scenario), flex)
  const standardSeconds = logBetween(2 * MINUTE, 3 * HOUR, uniform(seed, draw.standard))
  const requests = Math.round(logBetween(500, 50_000, uniform(seed, draw.requests)))
  const severity = uniform(seed, draw.severity)
  const contended = scenario === 'contention'
  const standardPace =
    (requests / standardSeconds) *
    Math.exp(0.12 * normal(seed, draw.standardPace)) *
    (contended ? between(0.85, 1, severity) : 1)
  const flexShare =
    Math.exp(Math.log(0.6) + 0.5 * normal(seed, draw.flexPace)) * (contended ? between(0.2, 0.5, severity) : 1)
  const when = uniform(seed, draw.when)
  const drought = scenario === 'flex drought'
  return {
    seed,
    vendor,
    scenario,
    deadline,
    requests,
    standardSeconds,
    standardPace,
    flexPace: flex ? standardPace * flexShare : 0,
    flexFrom: drought ? (deadline / 2) * when : Number.POSITIVE_INFINITY,
    flexUntil: drought ? (deadline / 2) * when + logBetween(2 * HOUR, 12 * HOUR, severity) : Number.POSITIVE_INFINITY,
    outage:
      scenario === 'outage'
        ? [deadline * when, deadline * when + logBetween(10 * MINUTE, 4 * HOUR, severity)]
        : [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    slow: contended ? between(4, 8, severity) : 1,
    common: Math.sqrt(world.correlation) * normal(seed, draw.common),
    stuckNight: uniform(seed, draw.stuckNight) < (latency.priors[`${vendor}/batch`].stuck?.probability ?? 0),
    quota: scenario === 'quota lags' ? requests * between(0.15, 0.4, severity) : Number.POSITIVE_INFINITY,
    quotaLag: scenario === 'quota lags' ? between(20 * MINUTE, 60 * MINUTE, when) : 0,
  }
}

function scenarioOf(share: number, flex: boolean): Scenario {
  let sum = 0
  for (const [scenario, part] of Object.entries(mix) as [Scenario, number][]) {
    sum += part
    if (share < sum) return scenario === 'flex drought' && !flex ? 'ordinary' : scenario
  }
  return 'ordinary'
}

/** How one submission goes: rows are finished evenly from `queue` on, for `work`; then it ends, `hang` later. */
export interface Course {
  readonly queue: number
  readonly work: number
  readonly hang: number
  /** The share at which it stands still until it expires; 1: it does not. */
  readonly stall: number
}

export function courseOf(night: Night, world: World, shard: number, attempt: number, rows: number): Course {
  const { seed, vendor, scenario } = night
  const which = shard * 8 + attempt
  const prior = latency.priors[`${vendor}/batch`]
  const stuckShare = night.stuckNight ? 0.5 : (prior.stuck?.probability ?? 0) / 2
  const size = Math.min(6, Math.max(0.3, (rows / 100) ** 0.3))
  const own = Math.sqrt(1 - world.correlation) * normal(seed, draw.submission, which)
  const total =
    prior.stuck !== null && uniform(seed, draw.stuck, which) < stuckShare
      ? prior.stuck.medianSeconds * Math.exp(prior.stuck.sigma * normal(seed, draw.stuckTime, which))
      : size * Math.exp(prior.mu + prior.sigma * (night.common + own)) * night.slow
  const { gemini, openai } = latency.emulator.phaseSplit
  const pending = vendor === 'gemini' || vendor === 'vertex' ? gemini.pending : openai.validating
  const queue = total * Math.max(pending, 0.6 * uniform(seed, draw.phase, which))
  const course = { queue, work: total - queue, hang: 0, stall: 1 }
  if (uniform(seed, draw.trouble, which) > 0.7) return course
  const time = uniform(seed, draw.troubleTime, which)
  if (scenario === 'finalizing') return { ...course, hang: between(1 * HOUR, 6 * HOUR, time) }
  if (scenario === 'expires at 60%') return { ...course, stall: 0.6 }
  if (scenario === 'never starts') return { ...course, stall: 0 }
  if (scenario === 'zero, then all') {
    const at = Math.max(total, 4 * HOUR * between(0.9, 1.1, time))
    return { queue: at, work: 1, hang: 0, stall: 1 }
  }
  return course
}

/** When a submission expires. */
export const expiryOf = (vendor: Vendor): number => latency.priors[`${vendor}/batch`].hardCapSeconds

export function cancelLag(night: Night, shard: number, attempt: number): number {
  const share = uniform(night.seed, draw.cancel, shard * 8 + attempt)
  if (night.scenario === 'cancel lags') return between(30 * MINUTE, 120 * MINUTE, share)
  const [low, high] = habits[night.vendor].cancel
  return logBetween(low, high, share)
}

/** Where the upload of results hangs, cancelling helps in every other case only. */
export const cancelHelps = (night: Night, shard: number, attempt: number): boolean =>
  uniform(night.seed, draw.cancel, 1000 + shard * 8 + attempt) < 0.5

/** Seconds until a look notices the end: a poll every tenth of the age, a minute at most, and the download. */
export const noticed = (night: Night, shard: number, attempt: number, age: number): number =>
  10 + uniform(night.seed, draw.look, shard * 8 + attempt) * Math.min(60, age / 10)

/** What vendors advise as the time-out of a flex request; it is sent again then. */
const FLEX_TIMEOUT = 900

/** Seconds from the last request's start to its answer. */
export function tailOf(night: Night, tier: 'standard' | 'flex', shard: number): number {
  if (tier === 'standard') return 15 * Math.exp(0.6 * normal(night.seed, draw.tail, shard))
  const prior = latency.priors[night.vendor === 'openai' ? 'openai/flex' : 'gemini/flex']
  let waited = 0
  for (let attempt = 1; attempt < 5; attempt += 1) {
    const answer = Math.exp(prior.mu + prior.sigma * normal(night.seed, draw.tail, 100 * attempt + shard))
    if (answer < FLEX_TIMEOUT) return waited + answer
    waited += FLEX_TIMEOUT
  }
  return waited
}

export const PACE_SECONDS = 600

/** Requests a second at a moment; ups and downs change every ten minutes. Both tiers share one rate limit. */
export function paceAt(night: Night, tier: 'standard' | 'flex', time: number): number {
  if (time >= night.outage[0] && time < night.outage[1]) return 0
  const block = Math.floor(time / PACE_SECONDS)
  const standard = night.standardPace * Math.exp(0.15 * normal(night.seed, draw.standardHour, block) - 0.011)
  if (tier === 'standard') return standard
  if (time >= night.flexFrom && time < night.flexUntil) return 0
  return Math.min(standard, night.flexPace * Math.exp(0.4 * normal(night.seed, draw.flexHour, block)))
}

/** The next moment after `time` at which a pace may change. */
export function paceChanges(night: Night, time: number): number {
  let next = (Math.floor(time / PACE_SECONDS) + 1) * PACE_SECONDS
  for (const at of [night.outage[0], night.outage[1], night.flexFrom, night.flexUntil]) {
    if (at > time && at < next) next = at
  }
  return next
}
