import { terminalJobStates } from '../../domain/states.ts'
import { SECOND } from '../../kit/clock.ts'
import { arrivalOf, type Fleet, fleetsOf } from '../../policy/arrival.ts'
import { tonight } from '../../policy/survival.ts'
import type { ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { curveFor } from '../quote/curve-for.ts'
import { paceFor } from '../quote/pace-for.ts'
import { landingWithin } from '../quote/quote.ts'
import { isSteered, offerName } from '../shards/course.ts'
import { lineOf } from '../shards/quoted-line.ts'
import { tokensEach } from './offers.ts'
import { liveOf, type Sight } from './view-of.ts'

/** When a job is likely home, epoch ms: half of such jobs by `p50`, nine in ten by `p90`. */
export interface Expected {
  readonly p50: number
  readonly p90: number
}

/**
 * From what flies now, for how long it has flown, and what this night has landed. Null where nothing flies or somebody
 * has to do something first. What a retry would take is not in it.
 */
export async function expectedOf(ports: Ports, sight: Sight): Promise<Expected | null> {
  const { job, shards } = sight
  const flying = shards.filter(({ state }) => state !== 'settled')
  if (terminalJobStates.includes(job.state) || job.state === 'landing' || flying.length === 0) return null
  if (flying.some(({ held }) => held !== null && held !== 'quota')) return null
  const fleets: Fleet[] = []
  const runs: { p50: number; p90: number }[] = []
  for (const alike of Map.groupBy(flying, (shard) => `${offerName(shard)} ${shard.model}`).values()) {
    const on = alike[0] as ShardRow
    if (ports.vendors.sync(on.lane) !== undefined) runs.push(await runsOf(ports, sight, alike))
    else fleets.push(...(await fleetOf(ports, sight, alike)))
  }
  const all = fleets.length === 0 ? runs : [...runs, arrivalOf(fleets)]
  const now = ports.clock.now()
  const [p50, p90] = (['p50', 'p90'] as const).map((end) => now + SECOND * Math.max(0, ...all.map((one) => one[end])))
  // A policy that has dearer lanes uses them before it is late.
  const latest = isSteered(job) && job.deadline !== null && job.deadline > now ? job.deadline : Number.POSITIVE_INFINITY
  return { p50: Math.min(p50 as number, latest), p90: Math.min(p90 as number, latest) }
}

/** Submissions of one lane, account and model. */
async function fleetOf(ports: Ports, sight: Sight, alike: readonly ShardRow[]): Promise<Fleet[]> {
  const { lane, accountId, model } = alike[0] as ShardRow
  const now = ports.clock.now()
  const ages = alike.flatMap((shard) => {
    const live = liveOf(sight, shard)
    if (live?.state === 'ended' || live?.state === 'collected') return []
    return [live?.openedAt == null ? 0 : Math.max(0, now - live.openedAt) / SECOND]
  })
  const requests = Math.max(1, ...alike.map(({ count }) => count))
  const told = await curveFor(ports, { lane, accountId, model, requests })
  if (told === undefined || ages.length === 0) return []
  const landed = sight.submissions.filter(
    (one) => one.lane === lane && one.accountId === accountId && one.model === model && endedByItself(one),
  )
  const seconds = landed.map(({ openedAt, endedAt }) => ((endedAt ?? 0) - (openedAt ?? 0)) / SECOND)
  return fleetsOf(tonight(told.curve, seconds, ages), ages)
}

const endedByItself = ({ openedAt, endedAt, cancelWanted, state }: SubmissionRow): boolean =>
  openedAt !== null && endedAt !== null && !cancelWanted && state !== 'refused' && state !== 'lost'

/** Requests of one lane that takes them one by one. */
async function runsOf(ports: Ports, sight: Sight, alike: readonly ShardRow[]): Promise<{ p50: number; p90: number }> {
  const { lane, accountId, model } = alike[0] as ShardRow
  const tokens = tokensEach(sight.job, lineOf(sight.job, { lane, model }))
  const pace = await paceFor(ports, { lane, accountId, model }, { tokens })
  const left = alike.reduce((sum, shard) => {
    const { completed = 0, failed = 0 } = (liveOf(sight, shard)?.counts ?? {}) as {
      completed?: number
      failed?: number
    }
    return sum + Math.max(0, shard.count - completed - failed)
  }, 0)
  const at = ports.clock.now()
  return landingWithin(ports.vendors.engine(accountId), pace, { requests: left, at, deadline: null })
}
