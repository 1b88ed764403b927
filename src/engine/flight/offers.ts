import type { Limits } from '../../domain/limits.ts'
import { tierOf, vendorOf } from '../../domain/usage.ts'
import { windowOf } from '../../executor/engine-use.ts'
import { SECOND } from '../../kit/clock.ts'
import type { Offer } from '../../policy/view.ts'
import type { QuotedLane } from '../../pricing/quote.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { limitNow } from '../purchase/quota.ts'
import { curveFor } from '../quote/curve-for.ts'
import { paceFor, sheds } from '../quote/pace-for.ts'
import { type Route, type RoutedManifest, routesOf } from '../rows/routing.ts'
import { offerName } from '../shards/course.ts'
import { ladderOf, lanesOf } from '../shards/ladder.ts'
import { lineOf } from '../shards/quoted-line.ts'
import type { Runs } from '../shards/runs.ts'
import type { RunProgress } from './sync-flight.ts'

/** A lane that has refused everything for so long is down. */
const DOWN_AFTER_MS = 120 * SECOND
/** What is in flight on a sync lane is waited for as long as a run does when it is stopped, and a little; real time. */
const DRAIN_SECONDS = 15
/** Of a lane whose price is not known, in prices at standard. */
const UNPRICED = {
  batch: 0.5,
  flex: 0.5,
  'completion-window-8h': 0.6,
  'completion-window-2h': 0.7,
  standard: 1,
  priority: 2,
  idle: 0.25,
} as const

interface Of {
  readonly job: JobRow
  readonly group: number
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
}

/** What one group of a job may fly on: each lane of its ladder, with each account of its vendor that has a key here. */
export async function offersOf(ports: Ports, runs: Runs, of: Of): Promise<Offer[]> {
  const offers: Offer[] = []
  for (const route of waysOf(ports, of.job, of.group)) offers.push(await offerOf(ports, runs, of, route))
  return offers
}

/** The routes of a group with each lane and account that they may fly with. */
export function waysOf(
  ports: Pick<Ports, 'vendors'>,
  { input, options, deadline }: Pick<JobRow, 'input' | 'options' | 'deadline'>,
  group: number,
): Route[] {
  const manifest = input as RoutedManifest
  const { model } = options as JobOptions
  const asked = model ?? manifest.groups[group]?.model ?? ''
  const ladder = ladderOf(options as JobOptions, deadline)
  return routesOf(manifest, group).flatMap((route) =>
    accountsOf(ports, route, options as JobOptions, asked).flatMap((accountId) =>
      lanesOf(ports.vendors, { ...route, accountId }, ladder).map((lane) => ({ ...route, lane, accountId })),
    ),
  )
}

/**
 * The account of the route first; others of its vendor and its prices too, unless the job is bound to a region or names
 * its account.
 */
function accountsOf(
  { vendors }: Pick<Ports, 'vendors'>,
  { lane, accountId, resident = false }: Route,
  { region }: JobOptions,
  asked: string,
): string[] {
  const others = vendors
    .accounts()
    .filter(({ row, regional }) => !regional && row.vendor === vendorOf(lane))
    .filter(({ call }) => call !== null && (call.resident ?? false) === resident)
    .map(({ row }) => row.id)
  // Another engine of the user's own is another machine with other models.
  const { name } = vendors.accounts().find(({ row }) => row.id === accountId) ?? {}
  const named = name !== undefined && name !== vendorOf(lane) && asked.startsWith(`${name}/`)
  const alone = region !== undefined || named || vendors.engine(accountId) !== undefined
  return alone ? [accountId] : [...new Set([accountId, ...others])]
}

async function offerOf(ports: Ports, runs: Runs, of: Of, route: Route): Promise<Offer> {
  const { lane, accountId, model } = route
  const line = lineOf(of.job, route)
  const facts = {
    name: offerName(route),
    model,
    lane,
    account: accountId,
    price: priceOf(line, standardOf(of.job, of.group)) ?? UNPRICED[tierOf(lane)],
    down: isDown(ports, of, route),
  }
  const sync = ports.vendors.sync(lane)
  if (sync === undefined) {
    const { limits } = ports.vendors.batch(lane)
    const size = Math.max(1, ...of.shards.map(({ count }) => count))
    const told = await curveFor(ports, { lane, accountId, model, requests: size })
    if (told === undefined) throw new Error(`No prior for ${lane}.`)
    return {
      ...facts,
      kind: 'batch',
      landing: told.curve,
      returnsPartial: limits.returnsPartial,
      cancelSeconds: limits.cancelLagMs / SECOND,
      room: fits(limits, of) ? await roomOn(ports, of, route) : 0,
    }
  }
  const engine = ports.vendors.engine(accountId)
  const { requestsPerMinute: perMinute } = of.job.options as JobOptions
  return {
    ...facts,
    kind: 'sync',
    pace: await paceFor(ports, route, { tokens: tokensEach(of.job, line), perMinute, runs }),
    sheds: sheds(lane),
    window: engine === undefined ? null : windowOf(engine, ports.clock.now()),
    cancelSeconds: DRAIN_SECONDS * ports.clock.speed,
    room: Number.POSITIVE_INFINITY,
  }
}

/** What all of a group would cost at standard with the model that was asked for; with another, by what that costs. */
function standardOf(job: JobRow, group: number): number | undefined {
  const route = (job.input as RoutedManifest).routes[group] as Route
  const usd = lineOf(job, route)?.usd.standard
  return usd == null ? undefined : Number(usd)
}

/** In prices of a request at standard. */
function priceOf(line: QuotedLane | undefined, standard = Number(line?.usd.standard ?? 0)): number | undefined {
  return line?.usd.high == null || !(standard > 0) ? undefined : Number(line.usd.high) / standard
}

export function tokensEach({ requests }: JobRow, line: QuotedLane | undefined): { input: number; output: number } {
  if (line === undefined) return { input: 1000, output: 500 }
  const { inputHigh, outputLow, outputHigh } = line.tokens
  return { input: inputHigh / requests, output: Math.sqrt(Math.max(1, outputLow) * Math.max(1, outputHigh)) / requests }
}

/** Nothing can be bought there now, as far as those say that have tried. */
function isDown({ vendors, clock }: Ports, { shards, submissions }: Of, { lane, accountId }: Route): boolean {
  if (!vendors.accounts().some(({ row, call }) => row.id === accountId && call !== null)) return true
  const there = shards.filter((shard) => shard.lane === lane && shard.accountId === accountId)
  if (there.some(({ held }) => held === 'credentials' || held === 'billing' || held === 'vendor')) return true
  return submissions.some((one) => {
    if (one.lane !== lane || one.accountId !== accountId || one.state !== 'open') return false
    const trouble = (one.progress as Partial<RunProgress> | null)?.trouble
    return (
      trouble != null &&
      trouble.why !== 'drought' &&
      trouble.why !== 'rate' &&
      clock.now() - trouble.since > DOWN_AFTER_MS
    )
  })
}

/** Shards are cut for the model that was asked for; of another vendor's lane they may be too much. */
const fits = ({ rowsMax, fileBytesMax }: Limits, { shards, group }: Of): boolean =>
  shards.every(
    (shard) =>
      shard.group !== group || shard.state === 'settled' || (shard.count <= rowsMax && shard.bytes <= fileBytesMax),
  )

/**
 * Requests that fit under what the account may still have enqueued; at least a shard, where nothing is. None while a shard
 * has just been told so, and looks again by itself.
 */
async function roomOn(ports: Ports, { shards, group }: Of, route: Route): Promise<number> {
  const { lane, accountId, model } = route
  const { limits } = ports.vendors.batch(lane)
  const told = shards.some(
    (one) =>
      one.held === 'quota' && one.lane === lane && one.accountId === accountId && (one.wakeAt ?? 0) > ports.clock.now(),
  )
  if (told) return 0
  const { open, tokens } = await ports.store.inUse({ accountId, lane, model })
  if (limits.openSubmissionsMax !== null && open >= limits.openSubmissionsMax) return 0
  const tokensMax = await limitNow(ports, { accountId, model, unit: 'tokens' }, limits.enqueuedTokensMax(model))
  if (tokensMax === null) return Number.POSITIVE_INFINITY
  if (tokens === 0) return Number.POSITIVE_INFINITY // the claim lets a shard fly alone, whatever its size
  const own = shards.filter((shard) => shard.group === group)
  const requests = own.reduce((sum, { count }) => sum + count, 0)
  const each = own.reduce((sum, shard) => sum + shard.tokens, 0) / Math.max(1, requests)
  return Math.max(0, (tokensMax - tokens) / Math.max(1, each))
}
