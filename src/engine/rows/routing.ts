import type { LineTranslation } from '../../delivery/translate-line.ts'
import { dialectNameOf, endpointFor } from '../../dialects/endpoint-for.ts'
import { isSplit } from '../../dialects/translate-body.ts'
import type { DialectName } from '../../dialects/translation.ts'
import type { Warning } from '../../dialects/warnings.ts'
import { makesNumbers } from '../../domain/endpoints.ts'
import { UsageError } from '../../domain/errors.ts'
import { type Lane, vendorOf } from '../../domain/usage.ts'
import { dropRequests } from '../../intake/drop-requests.ts'
import type { IntakeOptions } from '../../intake/intake.ts'
import { type Group, type Manifest, rowsIn } from '../../intake/manifest.ts'
import type { BatchLane, Region, RowFrame } from '../../providers/contract.ts'
import type { JobRow, ShardRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { termsOf } from './lane-terms.ts'
import { everyRequest, everyRow, recordsOf, rowBytes } from './rows.ts'
import { saidBy } from './said-by.ts'
import { spreadRows } from './spread-rows.ts'
import { translateGroup, WORDED } from './translate-group.ts'
import { Unfit } from './unfit.ts'

/** Where one group of requests flies and how it is worded there. Decided once, when the input is taken in. */
export interface Route {
  readonly lane: Lane
  readonly accountId: string
  /** As the vendor names it. */
  readonly model: string
  /** Of the vendor. */
  readonly endpoint: string
  /** The bodies in the dialect of that endpoint; null: they go as they came. */
  readonly translated: Translated | null
  /** The bodies with marks where shared beginnings end, beside those without. */
  readonly marked?: Marked | undefined
  /** The rows of the results are the vendor's own, whatever the dialect of the answers in them. */
  readonly ownRows?: boolean
  /** JSON text of a member that each body begins with: in which region it is to be answered. */
  readonly member?: string
  /** The vendor's data-residency price applies. */
  readonly resident?: boolean
}

export interface Translated {
  /** Blobs: the bodies, and an index whose records of this group point into them, dense over all rows of the job. */
  readonly segment: string
  readonly index: string
  /** Bytes of all bodies. */
  readonly bodyBytes: number
  /** What was adapted, with the number of requests that it concerns. */
  readonly warnings: readonly CountedWarning[]
}

export interface Marked {
  /** Blobs: marked bodies, and an index in which they have the segment number after all others. */
  readonly segment: string
  readonly index: string
}

export interface CountedWarning extends Warning {
  readonly requests: number
}

/** What was taken in, and the route of each of its groups. */
export interface RoutedManifest extends Manifest {
  readonly routes: readonly Route[]
  /** Where groups may fly as well, with another model. */
  readonly alternatives?: readonly Alternative[]
}

export interface Alternative extends Route {
  readonly group: number
}

/** All routes of a group: its own, and those with other models. */
export const routesOf = ({ routes, alternatives = [] }: RoutedManifest, group: number): readonly Route[] => [
  routes[group] as Route,
  ...alternatives.filter((one) => one.group === group),
]

/** The manifest with the route that a shard flies as that of its group. */
export function routedFor(manifest: RoutedManifest, shard: Pick<ShardRow, 'group' | 'lane' | 'model'>): RoutedManifest {
  const { group, lane, model } = shard
  const own = routesOf(manifest, group).find(
    (route) => route.model === model && vendorOf(route.lane) === vendorOf(lane),
  )
  if (own === undefined || own === manifest.routes[group]) return manifest
  return { ...manifest, routes: manifest.routes.with(group, own) }
}

/**
 * Chooses where each group flies, and words its requests for there. Those that cannot be flown are dropped where bad
 * lines are set aside; the rest is worded again, as if they had never been there.
 * @throws BadInput with the JSON path of everything the vendor cannot be told; nothing was sent
 */
export async function routed(
  ports: Ports,
  manifest: Manifest,
  options: JobOptions,
  folder: string,
  intake: IntakeOptions = {},
): Promise<RoutedManifest> {
  for (let fit = manifest; ; ) {
    const unfit = new Unfit(ports, fit, intake)
    const worded = await withAlternatives(ports, fit, options, folder, unfit)
    if (unfit.ordinals.size === 0) return worded
    for await (const { name } of ports.blobs.list(`${folder}/${WORDED}`)) await ports.blobs.delete(name)
    const skipped = fit.skipped + unfit.ordinals.size
    fit = { ...(await dropRequests(ports.blobs, fit, unfit.ordinals)), skipped }
  }
}

/** Worded for its own model, and for each other that may answer. */
async function withAlternatives(
  ports: Ports,
  manifest: Manifest,
  options: JobOptions,
  folder: string,
  unfit: Unfit,
): Promise<RoutedManifest> {
  const own = await wordedFor(ports, manifest, options, folder, unfit)
  if (unfit.ordinals.size === 0) await findTooLarge(ports, own, unfit)
  const { orModels = [] } = options
  if (orModels.length === 0 || unfit.ordinals.size > 0) return own
  if (own.groups.some(({ endpoint }) => makesNumbers(endpoint)))
    throw new UsageError('Vectors of different models do not compare.', 'Nothing was sent. Leave out --or-model.')
  const alternatives: Alternative[] = []
  for (const [number, model] of orModels.entries()) {
    const other = await wordedFor(
      ports,
      manifest,
      { ...options, model },
      `${folder}/${WORDED}alternative-${number}`,
      unfit,
    )
    if (unfit.ordinals.size === 0) await findTooLarge(ports, other, unfit)
    if (unfit.ordinals.size > 0) return own
    alternatives.push(...other.routes.map((route, group) => ({ ...route, group })))
  }
  return { ...own, alternatives }
}

/** One route a group, as long as nothing is unfit. */
async function wordedFor(
  ports: Ports,
  manifest: Manifest,
  options: JobOptions,
  folder: string,
  unfit: Unfit,
): Promise<RoutedManifest> {
  const choices: Choice[] = []
  for (const group of manifest.groups) choices.push(await choose(ports, group, options))
  const taken = await inRows(ports, manifest, choices, folder)
  const routes: Route[] = []
  for (const [group, { route, member, from, to, namesModel, openSchemas }] of choices.entries()) {
    const { lane, model } = route
    const how = { group, from, to, model, namesModel, openSchemas, vendor: vendorOf(lane), options, folder, unfit }
    const translated =
      from === undefined || to === undefined || from === to
        ? null
        : await translateGroup(ports, taken, { ...how, from, to })
    if (unfit.ordinals.size > 0) continue
    const said = member === undefined || (translated === null && (await saidBy(ports, manifest, group, member, unfit)))
    const spliced = said ? {} : { member: `${JSON.stringify(member.name)}:${JSON.stringify(member.value)}` }
    routes.push({ ...route, translated, ...spliced })
  }
  return { ...taken, routes }
}

/** A route as it is known before anything is worded for it. */
interface Choice {
  readonly route: Omit<Route, 'translated' | 'member'>
  readonly member: Region['member']
  /** The dialects of the requests and of the endpoint; undefined: one that is passed on unread. */
  readonly from: DialectName | undefined
  readonly to: DialectName | undefined
  /** The bodies name the model there. */
  readonly namesModel: boolean
  readonly openSchemas: boolean
}

async function choose(ports: Ports, { endpoint: own, model: asked }: Group, options: JobOptions): Promise<Choice> {
  const { lane, accountId, model, member, resident } = await ports.vendors.choose({
    endpoint: own,
    model: options.model ?? asked,
    ...(options.region === undefined ? {} : { region: options.region }),
  })
  const { limits, rowFrame, ownRows = false, openSchemas = false } = termsOf(ports.vendors, lane)
  const endpoint = endpointFor(own, limits.endpointsOf?.(model) ?? limits.endpoints) ?? own
  if (model === '') throw new UsageError('The requests name no model.', 'Name one by --model.')
  return {
    route: { lane, accountId, model, endpoint, ownRows, resident },
    member,
    from: dialectNameOf(own),
    to: dialectNameOf(endpoint),
    namesModel: rowFrame(endpoint).blanksModel !== true,
    openSchemas,
  }
}

/** Says of each group whether its requests are split where it flies, and counts the rows if any are. */
async function inRows(ports: Ports, manifest: Manifest, choices: readonly Choice[], folder: string): Promise<Manifest> {
  const groups = manifest.groups.map((group, at) => {
    const { from, to } = choices[at] as Choice
    const split = from !== undefined && to !== undefined && isSplit(from, to) && group.inputs > group.requests
    return split ? { ...group, split } : group
  })
  if (!groups.some(({ split }) => split)) return manifest
  const taken = { ...manifest, groups }
  return { ...taken, rows: await spreadRows(ports, taken, `${folder}/rows`) }
}

/** Requests that are larger than their vendor takes, each by itself. */
async function findTooLarge(ports: Ports, manifest: RoutedManifest, unfit: Unfit): Promise<void> {
  const requestOf = await requestsByRow(ports, manifest)
  for (const [group, route] of manifest.routes.entries()) {
    const lane = termsOf(ports.vendors, route.lane)
    const { rowBytesMax } = lane.limits
    const { bodyBytes } = route.translated ?? (manifest.groups[group] as Group)
    if (bodyBytes + FRAME_BYTES_MAX < rowBytesMax) continue // then none of them can be
    const [frame, splice] = [frameOf(lane, route), modelSplice(manifest, group)]
    let first = 0
    for await (const records of recordsOf(ports.blobs, sentManifest(manifest, group), everyRow(manifest))) {
      for (const [at, record] of records.entries()) {
        const bytes = record.group === group ? rowBytes(frame, record, splice) : 0
        if (bytes <= rowBytesMax) continue
        const message = `the request is ${bytes} bytes as a row; ${vendorOf(route.lane)} takes at most ${rowBytesMax}`
        await unfit.add(requestOf(first + at), record.line, message)
      }
      first += records.length
    }
  }
  unfit.refuse()
}

/** The request that a row is of, or is a part of. */
async function requestsByRow(ports: Ports, manifest: RoutedManifest): Promise<(row: number) => number> {
  if (manifest.rows === undefined) return (row) => row
  const requests = new Uint32Array(manifest.rows.count)
  let [row, request] = [0, 0]
  for await (const records of recordsOf(ports.blobs, manifest, everyRequest(manifest))) {
    for (const record of records) {
      const rows = rowsIn(manifest, record)
      requests.fill(request++, row, row + rows)
      row += rows
    }
  }
  return (at) => requests[at] as number
}

/** More than any lane puts around a body, its name of the model included. */
const FRAME_BYTES_MAX = 4096

/** The manifest with the index of all rows, each as it came. */
export const asRows = (manifest: RoutedManifest): RoutedManifest =>
  manifest.rows === undefined ? manifest : { ...manifest, index: manifest.rows.index }

/** The manifest as the vendor of a group gets it: its rows and bodies, its endpoint, its name of the model. */
export function sentManifest(manifest: RoutedManifest, group: number): Manifest {
  const { translated, marked, endpoint, model } = manifest.routes[group] as Route
  const groups = manifest.groups.map((one, at) => (at === group ? { ...one, endpoint, model } : one))
  const worded =
    translated === null
      ? { ...asRows(manifest), groups }
      : { ...manifest, groups, segments: [translated.segment], index: translated.index }
  return marked === undefined
    ? worded
    : { ...worded, segments: [...worded.segments, marked.segment], index: marked.index }
}

/** How a row is framed on its way to the lane of its route. */
export function frameOf(
  lane: Pick<BatchLane, 'rowFrame'>,
  { endpoint, member }: Pick<Route, 'endpoint' | 'member'>,
): RowFrame {
  const frame = lane.rowFrame(endpoint)
  if (member === undefined) return frame
  const opening = frame.opensBody ? `${member},` : `{${member},`
  return { ...frame, opensBody: true, afterId: Buffer.concat([frame.afterId, Buffer.from(opening)]) }
}

/** What is spliced over the `model` of each body of a group, where the vendor's name of it is another. */
export function modelSplice(manifest: RoutedManifest, group: number): Uint8Array | undefined {
  const { model, translated } = manifest.routes[group] as Route
  if (translated !== null || manifest.groups[group]?.model === model) return undefined
  return Buffer.from(JSON.stringify(model))
}

/** How the answers of a group come back in the dialect of its requests; null: their rows are in it. */
export function translationOf(manifest: RoutedManifest, job: JobRow, group: number): LineTranslation | null {
  const { endpoint, model, translated, ownRows = false } = manifest.routes[group] as Route
  const [from, to] = [dialectNameOf(endpoint), dialectNameOf(manifest.groups[group]?.endpoint ?? '')]
  if ((translated === null && !ownRows) || from === undefined || to === undefined) return null
  return { from, to, model, created: Math.floor(job.createdAt / 1000) }
}

/** All blobs of what was taken in. */
export const blobsOf = ({
  index,
  rows,
  carry,
  segments,
  attached,
  spared,
  routes,
  alternatives = [],
}: RoutedManifest): readonly string[] => [
  index,
  carry,
  ...(rows === undefined ? [] : [rows.index]),
  ...segments,
  ...(attached === undefined ? [] : [attached.blob]),
  ...(spared === undefined ? [] : [spared.hashes]),
  ...(spared?.twins === undefined ? [] : [spared.twins]),
  ...[...routes, ...alternatives].flatMap(({ translated }) =>
    translated === null ? [] : [translated.segment, translated.index],
  ),
  ...routes.flatMap(({ marked }) => (marked === undefined ? [] : [marked.segment, marked.index])),
]
