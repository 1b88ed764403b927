import type { IndexRecord } from '../../intake/manifest.ts'
import type { Ports } from '../ports.ts'
import { type RoutedManifest, sentManifest } from './routing.ts'
import { everyRow, recordsOf, Segments } from './rows.ts'

const CHUNK_BYTES = 512 * 1024
const CHUNK_ROWS = 4096

/** Consecutive rows of a job, and the bodies of those of one group, one behind the other. */
export interface Chunk {
  readonly first: number
  readonly records: readonly IndexRecord[]
  /** Which of the records are of the group. */
  readonly own: readonly number[]
  readonly buffer: ArrayBuffer
  readonly lengths: Uint32Array
}

/** All rows in order, with the bodies of a group as its vendor gets them. */
export async function* groupBodies(ports: Ports, manifest: RoutedManifest, group: number): AsyncGenerator<Chunk> {
  const sent = sentManifest(manifest, group)
  const segments = new Segments(ports.blobs, sent)
  let first = 0
  let records: IndexRecord[] = []
  let bytes = 0
  const chunk = async (): Promise<Chunk> => {
    const own = records.flatMap((record, at) => (record.group === group ? [at] : []))
    const bodies = own.map((at) => records[at] as IndexRecord)
    const all = new Uint8Array(bytes)
    let at = 0
    for (const [index, record] of bodies.entries()) {
      if (!segments.holds(record)) await segments.load(bodies, index)
      at = segments.copy(record, 0, record.bodyLength, all, at)
    }
    const made = { first, records, own, buffer: all.buffer, lengths: Uint32Array.from(bodies, (one) => one.bodyLength) }
    first += records.length
    records = []
    bytes = 0
    return made
  }
  try {
    for await (const window of recordsOf(ports.blobs, sent, everyRow(manifest))) {
      for (const record of window) {
        records.push({ ...record })
        if (record.group === group) bytes += record.bodyLength
        if (bytes >= CHUNK_BYTES || records.length >= CHUNK_ROWS) yield await chunk()
      }
    }
    if (records.length > 0) yield await chunk()
  } finally {
    await segments.close()
  }
}

/** Hands chunks to worker threads, and their results on in the order of the chunks. */
export async function eachChunk<Out>(
  { pool }: Pick<Ports, 'pool'>,
  chunks: AsyncIterable<Chunk>,
  work: (chunk: Chunk) => Promise<Out>,
  see: (chunk: Chunk, out: Out) => void | Promise<void>,
): Promise<void> {
  const waiting: { readonly chunk: Chunk; readonly out: Promise<Out> }[] = []
  const next = async (): Promise<void> => {
    const { chunk, out } = waiting.shift() as (typeof waiting)[number]
    await see(chunk, await out)
  }
  for await (const chunk of chunks) {
    const out = work(chunk)
    out.catch(() => {}) // awaited in order; until then it must not count as unhandled
    waiting.push({ chunk, out })
    if (waiting.length > pool.size) await next()
  }
  while (waiting.length > 0) await next()
}
