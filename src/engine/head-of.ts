import { type Manifest, RECORD_BYTES, rowsIn, writeRecord } from '../intake/manifest.ts'
import type { Ports } from './ports.ts'
import type { Route, RoutedManifest } from './routing.ts'
import { recordsOf, Segments } from './rows.ts'

/**
 * The first requests of an input as an input of their own, so that the rest of it need not be kept for them. Files that
 * requests name by reference lie together: where there are any, the whole of the input is kept.
 */
export async function headOf(
  ports: Ports,
  manifest: RoutedManifest,
  requests: number,
  folder: string,
): Promise<{ manifest: RoutedManifest; keepsAll: boolean }> {
  const rows = await rowsOfHead(ports, manifest, requests)
  const counted = manifest.rows && { ...manifest.rows, count: rows }
  const { alternatives: _, ...own } = manifest
  const whole = { ...own, requests, ...(counted && { rows: counted }) }
  if (manifest.attached !== undefined) return { manifest: whole, keepsAll: true }
  const head = new Head(ports, folder)
  const index = await head.copy(manifest, manifest.index, requests, 'segment-0', 'index')
  const spread = counted && (await head.copyIndex(manifest, counted, 'rows'))
  const routes: Route[] = []
  for (const [group, route] of manifest.routes.entries()) {
    const { translated } = route
    if (translated === null) {
      routes.push(route)
      continue
    }
    const sent = { ...manifest, segments: [translated.segment] }
    const segment = `as-${group}`
    const copied = await head.copy(sent, translated.index, rows, segment, `${segment}-index`, group)
    routes.push({ ...route, translated: { ...translated, segment: `${folder}/${segment}`, index: copied } })
  }
  return {
    keepsAll: false,
    manifest: {
      ...whole,
      segments: [`${folder}/segment-0`],
      index,
      carry: `${folder}/carry`,
      ...(spread && { rows: spread }),
      routes,
    },
  }
}

async function rowsOfHead({ blobs }: Ports, manifest: RoutedManifest, requests: number): Promise<number> {
  if (manifest.rows === undefined) return requests
  let rows = 0
  const head = { firstOrdinal: 0, count: requests, ordinals: null }
  for await (const records of recordsOf(blobs, manifest, head))
    for (const record of records) rows += rowsIn(manifest, record)
  return rows
}

class Head {
  readonly #ports: Ports
  readonly #folder: string
  /** Where bodies went, by where they lay. */
  readonly #moved = new Map<string, number>()

  constructor(ports: Ports, folder: string) {
    this.#ports = ports
    this.#folder = folder
  }

  /**
   * Copies the first records of an index with their bodies; of requests as they came also what they carry along.
   * @param group  alone has bodies there
   */
  async copy(
    manifest: Manifest,
    from: string,
    count: number,
    segmentName: string,
    indexName: string,
    group?: number,
  ): Promise<string> {
    const { blobs } = this.#ports
    const segments = new Segments(blobs, manifest)
    const segment = await blobs.put(`${this.#folder}/${segmentName}`)
    const carry = group === undefined ? await blobs.put(`${this.#folder}/carry`) : undefined
    const carried = await blobs.openLocal(manifest.carry)
    const index = new Uint8Array(count * RECORD_BYTES)
    const view = new DataView(index.buffer)
    let at = 0
    const head = { firstOrdinal: 0, count, ordinals: null }
    for await (const records of recordsOf(blobs, { ...manifest, index: from }, head)) {
      for (const [number, record] of records.entries()) {
        const moved = { ...record, segment: 0 }
        if (group === undefined || record.group === group) {
          if (!segments.holds(record)) await segments.load(records, number)
          const body = new Uint8Array(record.bodyLength)
          segments.copy(record, 0, record.bodyLength, body, 0)
          moved.bodyOffset = segment.bytes
          this.#moved.set(`${record.segment}:${record.bodyOffset}`, segment.bytes)
          await segment.write(body)
        }
        if (carry !== undefined) {
          const bytes = new Uint8Array(record.carryLength)
          await carried.read(bytes, record.carryOffset)
          moved.carryOffset = carry.bytes
          await carry.write(bytes)
        }
        writeRecord(view, at, moved)
        at += RECORD_BYTES
      }
    }
    await carried.close()
    await segments.close()
    await segment.commit()
    await carry?.commit()
    await this.#put(indexName, index)
    return `${this.#folder}/${indexName}`
  }

  /** The index of rows, each a record of a request that was copied. */
  async copyIndex(
    manifest: Manifest,
    { index: from, count }: NonNullable<Manifest['rows']>,
    name: string,
  ): Promise<NonNullable<Manifest['rows']>> {
    const index = new Uint8Array(count * RECORD_BYTES)
    const view = new DataView(index.buffer)
    let at = 0
    for await (const records of recordsOf(
      this.#ports.blobs,
      { ...manifest, index: from },
      { firstOrdinal: 0, count, ordinals: null },
    )) {
      for (const record of records) {
        const bodyOffset = this.#moved.get(`${record.segment}:${record.bodyOffset}`) ?? 0
        writeRecord(view, at, { ...record, segment: 0, bodyOffset })
        at += RECORD_BYTES
      }
    }
    await this.#put(name, index)
    return { count, index: `${this.#folder}/${name}` }
  }

  async #put(name: string, bytes: Uint8Array): Promise<void> {
    const writer = await this.#ports.blobs.put(`${this.#folder}/${name}`)
    await writer.write(bytes)
    await writer.commit()
  }
}
