import { type Group, type Manifest, RECORD_BYTES, rowsIn, writeRecord } from '../../intake/manifest.ts'
import { digestOf } from '../../kit/ids.ts'
import type { Ports } from '../ports.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'
import { type RowSet, recordsOf, Segments } from '../rows/rows.ts'
import { putOrdinals } from '../shards/plan.ts'

const firstOf = (count: number): RowSet => ({ firstOrdinal: 0, count, ordinals: null })

/** Some requests of an input as an input of their own. `keepsAll`: what was taken in is needed for it. */
export interface Part {
  readonly manifest: RoutedManifest
  readonly keepsAll: boolean
}

/**
 * The first requests of an input, so that the rest of it need not be kept for them. Files that requests name by reference
 * lie together: where there are any, the whole of the input is kept.
 */
export async function headOf(ports: Ports, manifest: RoutedManifest, requests: number, folder: string): Promise<Part> {
  const rows = await rowsOfHead(ports, manifest, requests)
  const counted = manifest.rows && { ...manifest.rows, count: rows }
  const { alternatives: _, ...own } = manifest
  const whole = { ...own, requests, ...(counted && { rows: counted }) }
  if (manifest.attached !== undefined) return { manifest: whole, keepsAll: true }
  return { manifest: await copied(ports, manifest, whole, firstOf(requests), folder), keepsAll: false }
}

/**
 * These requests of an input, as many as there are rows.
 * @param sample  ordinals in rising order
 */
export async function sampleAs(
  ports: Ports,
  manifest: RoutedManifest,
  sample: readonly number[],
  folder: string,
): Promise<Part> {
  const ordinals = `${folder}/sample`
  await putOrdinals(ports, ordinals, Uint32Array.from(sample))
  const rows = { firstOrdinal: sample[0] as number, count: sample.length, ordinals }
  const { alternatives: _, ...own } = manifest
  const groups = await groupsOf(ports, manifest, rows)
  const digest = digestOf(manifest.digest, ...sample).toString('hex')
  const whole = { ...own, requests: sample.length, groups, digest }
  return { manifest: await copied(ports, manifest, whole, rows, folder), keepsAll: manifest.attached !== undefined }
}

/** What groups come to of which only these requests are there. */
async function groupsOf({ blobs }: Ports, manifest: Manifest, requests: RowSet): Promise<Group[]> {
  const groups = manifest.groups.map((group) => ({
    ...group,
    requests: 0,
    bodyBytes: 0,
    tokens: 0,
    inputs: 0,
    outputMax: 0,
    outputMaxStated: 0,
  }))
  for await (const records of recordsOf(blobs, manifest, requests)) {
    for (const { group: of, bodyLength, tokens, inputs, outputMax } of records) {
      const group = groups[of] as (typeof groups)[number]
      group.requests++
      group.bodyBytes += bodyLength
      group.tokens += tokens
      group.inputs += inputs
      group.outputMax += outputMax
      if (outputMax > 0) group.outputMaxStated++
    }
  }
  return groups
}

/** @param whole  but for the blobs, which are to hold `requests` alone */
async function copied(
  ports: Ports,
  manifest: RoutedManifest,
  whole: RoutedManifest,
  requests: RowSet,
  folder: string,
): Promise<RoutedManifest> {
  const copier = new Copier(ports, folder)
  const index = await copier.copy(manifest, manifest.index, requests, 'segment-0', 'index')
  const counted = whole.rows
  const spread = counted && (await copier.copyIndex(manifest, counted, 'rows'))
  const routes: Route[] = []
  for (const [group, route] of manifest.routes.entries()) {
    const { translated } = route
    if (translated === null) {
      routes.push(route)
      continue
    }
    const sent = { ...manifest, segments: [translated.segment] }
    const segment = `as-${group}`
    const rows = counted === undefined ? requests : firstOf(counted.count)
    const index = await copier.copy(sent, translated.index, rows, segment, `${segment}-index`, group)
    routes.push({ ...route, translated: { ...translated, segment: `${folder}/${segment}`, index } })
  }
  return {
    ...whole,
    segments: [`${folder}/segment-0`],
    index,
    carry: `${folder}/carry`,
    ...(spread && { rows: spread }),
    routes,
  }
}

async function rowsOfHead({ blobs }: Ports, manifest: RoutedManifest, requests: number): Promise<number> {
  if (manifest.rows === undefined) return requests
  let rows = 0
  for await (const records of recordsOf(blobs, manifest, firstOf(requests)))
    for (const record of records) rows += rowsIn(manifest, record)
  return rows
}

class Copier {
  readonly #ports: Ports
  readonly #folder: string
  /** Where bodies went, by where they lay. */
  readonly #moved = new Map<string, number>()

  constructor(ports: Ports, folder: string) {
    this.#ports = ports
    this.#folder = folder
  }

  /**
   * Copies records of an index with their bodies; of requests as they came also what they carry along.
   * @param group  alone has bodies there
   */
  async copy(
    manifest: Manifest,
    from: string,
    rows: RowSet,
    segmentName: string,
    indexName: string,
    group?: number,
  ): Promise<string> {
    const { blobs } = this.#ports
    const segments = new Segments(blobs, manifest)
    const segment = await blobs.put(`${this.#folder}/${segmentName}`)
    const carry = group === undefined ? await blobs.put(`${this.#folder}/carry`) : undefined
    const carried = await blobs.openLocal(manifest.carry)
    const index = new Uint8Array(rows.count * RECORD_BYTES)
    const view = new DataView(index.buffer)
    let at = 0
    for await (const records of recordsOf(blobs, { ...manifest, index: from }, rows)) {
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
    for await (const records of recordsOf(this.#ports.blobs, { ...manifest, index: from }, firstOf(count))) {
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
