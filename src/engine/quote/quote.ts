import type { EngineSettings } from '../../domain/engine-settings.ts'
import { type Lane, vendorOf } from '../../domain/usage.ts'
import { doneAt, openWithin } from '../../executor/engine-use.ts'
import { type Group, rowsOf } from '../../intake/manifest.ts'
import { SECOND } from '../../kit/clock.ts'
import { randomId } from '../../kit/ids.ts'
import { arrivalOf, type Fleet } from '../../policy/arrival.ts'
import { landingOf, pacedLanding } from '../../policy/landing.ts'
import { earliestDeadline } from '../../policy/promise.ts'
import type { Pace } from '../../policy/view.ts'
import { type PricedAt, quotedCache, standardIsCheaper } from '../../pricing/cache-notes.ts'
import { type Quote, type QuotedLane, type QuoteGroup, type QuoteInput, quote } from '../../pricing/quote.ts'
import { type SparedQuote, savedBetween, withoutShare } from '../../pricing/spared.ts'
import { quoteTokens as quoteOf, type WhatIf, type WhatIfWorld } from '../../pricing/what-if.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { budgetsFor, withBudgets } from '../purchase/budgets.ts'
import { termsOf } from '../rows/lane-terms.ts'
import type { Alternative, Route, RoutedManifest } from '../rows/routing.ts'
import { everyRow } from '../rows/rows.ts'
import { type SharedPrefixes, sharedPrefixes } from '../savings/shared-prefixes.ts'
import { type Share, type Sparing, spareRows } from '../savings/spare-rows.ts'
import { ladderOf, lanesOf } from '../shards/ladder.ts'
import { bindingLimits, paceLimit } from './binding-limits.ts'
import { curveFor } from './curve-for.ts'
import { paceFor, sheds } from './pace-for.ts'
import { pilotRows } from './pilot-rows.ts'
import { type EstimatedGroup, estimateGroups } from './quote-group.ts'

/** What an input would cost that was taken in for this alone. */
export async function quoteInput(
  ports: Ports,
  { manifest, folder }: { readonly manifest: RoutedManifest; readonly folder: string },
  options: JobOptions,
  deadline: number | null,
  tags: JobRow['tags'] = {},
): Promise<Quote> {
  const jobId = randomId('job')
  try {
    const bought = new Set((await pilotRows(ports, manifest, options)).map(({ ordinal }) => ordinal))
    const sparing = await spareRows(ports, { jobId, manifest, options, folder, bought })
    const spared = sparing.spared === undefined ? manifest : { ...manifest, spared: sparing.spared }
    const had = { has: (row: number) => bought.has(row) || sparing.ordinals.has(row) }
    const shared = await sharedPrefixes(ports, spared, options, deadline, had)
    const quoted = await quoteJob(ports, spared, options, deadline, { sparing, shared })
    return withBudgets(quoted, await budgetsFor(ports, tags), options)
  } finally {
    for await (const { name } of ports.blobs.list(`jobs/${jobId}/`)) await ports.blobs.delete(name)
  }
}

/** What is known of a job besides its tokens. */
export interface Found {
  /** What of it is not bought, or need not be. */
  readonly sparing?: Sparing | undefined
  /** What its prompts share. */
  readonly shared?: readonly SharedPrefixes[]
}

/** What the job would cost on each lane: tokens counted on a random sample, output from what requests allow. */
export async function quoteJob(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
  deadline: number | null,
  found: Found = {},
): Promise<Quote> {
  const { alternatives: others = [], ...own } = manifest
  const quoted = await quoteRoutes(ports, own, options, deadline, found)
  const alternatives: QuotedLane[] = []
  for (const routes of alike(others, manifest.groups.length)) {
    const { lanes } = await quoteRoutes(ports, { ...own, routes }, options, deadline, { sparing: found.sparing })
    alternatives.push(...lanes.filter(({ flyable }) => flyable))
  }
  return { ...quoted, alternatives }
}

/** The routes of all groups with one other model after the other. */
function alike(others: readonly Alternative[], groups: number): (readonly Route[])[] {
  const sets: (readonly Route[])[] = []
  for (let from = 0; from < others.length; from += groups) sets.push(others.slice(from, from + groups))
  return sets
}

async function quoteRoutes(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
  deadline: number | null,
  { sparing, shared = [] }: Found,
): Promise<Quote> {
  const at = ports.clock.now()
  const estimated = await estimateGroups(ports, manifest, options)
  const ladder = ladderOf(options, deadline)
  const groups: QuoteGroup[] = []
  const flyable = new Set<Lane>()
  const fleets = new Map<Lane, { fleets: Fleet[]; seen: number }>()
  const limits: Record<Lane, readonly string[]> = {}
  for (const [number, group] of manifest.groups.entries()) {
    const route = manifest.routes[number] as Route
    const { lane, accountId, translated } = route
    const terms = termsOf(ports.vendors, lane).limits
    for (const one of lanesOf(ports.vendors, route, ladder)) flyable.add(one)
    const rowsMax = Math.min(terms.rowsMax, options.shardRequests ?? terms.rowsMax)
    const cut = Math.max(rowsOf(group) / rowsMax, (translated?.bodyBytes ?? group.bodyBytes) / terms.fileBytesMax)
    limits[lane] = [...(limits[lane] ?? []), ...(await bindingLimits(ports, route, group, options))]
    const fleet = await fleetOf(ports, route, { rows: rowsOf(group), submissions: Math.max(1, Math.ceil(cut)) })
    const { fleets: others = [], seen = 0 } = fleets.get(lane) ?? {}
    if (fleet !== undefined) fleets.set(lane, { fleets: [...others, fleet], seen: seen + fleet.seen })
    const rates = ports.vendors.engine(accountId)?.rates
    const counted = {
      ...(estimated[number] as EstimatedGroup).quoted,
      ...(rates === undefined ? {} : { rates }),
    }
    const found = shared.find(({ group: of }) => of === number)
    groups.push(withShared(counted, found, options, { prices: ports.vendors.prices, at }))
  }
  const landing: Record<Lane, NonNullable<QuoteInput['landing']>[Lane]> = {}
  const paces = new Map<Lane, Pace>()
  for (const [number, group] of groups.entries()) {
    const route = manifest.routes[number] as Route
    for (const lane of lanesOf(ports.vendors, route, ladder)) {
      const sync = ports.vendors.sync(lane)
      if (sync === undefined || sync.later !== undefined) continue
      const rows = rowsOf(manifest.groups[number] as Group)
      const tokens = { input: group.inputTokens.high / rows, output: likelyOutput(group) }
      const on = { lane, accountId: route.accountId, model: route.model }
      const pace = await paceFor(ports, on, { tokens, perMinute: options.requestsPerMinute })
      const slowest = paces.get(lane)
      if (slowest === undefined || pace.perSecond < slowest.perSecond) paces.set(lane, pace)
    }
  }
  for (const [lane, pace] of paces) {
    limits[lane] = [paceLimit(lane, pace)]
    const { accountId = '' } = manifest.routes.find((route) => route.lane === lane) ?? {}
    landing[lane] = landingWithin(ports.vendors.engine(accountId), pace, {
      requests: everyRow(manifest).count,
      at,
      deadline,
    })
  }
  for (const [lane, { fleets: flown, seen }] of fleets) {
    if (!flyable.has(lane)) continue
    const { p50, p90, chanceWithin } = arrivalOf(flown)
    const onTime = deadline === null ? null : chanceWithin((deadline - at) / SECOND)
    landing[lane] = { p50, p90, onTime, notes: [restsOn(lane, seen)] }
  }
  const sure = [...paces].filter(([lane]) => !sheds(lane))
  const lastResort = deadline === null ? undefined : sure.map(([lane]) => lane).at(-1)
  const earliest = deadline === null ? null : earliestOf(manifest, sure, at)
  const { prices } = ports.vendors
  const whole = { at, deadline, groups, prices, flyable: [...flyable], landing, lastResort, earliest, limits }
  const bought = estimated.reduce((sum, one) => sum + one.bought, 0)
  const quoted = {
    ...(sparing === undefined ? quote(whole) : quoteSparing(whole, manifest, options, sparing)),
    learns: estimated.map(({ learns }) => learns),
    ...(bought === 0 ? {} : { pilot: { requests: bought } }),
  }
  const cached = shared.flatMap((one) => {
    const group = groups[one.group] as QuoteGroup
    return group.asksCache === true ? [] : [{ group, shared: one }]
  })
  const cache = quotedCache(cached, groups, quoted, { prices, at })
  if (cache === undefined || cache.usd?.high === '0') return quoted
  return { ...quoted, cache: { ...cache, isMarked: cache.isMarked && isAuto(options) } }
}

const isAuto = ({ cache = 'auto' }: JobOptions): boolean => cache === 'auto'

/** What prompts share counts where it is kept: by the vendor itself, or because the job asks for it. */
function withShared(
  group: QuoteGroup,
  shared: SharedPrefixes | undefined,
  options: JobOptions,
  when: PricedAt,
): QuoteGroup {
  if (shared === undefined || group.asksCache === true) return group
  const dearer = standardIsCheaper({ group, shared }, when)
  const notes = [...(group.notes ?? []), ...(dearer === undefined ? [] : [dearer])]
  return shared.writes !== null && !isAuto(options) ? { ...group, notes } : { ...group, shared, notes }
}

/** The price of what is bought, and what the rest would cost or does not cost. */
function quoteSparing(
  whole: QuoteInput,
  manifest: RoutedManifest,
  options: JobOptions,
  { reused, identical }: Sparing,
): Quote {
  const without = (input: QuoteInput, shares: readonly Share[]): QuoteInput => ({
    ...input,
    groups: input.groups.map((group, at) => {
      const taken = manifest.groups[at] as Group
      const { rows, tokens } = shares[at] as Share
      return withoutShare(group, { requests: rows / rowsOf(taken), tokens: tokens / Math.max(1, taken.tokens) })
    }),
  })
  const isUsed = options.dedupe === true
  const fresh = without(whole, reused)
  const distinct = without(fresh, identical)
  const [all, ofFresh, ofDistinct] = [quote(whole), quote(fresh), quote(distinct)]
  const rows = (shares: readonly Share[]): number => shares.reduce((sum, share) => sum + share.rows, 0)
  const spared: SparedQuote[] = [
    { what: 'identical', requests: rows(identical), isUsed, usd: savedBetween(ofFresh, ofDistinct) },
    { what: 'reused', requests: rows(reused), isUsed: true, usd: savedBetween(all, ofFresh) },
  ]
  const known = spared.filter(({ requests }) => requests > 0)
  return { ...(isUsed ? ofDistinct : ofFresh), ...(known.length === 0 ? {} : { spared: known }) }
}

/** Submissions of a group as it would be cut, by what the home has seen of such. */
async function fleetOf(
  ports: Ports,
  { lane, accountId, model }: Route,
  { rows, submissions }: { rows: number; submissions: number },
): Promise<(Fleet & { seen: number }) | undefined> {
  const told = await curveFor(ports, { lane, accountId, model, requests: Math.ceil(rows / submissions) })
  return told && { ...told, submissions, age: 0 }
}

const restsOn = (lane: Lane, seen: number): string =>
  `When ${lane} lands is told by published figures${seen === 0 ? ', and none of this home yet.' : ` and ${seen} ${seen === 1 ? 'submission' : 'submissions'} of this home.`}`

/** Within the hours of an engine, where the lane is one. */
export function landingWithin(
  engine: EngineSettings | undefined,
  pace: Pace,
  { requests, at, deadline }: { requests: number; at: number; deadline: number | null },
) {
  if (engine === undefined) return pacedLanding(pace, requests, deadline === null ? null : (deadline - at) / SECOND)
  const open = deadline === null ? null : openWithin(engine, at, deadline) / SECOND
  const { p50, p90, onTime } = pacedLanding(pace, requests, open)
  const secondsUntil = (work: number): number => (doneAt(engine, at, work * SECOND) - at) / SECOND
  return { p50: secondsUntil(p50), p90: secondsUntil(p90), onTime }
}

/** Half-way between the least and the most that answers may say, as ratios go. */
const likelyOutput = ({ outputTokens: { low, high }, requests }: QuoteGroup): number =>
  Math.sqrt(Math.max(1, low) * Math.max(1, high)) / Math.max(1, requests)

/** The vendors work side by side; the slowest decides. Undefined lanes to rely upon at one of them: null. */
function earliestOf(manifest: RoutedManifest, sure: readonly (readonly [Lane, Pace])[], at: number): number | null {
  let latest = at
  for (const [vendor, routes] of Map.groupBy(manifest.routes.entries(), ([, { lane }]) => vendorOf(lane))) {
    const paces = sure.filter(([lane]) => vendorOf(lane) === vendor).map(([, pace]) => pace)
    const requests = routes.reduce((sum, [number]) => sum + rowsOf(manifest.groups[number] as Group), 0)
    const fastest = paces.toSorted((a, b) => b.perSecond - a.perSecond).slice(0, 1) // tiers of one account share its rates
    const earliest = earliestDeadline(requests, fastest, at)
    if (earliest === undefined) return null
    latest = Math.max(latest, earliest)
  }
  return latest
}

const SUBMISSION_ROWS = 50_000

/** What tokens cost that are in no file yet, and when they would land. */
export const quoteTokens = (what: WhatIf, at: number, world: Omit<WhatIfWorld, 'landing'>): Quote =>
  quoteOf(what, at, {
    ...world,
    landing: (lane, requests) => {
      const submissions = Math.ceil(requests / SUBMISSION_ROWS)
      return landingOf(lane, { requests: Math.ceil(requests / submissions), submissions })
    },
  })
