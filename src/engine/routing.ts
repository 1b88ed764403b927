import type { LineTranslation } from '../delivery/translate-line.ts'
import { dialectNameOf, endpointFor } from '../dialects/endpoint-for.ts'
import type { Warning } from '../dialects/warnings.ts'
import { UsageError } from '../domain/errors.ts'
import { type Lane, vendorOf } from '../domain/usage.ts'
import type { Manifest } from '../intake/manifest.ts'
import type { BatchLane, RowFrame } from '../providers/contract.ts'
import type { JobRow } from '../stores/contract.ts'
import type { JobOptions } from './options.ts'
import type { Ports } from './ports.ts'
import { saidBy } from './said-by.ts'
import { translateGroup } from './translate-group.ts'

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
  /** The rows of the results are the vendor's own, whatever the dialect of the answers in them. */
  readonly ownRows?: boolean
  /** JSON text of a member that each body begins with: in which region it is to be answered. */
  readonly member?: string
  /** The vendor's data-residency price applies. */
  readonly resident?: boolean
}

export interface Translated {
  /** Blobs: the bodies, and an index whose records of this group point into them, dense over all ordinals. */
  readonly segment: string
  readonly index: string
  /** Bytes of all bodies. */
  readonly bodyBytes: number
  /** What was adapted, with the number of requests that it concerns. */
  readonly warnings: readonly CountedWarning[]
}

export interface CountedWarning extends Warning {
  readonly requests: number
}

/** What was taken in, and the route of each of its groups. */
export interface RoutedManifest extends Manifest {
  readonly routes: readonly Route[]
}

/**
 * Chooses where each group flies, and words its requests for there.
 * @throws BadInput with the JSON path of everything the vendor cannot be told; nothing was sent
 */
export async function routed(
  ports: Ports,
  manifest: Manifest,
  options: JobOptions,
  folder: string,
): Promise<RoutedManifest> {
  const routes: Route[] = []
  for (const [group, { endpoint: own, model: asked }] of manifest.groups.entries()) {
    const { lane, accountId, model, member, resident } = await ports.vendors.choose({
      endpoint: own,
      model: options.model ?? asked,
      ...(options.region === undefined ? {} : { region: options.region }),
    })
    const { limits, rowFrame, ownRows = false } = ports.vendors.batch(lane)
    const taken = limits.endpointsOf?.(model) ?? limits.endpoints
    const endpoint = endpointFor(own, taken) ?? own
    const [from, to] = [dialectNameOf(own), dialectNameOf(endpoint)]
    if (model === '') throw new UsageError('The requests name no model.', 'Name one by --model.')
    const translated =
      from === undefined || to === undefined || from === to
        ? null
        : await translateGroup(ports, manifest, {
            group,
            from,
            to,
            model,
            namesModel: rowFrame(endpoint).blanksModel !== true,
            vendor: vendorOf(lane),
            options,
            folder,
          })
    const said = member === undefined || (translated === null && (await saidBy(ports, manifest, group, member)))
    const spliced = said ? {} : { member: `${JSON.stringify(member.name)}:${JSON.stringify(member.value)}` }
    routes.push({ lane, accountId, model, endpoint, translated, ownRows, ...spliced, resident })
  }
  return { ...manifest, routes }
}

/** The manifest as the vendor of a group gets it: its bodies, its endpoint, its name of the model. */
export function sentManifest(manifest: RoutedManifest, group: number): Manifest {
  const { translated, endpoint, model } = manifest.routes[group] as Route
  const groups = manifest.groups.map((one, at) => (at === group ? { ...one, endpoint, model } : one))
  return translated === null
    ? { ...manifest, groups }
    : { ...manifest, groups, segments: [translated.segment], index: translated.index }
}

/** How a row is framed on its way to the lane of its route. */
export function frameOf(lane: BatchLane, { endpoint, member }: Pick<Route, 'endpoint' | 'member'>): RowFrame {
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
export const blobsOf = ({ index, carry, segments, attached, routes }: RoutedManifest): readonly string[] => [
  index,
  carry,
  ...segments,
  ...(attached === undefined ? [] : [attached.blob]),
  ...routes.flatMap(({ translated }) => (translated === null ? [] : [translated.segment, translated.index])),
]
