import { terminalJobStates } from '../../domain/states.ts'
import { SECOND } from '../../kit/clock.ts'
import { arrivalOf } from '../../policy/arrival.ts'
import { requestsOf, span } from '../../policy/words.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { wallHolding, wallText } from '../purchase/budget.ts'
import { curveFor } from '../quote/curve-for.ts'
import { courseOf, isSteered } from '../shards/course.ts'
import { Runs } from '../shards/runs.ts'
import { decisionsOf } from './steer.ts'
import type { RunProgress } from './sync-flight.ts'
import { liveOf, sightOf } from './view-of.ts'

/** Why a job is where it is. */
export interface Why {
  readonly job: string
  readonly state: JobRow['state']
  readonly held: JobRow['held']
  /** In sentences, what matters most first. */
  readonly reasons: readonly string[]
}

/** Looks at what a job waits for, and changes nothing. */
export async function whyOf(ports: Ports, job: JobRow): Promise<Why> {
  const { id, state, held } = job
  const said = (reasons: readonly string[]): Why => ({ job: id, state, held, reasons })
  if (terminalJobStates.includes(state)) return said([`It is home: ${state}.`])
  if (state === 'landing') return said(['Every request has an outcome; the results are being written.'])
  const sight = await sightOf(ports, job)
  const flying = sight.shards.filter((shard) => shard.state !== 'settled')
  const attended = (await ports.store.attendants(ports.clock.real())).some(
    ({ jobs }) => jobs === 'all' || jobs.includes(id),
  )
  return said([
    ...(attended
      ? []
      : ['Nobody attends it: nothing is bought, collected or rescued until `redeye watch` or a worker does.']),
    ...(job.cancelWanted ? ['It is being cancelled: what was bought is waited for until the vendor ends it.'] : []),
    ...heldWords(flying),
    ...(await wallWords(ports, job, flying)),
    ...pauseWords(flying, ports.clock.now()),
    ...primerWords(flying),
    ...(isSteered(job)
      ? [...(await decisionsOf(ports, new Runs(ports.clock), sight)).values()].map(({ reason }) => reason)
      : []),
    ...(await laneWords(
      ports,
      flying.map((shard) => ({ shard, live: liveOf(sight, shard) })),
    )),
  ])
}

const holds: Readonly<Record<NonNullable<ShardRow['held']>, string>> = {
  quota: 'wait for room in the quota of the account',
  budget: 'wait for a larger budget',
  credentials: 'wait for a key that the vendor takes',
  billing: 'wait for the account to be able to pay',
  vendor: 'wait for the vendor, which has answered nothing useful for a while',
  unsure: 'wait for what shows whose a purchase at the vendor is',
}

function heldWords(flying: readonly ShardRow[]): string[] {
  const groups = Map.groupBy(flying, ({ held }) => held)
  return [...groups].flatMap(([held, shards]) =>
    held === null ? [] : [`${shards.length} of ${flying.length} shards ${holds[held]}.`],
  )
}

/** Which budget it is, what stands against it, and how it is raised. */
async function wallWords(ports: Ports, job: JobRow, flying: readonly ShardRow[]): Promise<string[]> {
  if (!flying.some(({ held }) => held === 'budget')) return []
  const wall = await wallHolding(ports, job, flying)
  if (wall === undefined) return ['There is room in the budget by now: they go on when they are looked at next.']
  const text = wallText(wall)
  return [`${text[0]?.toUpperCase()}${text.slice(1)}. More is bought after \`${wall.raise}\`.`]
}

/** Of requests that are tried again, once the vendor has had some time. */
function pauseWords(flying: readonly ShardRow[], now: number): string[] {
  const paused = flying.flatMap((shard) => {
    const until = courseOf(shard).notBefore ?? (shard.round > 0 ? shard.wakeAt : null) ?? 0
    return shard.state === 'planned' && until > now ? [{ rows: shard.count, until }] : []
  })
  if (paused.length === 0) return []
  const rows = paused.reduce((sum, one) => sum + one.rows, 0)
  const seconds = (Math.min(...paused.map(({ until }) => until)) - now) / SECOND
  return [`${requestsOf(rows)} that failed in passing are tried again, the first in ${span(seconds)}.`]
}

function primerWords(flying: readonly ShardRow[]): string[] {
  const primers = flying.filter((shard) => courseOf(shard).primes === true)
  if (primers.length === 0 || !flying.some(({ state, wakeAt }) => state === 'planned' && wakeAt === null)) return []
  const rows = primers.reduce((sum, { count }) => sum + count, 0)
  const ahead = rows === 1 ? 'one that goes ahead' : `${rows} that go ahead`
  return [`The others wait, at most half an hour, for ${ahead}: then they find in the cache what all share.`]
}

interface Flown {
  readonly shard: ShardRow
  readonly live: SubmissionRow | undefined
}

/** What is in flight on each lane, and how long such flights take. */
async function laneWords(ports: Ports, flying: readonly Flown[]): Promise<string[]> {
  const { clock } = ports
  const bought = flying.filter(({ live }) => live !== undefined && live.state !== 'prepared')
  const words = [...Map.groupBy(bought, ({ shard }) => shard.lane)].map(async ([lane, flown]) => {
    const rows = flown.reduce((sum, { shard }) => sum + shard.count, 0)
    const done = flown.reduce((sum, { live }) => sum + doneOf(live), 0)
    const since = Math.min(...flown.map(({ live }) => live?.openedAt ?? clock.now()))
    const many = `${flown.length} ${flown.length === 1 ? 'submission' : 'submissions'}`
    const facts = `${many} with ${requestsOf(rows)}, ${done} of them done by its count, the oldest for ${span((clock.now() - since) / SECOND)}`
    const [heldBy] = flown.flatMap(({ live }) => (live?.progress as Partial<RunProgress> | null)?.heldBy ?? [])
    const waits = heldBy === undefined ? '' : ` Nothing new starts there: ${heldBy}.`
    return `On ${lane}: ${facts}.${waits}${await usualWords(ports, flown, Math.ceil(rows / flown.length))}`
  })
  return Promise.all(words)
}

function doneOf(live: SubmissionRow | undefined): number {
  const counts = live?.counts as { completed?: number; failed?: number } | null | undefined
  return (counts?.completed ?? 0) + (counts?.failed ?? 0)
}

/** By what the home has seen of such; nothing on lanes that take requests one by one. */
async function usualWords(ports: Ports, [first]: readonly Flown[], requests: number): Promise<string> {
  const told = first && (await curveFor(ports, { ...first.shard, requests }))
  if (told === undefined) return ''
  const { p50, p90 } = arrivalOf([{ curve: told.curve, submissions: 1, age: 0 }])
  return ` Half of such submissions end within ${span(p50)}, nine in ten within ${span(p90)}.`
}
