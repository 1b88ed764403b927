import { readOrdinals } from '../../delivery/windows.ts'
import type { Lane, Tier } from '../../domain/usage.ts'
import { type Group, type IndexRecord, rowsOf } from '../../intake/manifest.ts'
import { SECOND } from '../../kit/clock.ts'
import { derivedId, digestOf } from '../../kit/ids.ts'
import { shardSize } from '../../policy/shard-size.ts'
import type { RowFrame } from '../../providers/contract.ts'
import { type CutShard, ShardCutter, type ShardLimits } from '../../splitter/shard-cutter.ts'
import type { ShardRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { termsOf } from '../rows/lane-terms.ts'
import {
  asRows,
  frameOf,
  modelSplice,
  type Route,
  type RoutedManifest,
  routedFor,
  sentManifest,
} from '../rows/routing.ts'
import { type RowSet, recordsOf, rowBytes } from '../rows/rows.ts'
import { courseGrown, grownOf, isSteered } from './course.ts'
import { grownRecords, recordsFor } from './growth.ts'
import { ladderOf, lanesOf } from './ladder.ts'
import { unflown } from './new-shard.ts'
import { outputCap } from './output-cap.ts'

/** What a purchase takes where one has to be known before the next is made. */
const CREATE_SECONDS = 6

/** What each shard of one group must respect. */
interface Bounds {
  readonly group: number
  readonly lane: Lane
  readonly accountId: string
  readonly model: string
  readonly frame: RowFrame
  readonly splice: Uint8Array | undefined
  /** Tokens that an answer comes to at most, by what its request states. */
  readonly cap: (stated: number) => number
  /** One for each bucket of rows. */
  cutter(bucket: number): ShardCutter
  readonly cutters: Map<number, ShardCutter>
}

/** Rows that are known by their ordinals. */
export type Ordinals = Pick<ReadonlySet<number>, 'has'>

export interface PlanOf {
  readonly jobId: string
  readonly manifest: RoutedManifest
  readonly options: JobOptions
  readonly deadline: number | null
  readonly round: number
  /** Of the vendor's lanes, instead of the first of the ladder. */
  readonly tier?: Tier
  /** How often the output limits that the requests state are doubled. Default: as in the shard they come from, if any. */
  readonly grown?: number
  /** Rows of different buckets go in different shards. */
  readonly bucketOf?: ((ordinal: number) => number) | undefined
}

/**
 * Cuts `rows` into shards, grouped by endpoint and model, each within every limit of its lane. The same
 * rows give the same shards with the same ids, so planning twice plans once.
 * @param except  ordinals among them that are left out
 */
export async function planShards(
  ports: Ports,
  of: PlanOf,
  rows: RowSet,
  except: Ordinals = new Set(),
): Promise<ShardRow[]> {
  const bounds = await boundsOf(ports, of)
  const shards: ShardRow[] = []
  const ordinalAt = await ordinalsOf(ports, rows)
  let row = 0
  for await (const records of grownRecords(ports, of, sentRecords(ports, of.manifest, rows))) {
    for (const record of records) {
      const bound = bounds[record.group] as Bounds
      const bytes = rowBytes(bound.frame, record, bound.splice)
      const ordinal = ordinalAt(row++)
      if (except.has(ordinal)) continue
      const cutter = bound.cutter(of.bucketOf?.(ordinal) ?? 0)
      const closed = cutter.add(ordinal, bytes, record.inputs, record.tokens, bound.cap(record.outputMax))
      if (closed !== undefined) shards.push(await shardRow(ports, of, bound, closed))
    }
  }
  for (const bound of bounds) {
    for (const cutter of bound.cutters.values()) {
      const closed = cutter.finish()
      if (closed !== undefined) shards.push(await shardRow(ports, of, bound, closed))
    }
  }
  return shards.sort((a, b) => a.firstOrdinal - b.firstOrdinal)
}

/** The records of rows of any group, each as its vendor gets it, a window at a time. */
export async function* sentRecords(
  ports: Ports,
  manifest: RoutedManifest,
  rows: RowSet,
): AsyncGenerator<readonly IndexRecord[]> {
  const groups = [...manifest.routes.entries()].flatMap(([group, { translated, marked }]) =>
    translated === null && marked === undefined ? [] : [group],
  )
  const sent = groups.map((group) => recordsOf(ports.blobs, sentManifest(manifest, group), rows))
  try {
    for await (const records of recordsOf(ports.blobs, asRows(manifest), rows)) {
      const windows = await Promise.all(sent.map((walk) => walk.next()))
      yield records.map((record, at) => {
        const window = windows[groups.indexOf(record.group)]
        return window?.value === undefined ? record : (window.value[at] as IndexRecord)
      })
    }
  } finally {
    for (const walk of sent) await walk.return(undefined)
  }
}

/** What an account's quota lets one shard have. */
export interface ShardRoom {
  readonly tokensMax?: number
  readonly inputsMax?: number
}

/** Smaller shards in place of one that the vendor would not take: each at most half of its rows. */
export async function recut(ports: Ports, of: PlanOf, shard: ShardRow, within: ShardRoom): Promise<ShardRow[]> {
  const bound = (await boundsOf(ports, of))[shard.group] as Bounds
  const cutter = new ShardCutter({
    rowsMax: Math.max(1, Math.ceil(shard.count / 2)),
    bytesMax: Number.MAX_SAFE_INTEGER,
    inputsMax: within.inputsMax ?? null,
    tokensMax: within.tokensMax ?? null,
  })
  const ordinalAt = await ordinalsOf(ports, shard)
  const cut: CutShard[] = []
  let row = 0
  for await (const records of recordsFor(ports, of.manifest, shard)) {
    for (const record of records) {
      const closed = cutter.add(
        ordinalAt(row++),
        rowBytes(bound.frame, record, bound.splice),
        record.inputs,
        record.tokens,
        bound.cap(record.outputMax),
      )
      if (closed !== undefined) cut.push(closed)
    }
  }
  const last = cutter.finish()
  if (last !== undefined) cut.push(last)
  const own = { ...of, grown: grownOf(shard) }
  return Promise.all(cut.map((part) => shardRow(ports, own, { ...bound, ...pick(shard) }, part, shard.id)))
}

/** A shard of exactly these ordinals of another, in its place. */
export async function subShard(ports: Ports, of: PlanOf, shard: ShardRow, ordinals: Uint32Array): Promise<ShardRow> {
  const bound = (await boundsOf(ports, of))[shard.group] as Bounds
  const grown = of.grown ?? grownOf(shard)
  const name = `jobs/${of.jobId}/${shard.id}-rest-${ordinals[0]}-${ordinals.length}`
  await putOrdinals(ports, name, ordinals)
  const rows = { firstOrdinal: ordinals[0] as number, count: ordinals.length, ordinals: name }
  const size = await sizeOf(ports, of, { ...shard, ...rows, course: courseGrown(grown) })
  return shardRow(ports, { ...of, grown }, { ...bound, ...pick(shard) }, { ...rows, ordinals, ...size }, shard.id)
}

/** What the rows of a shard come to as its lane and model want them worded. */
export async function sizeOf(
  ports: Ports,
  { manifest, options }: Pick<PlanOf, 'manifest' | 'options'>,
  shard: Pick<ShardRow, 'group' | 'lane' | 'model' | 'course'> & RowSet,
): Promise<{ bytes: number; inputs: number; tokens: number; outputMax: number }> {
  const input = routedFor(manifest, shard)
  const route = input.routes[shard.group] as Route
  const frame = frameOf(termsOf(ports.vendors, route.lane), route)
  const splice = modelSplice(input, shard.group)
  const cap = outputCap(manifest, shard.group, { model: shard.model, options })
  const size = { bytes: 0, inputs: 0, tokens: 0, outputMax: 0 }
  for await (const records of recordsFor(ports, input, shard)) {
    for (const record of records) {
      size.bytes += rowBytes(frame, record, splice)
      size.inputs += record.inputs
      size.tokens += record.tokens
      size.outputMax += cap(record.outputMax)
    }
  }
  return size
}

const pick = ({ lane, accountId, model }: ShardRow): Pick<ShardRow, 'lane' | 'accountId' | 'model'> => ({
  lane,
  accountId,
  model,
})

async function boundsOf(ports: Ports, { jobId, manifest, options, deadline, round, tier }: PlanOf): Promise<Bounds[]> {
  const bounds: Bounds[] = []
  for (const [group, route] of manifest.routes.entries()) {
    const { accountId, model, endpoint } = route
    const terms = termsOf(ports.vendors, route.lane)
    const [lane = route.lane] = lanesOf(ports.vendors, route, tier === undefined ? ladderOf(options, deadline) : [tier])
    const { limits, marks } = terms
    const learned = (await ports.store.quotas(accountId)).find(
      (quota) => quota.model === model && quota.unit === 'tokens',
    )
    const published = limits.enqueuedTokensMax(model)
    const known = [learned?.limitMax, published].filter((limit) => limit !== undefined && limit !== null)
    const within: ShardLimits = {
      rowsMax: shardSize({
        requests: rowsOf(manifest.groups[group] as Group),
        requestsMax: limits.rowsMax,
        fewSubmissions: limits.queues === true,
        cachePrimed: route.marked !== undefined,
        createSeconds: marks ? 0 : CREATE_SECONDS,
        window: deadline === null ? null : (deadline - ports.clock.now()) / SECOND,
        ...(options.shardRequests === undefined ? {} : { wanted: options.shardRequests }),
      }),
      bytesMax: limits.fileBytesMax,
      inputsMax: endpoint.endsWith('/embeddings') ? limits.inputsMax : null,
      tokensMax: known.length === 0 ? null : Math.min(...known),
    }
    const cutters = new Map<number, ShardCutter>()
    bounds.push({
      group,
      lane,
      accountId,
      model,
      frame: frameOf(terms, route),
      splice: modelSplice(manifest, group),
      cap: outputCap(manifest, group, { model, options }),
      cutters,
      cutter: (bucket) => {
        const share = (shard: number): number => drawnShare(jobId, round, group, bucket, shard)
        const cutter = cutters.get(bucket) ?? new ShardCutter(marks ? within : { ...within, share })
        cutters.set(bucket, cutter)
        return cutter
      },
    })
  }
  return bounds
}

/** 97 to 100 %: where only its count tells one purchase from another, equal counts shall be rare. */
const drawnShare = (...of: readonly (string | number)[]): number =>
  0.97 + (0.03 * digestOf(...of).readUInt32BE(0)) / 2 ** 32

async function shardRow(ports: Ports, of: PlanOf, bound: Bounds, cut: CutShard, parent?: string): Promise<ShardRow> {
  const id =
    parent === undefined
      ? derivedId('shd', of.jobId, of.round, cut.firstOrdinal)
      : derivedId('shd', parent, cut.firstOrdinal, cut.count)
  let ordinals: string | null = null
  if (cut.ordinals !== null) {
    ordinals = `jobs/${of.jobId}/${id}-ordinals`
    await putOrdinals(ports, ordinals, cut.ordinals)
  }
  return {
    id,
    jobId: of.jobId,
    round: of.round,
    firstOrdinal: cut.firstOrdinal,
    count: cut.count,
    ordinals,
    group: bound.group,
    model: bound.model,
    lane: bound.lane,
    accountId: bound.accountId,
    inputs: cut.inputs,
    bytes: cut.bytes,
    tokens: cut.tokens,
    outputMax: cut.outputMax,
    course: courseGrown(of.grown ?? 0),
    wakeAt: isSteered(of) ? null : ports.clock.now(), // a policy says when, and where
    ...unflown,
  }
}

export async function putOrdinals(ports: Ports, name: string, ordinals: Uint32Array): Promise<void> {
  const writer = await ports.blobs.put(name)
  await writer.write(new Uint8Array(ordinals.buffer, ordinals.byteOffset, ordinals.byteLength))
  await writer.commit()
}

/** The ordinal of a row of a set. */
export async function ordinalsOf(ports: Ports, rows: RowSet): Promise<(row: number) => number> {
  if (rows.ordinals === null) return (row) => rows.firstOrdinal + row
  const ordinals = await readOrdinals(ports.blobs, rows.ordinals)
  return (row) => ordinals[row] as number
}

/** The ordinals of shards that have few. */
export async function ordinalsIn(ports: Ports, shards: readonly RowSet[]): Promise<number[]> {
  const all: number[] = []
  for (const shard of shards) {
    const ordinalAt = await ordinalsOf(ports, shard)
    for (let row = 0; row < shard.count; row++) all.push(ordinalAt(row))
  }
  return all
}
