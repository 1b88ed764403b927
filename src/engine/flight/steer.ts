import { vendorOf } from '../../domain/usage.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import { derivedId } from '../../kit/ids.ts'
import { decide } from '../../policy/decide.ts'
import type { Decision, Offer } from '../../policy/view.ts'
import type { Commit, JobRow, ShardRow } from '../../stores/contract.ts'
import { removeInput } from '../harvest/clean-up.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { holdUnfunded, touched } from '../purchase/budget.ts'
import type { Watcher } from '../purchase/watcher.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { type Course, courseAfter, courseOf, offerName } from '../shards/course.ts'
import { keepShard, keepSubmission, moveShard, moveSubmission } from '../shards/move.ts'
import { unflown } from '../shards/new-shard.ts'
import { sizeOf } from '../shards/plan.ts'
import type { Runs } from '../shards/runs.ts'
import type { Crew } from './advance.ts'
import { gatherRetries } from './gather.ts'
import { offersOf } from './offers.ts'
import { budgetLeft, isPaused, isWaiting, liveOf, type Sight, sightOf, viewOf } from './view-of.ts'

/** Decisions in a row; each is decided on what the one before has left. */
const STEPS_MAX = 100

/**
 * Takes the steps that the policy wants now, one after the other, each in one commit with its reason.
 * @returns when to ask it again (our clock)
 */
export async function steer(ports: Ports, { runs, watcher }: Crew, jobId: string): Promise<number | null> {
  for (let step = 0; step < STEPS_MAX; step++) {
    const job = await ports.store.job(jobId)
    if (job === undefined || job.cancelWanted || (job.state !== 'flying' && job.state !== 'held')) return null
    const sight = await sightOf(ports, job)
    if (isStale(ports, sight, watcher)) return ports.clock.now() + SECOND * ports.clock.speed
    await noteProgress(ports, sight)
    const gathered = await gatherRetries(ports, sight)
    if (gathered !== undefined) {
      await ports.store.commit(gathered)
      continue
    }
    const decisions = await decisionsOf(ports, runs, sight)
    const next = [...decisions.values()].find((one) => one.do !== 'wait' && one.do !== 'finish')
    if (next === undefined) {
      const unfunded = await holdUnfunded(ports, job, shardsKeptBack(sight, decisions))
      if (unfunded !== undefined && (await ports.store.commit(unfunded))) continue
      const waits = [
        ...[...decisions.values()].flatMap((one) => (one.do === 'wait' ? [one.until] : [])),
        ...pausesOf(ports, sight),
      ]
      return waits.length === 0 ? null : Math.min(...waits)
    }
    // Another process may have moved something meanwhile: then nothing is written, and all is looked at again.
    const change = await changeFor(ports, sight, next)
    if (!(await ports.store.commit(change))) continue
    ports.step('steered')
    await cleanUpDropped(ports, sight, change)
  }
  return ports.clock.now() + SECOND * ports.clock.speed
}

/** When requests that have to wait may be tried again. */
const pausesOf = ({ clock }: Ports, sight: Sight): number[] =>
  sight.shards.flatMap((shard) => (isPaused(sight, shard, clock.now()) ? [courseOf(shard).notBefore as number] : []))

/** Shards that nobody is to look at: those that wait for money, and those that did and wait for something else. */
function shardsKeptBack(sight: Sight, decisions: ReadonlyMap<number, Decision>) {
  const poor: ShardRow[] = []
  const others: ShardRow[] = []
  for (const shard of sight.shards) {
    const decision = decisions.get(shard.group)
    const wants = decision?.do === 'wait' && decision.for === 'budget'
    if (wants && isWaiting(sight, shard)) poor.push(shard)
    if (!wants && shard.held === 'budget' && shard.state === 'held' && shard.wakeAt === null) others.push(shard)
  }
  return { poor, others }
}

/** What the policy says now of each group of the job's requests that is not home. */
export async function decisionsOf(ports: Ports, runs: Runs, sight: Sight): Promise<Map<number, Decision>> {
  const { groups } = sight.job.input as RoutedManifest
  const left = await budgetLeft(ports, sight)
  const decisions = new Map<number, Decision>()
  for (const group of groups.keys()) {
    if (!sight.shards.some((shard) => shard.group === group && shard.state !== 'settled')) continue
    const offers = await offersOf(ports, runs, { ...sight, group })
    decisions.set(group, decide(viewOf(ports, sight, group, offers, left), ports.clock.now()))
  }
  return decisions
}

/**
 * A process that slept, or has just begun, knows what the vendors were at before: nothing is decided by that. Each shard
 * whose next look is overdue is looked at first, and what sleeps for long is as well known as the watcher's last pass.
 */
function isStale({ clock }: Ports, { shards }: Sight, watcher: Watcher): boolean {
  const slack = Math.max(MINUTE, 4 * SECOND * clock.speed)
  const now = clock.now()
  const current = watcher.isCurrent()
  return shards.some(({ state, wakeAt, leaseUntil }) => {
    if (state === 'settled' || wakeAt === null) return false
    if (leaseUntil > clock.real()) return false // a step under way is a look
    return wakeAt < now - slack || (!current && state === 'flying' && wakeAt > now + 2 * slack)
  })
}

/** When a vendor's count last grew tells what still moves. */
async function noteProgress(ports: Ports, sight: Sight): Promise<void> {
  const grown = sight.shards.flatMap((shard) => {
    const counts = liveOf(sight, shard)?.counts as { completed: number; failed: number } | null | undefined
    const done = counts == null ? 0 : counts.completed + counts.failed
    const course = courseOf(shard)
    if (shard.state === 'settled' || done <= course.done) return []
    return [{ shard, set: { course: { ...course, done, movedAt: ports.clock.now() } satisfies Course } }]
  })
  const note = async (some: typeof grown): Promise<boolean> => {
    if (!(await ports.store.commit({ shards: some.map(({ shard, set }) => keepShard(shard, set)) }))) return false
    for (const { shard, set } of some) Object.assign(shard, set)
    return true
  }
  // Together, or where one of them has moved on meanwhile, one by one.
  if (grown.length > 0 && !(await note(grown))) for (const one of grown) await note([one])
}

/** What was uploaded and is not bought after all. */
async function cleanUpDropped(ports: Ports, { job, submissions }: Sight, change: Commit): Promise<void> {
  for (const { id, set } of change.submissions ?? []) {
    const dropped = set.state === 'dropped' ? submissions.find((one) => one.id === id) : undefined
    if (dropped?.fileId != null && !(job.options as JobOptions).keepRemote) await removeInput(ports, dropped)
  }
}

async function changeFor(ports: Ports, sight: Sight, decision: Decision): Promise<Commit> {
  const changes: Commit[] = []
  const shards = 'shards' in decision ? decision.shards : []
  for (const id of shards) {
    const shard = sight.shards.find((one) => one.id === id) as ShardRow
    if (decision.do === 'cancel') changes.push(await leave(ports, sight, shard, decision.to))
    else if (decision.do === 'climb' && decision.abandons)
      changes.push(await abandon(ports, sight, shard, decision.offer))
    else if (decision.do === 'climb' || decision.do === 'submit')
      changes.push(await assign(ports, sight, shard, decision.offer))
  }
  return {
    job: touched(sight.job),
    shards: changes.flatMap((one) => one.shards ?? []),
    submissions: changes.flatMap((one) => one.submissions ?? []),
    insertShards: changes.flatMap((one) => one.insertShards ?? []),
    events: [event(ports, sight.job, decision, shards.length)],
  }
}

const event = (ports: Ports, { id }: JobRow, decision: Decision, shards: number) => ({
  jobId: id,
  at: ports.clock.now(),
  type: 'decided',
  data: {
    do: decision.do,
    ...('offer' in decision ? { lane: decision.offer.lane, account: decision.offer.account } : {}),
    ...('to' in decision && decision.to !== null ? { to: decision.to.lane } : {}),
    shards,
    reason: decision.reason,
  },
})

/** Whoever works on the shard works for nothing from here on: its lease is over. */
const seized = ({ epoch }: ShardRow) => ({ epoch: epoch + 1, owner: null, leaseUntil: 0 })

async function assign(ports: Ports, sight: Sight, shard: ShardRow, offer: Offer): Promise<Commit> {
  const now = ports.clock.now()
  const before = sight.submissions.findLast(({ shardId }) => shardId === shard.id)
  const prepared = before?.state === 'prepared' ? before : undefined
  // What is uploaded for that very lane may still be bought; for another it is of no use.
  const stays = prepared !== undefined && offerName(shard) === offer.name
  const set = {
    ...seized(shard),
    ...(await wordedAs(ports, sight, shard, offer)),
    held: null,
    refusals: 0,
    purchase: before === undefined || stays ? shard.purchase : before.purchase + 1,
    wakeAt: now,
    course: { ...courseOf(shard), assignedAt: now, cancelledAt: null, done: 0, movedAt: null } satisfies Course,
  }
  return {
    shards: [shard.state === 'planned' ? keepShard(shard, set) : moveShard(shard, 'release', set)],
    submissions: prepared === undefined || stays ? [] : [moveSubmission(prepared, 'drop')],
  }
}

/** What of a shard depends on where it flies; its size too, where another model wants it worded otherwise. */
async function wordedAs(
  ports: Ports,
  { job }: Sight,
  shard: ShardRow,
  { lane: to, account: accountId, model = shard.model }: Offer,
): Promise<Pick<ShardRow, 'lane' | 'accountId' | 'model' | 'bytes' | 'tokens' | 'outputMax'>> {
  const lane = to as ShardRow['lane']
  const moved = { ...shard, lane, accountId, model }
  const same = model === shard.model && vendorOf(lane) === vendorOf(shard.lane)
  const of = { manifest: job.input as RoutedManifest, options: job.options as JobOptions }
  const { bytes, tokens, outputMax } = same ? shard : await sizeOf(ports, of, moved)
  return { lane, accountId, model, bytes, tokens, outputMax }
}

/** It leaves its lane: what it has finished there is collected, and the rest is free to go; at once, where nothing is bought. */
async function leave(ports: Ports, sight: Sight, shard: ShardRow, to: Offer | null): Promise<Commit> {
  const now = ports.clock.now()
  const live = liveOf(sight, shard)
  if (live === undefined || live.state === 'prepared') {
    if (to !== null) return assign(ports, sight, shard, to)
    throw new Error(`Shard ${shard.id} is stuck, and not bought.`)
  }
  return {
    shards: [keepShard(shard, { wakeAt: now, course: { ...courseOf(shard), cancelledAt: now } })],
    submissions: [keepSubmission(live, { cancelWanted: true })],
  }
}

/** What was cancelled there is followed to its end, and its requests fly elsewhere besides. */
async function abandon(ports: Ports, sight: Sight, shard: ShardRow, offer: Offer): Promise<Commit> {
  const live = liveOf(sight, shard)
  if (live === undefined) return assign(ports, sight, shard, offer)
  const now = ports.clock.now()
  const again: ShardRow = {
    ...shard,
    ...(await wordedAs(ports, sight, shard, offer)),
    ...unflown,
    id: derivedId('shd', shard.id, 'again'),
    course: { ...courseAfter(shard), assignedAt: now },
    wakeAt: now,
  }
  return {
    shards: [moveShard(shard, 'settle', { ...seized(shard), tally: null, held: null, wakeAt: null })],
    submissions: [keepSubmission(live, { abandoned: true })],
    insertShards: [again],
  }
}
