import { dialectNameOf } from '../../dialects/endpoint-for.ts'
import type { ChatDialect } from '../../dialects/translation.ts'
import { RECORD_BYTES, writeRecord } from '../../intake/manifest.ts'
import { moduleBeside } from '../../kit/byte-pool.ts'
import type { PromptMark } from '../../providers/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { type Chunk, eachChunk, groupBodies } from '../rows/group-bodies.ts'
import type { Marked, Route, RoutedManifest } from '../rows/routing.ts'
import type { MarkIn, MarkOut } from './mark-prefixes.ts'
import type { SharedPrefixes } from './shared-prefixes.ts'

const markPrefixes = moduleBeside(import.meta.url, './mark-prefixes')

/** The manifest with marks in the bodies of groups whose vendor is to be asked to keep what they share. */
export async function markedManifest(
  ports: Ports,
  manifest: RoutedManifest,
  { cache = 'auto' }: Pick<JobOptions, 'cache'>,
  shared: readonly SharedPrefixes[],
  folder: string,
): Promise<RoutedManifest> {
  const routes = [...manifest.routes]
  for (const one of shared) {
    if (cache !== 'auto' || one.kept.length === 0) continue
    routes[one.group] = { ...(routes[one.group] as Route), marked: await markGroup(ports, manifest, one, folder) }
  }
  return { ...manifest, routes }
}

/** Writes the bodies of a group with their marks beside what was taken in: nothing else in them changes. */
async function markGroup(
  ports: Ports,
  manifest: RoutedManifest,
  { group, kept, least }: SharedPrefixes,
  folder: string,
): Promise<Marked> {
  const { endpoint, lane, translated } = manifest.routes[group] as Route
  const { keeps, limits } = ports.vendors.batch(lane)
  const what = {
    dialect: dialectNameOf(endpoint) as ChatDialect,
    least,
    member: (keeps as PromptMark).member,
    keys: Float64Array.from(kept, ({ key }) => key),
    shared: Uint32Array.from(kept, ({ rows }) => rows),
    bodyBytesMax: limits.rowBytesMax - FRAME_BYTES_MAX,
  }
  const number = translated === null ? manifest.segments.length : 1
  const name = `${folder}/marked-${group}`
  const segment = await ports.blobs.put(name)
  const index = await ports.blobs.put(`${name}-index`)
  const mark = async ({ records, own, buffer, lengths }: Chunk): Promise<MarkOut> => {
    const modelOffsets = Uint32Array.from(own, (at) => records[at]?.modelOffset ?? 0)
    return ports.pool.run<MarkIn, MarkOut>(markPrefixes, { ...what, buffer, lengths, modelOffsets }, [buffer])
  }
  const write = async ({ records, own }: Chunk, { buffer, lengths, modelOffsets }: MarkOut): Promise<void> => {
    let offset = segment.bytes
    for (const [at, place] of own.entries()) {
      const bodyLength = lengths[at] as number
      const record = records[place]
      if (bodyLength === 0 || record === undefined) continue
      Object.assign(record, { segment: number, bodyOffset: offset, bodyLength, modelOffset: modelOffsets[at] })
      offset += bodyLength
    }
    const bytes = new Uint8Array(records.length * RECORD_BYTES)
    for (const [at, record] of records.entries()) writeRecord(new DataView(bytes.buffer), at * RECORD_BYTES, record)
    await segment.write(new Uint8Array(buffer))
    await index.write(bytes)
  }
  try {
    await eachChunk(ports, groupBodies(ports, manifest, group), mark, write)
    await segment.commit()
    await index.commit()
    return { segment: name, index: `${name}-index` }
  } finally {
    await segment.abort()
    await index.abort()
  }
}

/** More than a lane puts around a body. */
const FRAME_BYTES_MAX = 4096
