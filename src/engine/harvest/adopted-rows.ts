import { upstreamId } from '../../delivery/result-index.ts'
import { blankRow } from '../../domain/scanned-row.ts'
import {
  emptyRecord,
  type Group,
  MANIFEST_VERSION,
  type Manifest,
  RECORD_BYTES,
  writeRecord,
} from '../../intake/manifest.ts'
import { digestOf } from '../../kit/ids.ts'
import { decodeString } from '../../kit/json-scan.ts'
import { lineBlocks } from '../../kit/line-blocks.ts'
import type { RowScanner } from '../../providers/contract.ts'
import type { Commit, SubmissionRow } from '../../stores/contract.ts'
import { isTakenOver, type JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { readWhole } from '../rows/read-whole.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { everyRequest, recordsOf } from '../rows/rows.ts'
import type { Flight } from '../shards/flight.ts'
import { keepShard } from '../shards/move.ts'

/**
 * The ids by which somebody else named the rows of a submission, in the order of the rows: all of them, as its input has
 * them; or as its results bring them along, where nothing else is left of the requests.
 */
export class RowNames {
  /** One without an id has the number of its row instead. */
  readonly ids: string[]
  readonly grows: boolean
  readonly #rows = new Map<string, number>()

  constructor(ids: readonly string[] = [], grows = false) {
    this.ids = [...ids]
    this.grows = grows
    for (const [row, id] of ids.entries()) this.#rows.set(id, row)
  }

  /** The row of an id, null where a line has none; undefined: it is none of ours. */
  rowOf(id: string | null): number | undefined {
    const row = id === null ? undefined : this.#rows.get(id)
    if (row !== undefined || !this.grows) return row
    const next = this.ids.length
    this.ids.push(id ?? String(next))
    if (id !== null) this.#rows.set(id, next)
    return next
  }
}

/** Null: the rows of the submission bear ids of ours. */
export async function namesOf(
  ports: Ports,
  options: JobOptions,
  manifest: Manifest,
  submission: SubmissionRow,
): Promise<RowNames | null> {
  if (!isTakenOver(options, submission)) return null
  if (options.adopted?.input !== true) return new RowNames([], true)
  const carry = await readWhole(ports, manifest.carry)
  const ids: string[] = []
  for await (const records of recordsOf(ports.blobs, manifest, everyRequest(manifest)))
    for (const { carryOffset, carryLength } of records)
      ids.push(decodeString(carry, carryOffset + 1, carryOffset + carryLength - 1))
  return new RowNames(ids)
}

/**
 * Result lines with ids of ours in place of those they came with, so that all that comes after knows one kind of lines.
 * What is no row, or of a row that is not known, stays as it is.
 */
export async function* underOurIds(
  body: AsyncIterable<Uint8Array>,
  scanRow: RowScanner,
  names: RowNames,
  { key, idMember }: { readonly key: string; readonly idMember: 'custom_id' | 'key' },
): AsyncGenerator<Uint8Array> {
  const scanned = blankRow()
  for await (const { buffer, length } of lineBlocks(body)) {
    const bytes = Buffer.from(buffer, 0, length)
    const pieces: Uint8Array[] = []
    let written = 0
    for (let start = 0; start < length; ) {
      const newline = bytes.indexOf(10, start)
      const end = newline < 0 ? length : newline
      if (end > start && scanRow(bytes, start, end, scanned)) {
        const { idStart, idEnd } = scanned
        const row = names.rowOf(idStart < 0 ? null : idIn(bytes, idStart, idEnd))
        if (row !== undefined) {
          const id = upstreamId(key, row)
          const brace = bytes.indexOf('{', start) + 1
          const [from, to, text] = idStart < 0 ? [brace, brace, `"${idMember}":"${id}",`] : [idStart, idEnd, id]
          pieces.push(bytes.subarray(written, from), Buffer.from(text))
          written = to
        }
      }
      start = end + 1
    }
    pieces.push(bytes.subarray(written))
    yield Buffer.concat(pieces)
  }
}

/** Lines of the results of a submission that somebody else has made. */
export async function renamed(
  { lane, manifest, shard }: Flight,
  body: AsyncIterable<Uint8Array>,
  names: RowNames,
  key: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { scanRow } = (await import(lane.scanner.href)) as { scanRow: RowScanner }
  const idMember = manifest.groups[shard.group]?.endpoint.startsWith(':') === true ? 'key' : 'custom_id'
  return underOurIds(body, scanRow, names, { key, idMember })
}

/** What a job learns of its requests from the results: how many they are, their ids, and the model. */
export interface Named {
  readonly change: Required<Pick<Commit, 'job' | 'shards'>>
  readonly set: Pick<SubmissionRow, 'rows' | 'inputs' | 'model'>
}

/** Rows that are counted and never mentioned have no id. */
export async function nameRows(
  { ports, job, shard, input }: Flight,
  folder: string,
  { ids }: RowNames,
  { rows, models }: { readonly rows: number; readonly models: readonly string[] },
): Promise<Named> {
  const all = [...ids, ...Array.from({ length: rows - ids.length }, () => '')]
  const { endpoint = '', model: told = '' } = input.groups[0] ?? {}
  const model = told === '' ? (models.find((name) => name !== '') ?? '') : told
  const named = await manifestOfIds(ports, `${folder}/ids`, all, { endpoint, model, name: input.files[0] ?? '' })
  const routes = input.routes.map((route) => ({ ...route, model: route.model === '' ? model : route.model }))
  const manifest: RoutedManifest = { ...named, routes }
  const sizes = { inputs: rows, model: shard.model === '' ? model : shard.model }
  return {
    change: {
      job: { id: job.id, from: job.state, rev: job.rev, set: { input: manifest, requests: rows } },
      shards: [keepShard(shard, { count: rows, ...sizes })],
    },
    set: { rows, ...sizes },
  }
}

/** Equal ids may be written with escapes or without. */
function idIn(bytes: Uint8Array, from: number, to: number): string {
  try {
    return decodeString(bytes, from, to)
  } catch {
    return decodeString(bytes, from, to, false) // an escape that is none
  }
}

/** Requests of which nothing is known but their ids. */
export async function manifestOfIds(
  ports: Ports,
  folder: string,
  ids: readonly string[],
  { endpoint, model, name }: Pick<Group, 'endpoint' | 'model'> & { readonly name: string },
): Promise<Manifest> {
  const carries = ids.map((id) => Buffer.from(JSON.stringify(id)))
  const index = new DataView(new ArrayBuffer(ids.length * RECORD_BYTES))
  let carryOffset = 0
  for (const [at, { length: carryLength }] of carries.entries()) {
    writeRecord(index, at * RECORD_BYTES, { ...emptyRecord(), carryOffset, carryLength, line: at + 1 })
    carryOffset += carryLength
  }
  for (const [blob, bytes] of [
    ['index', new Uint8Array(index.buffer)],
    ['carry', Buffer.concat(carries)],
  ] as const) {
    const writer = await ports.blobs.put(`${folder}/${blob}`)
    await writer.write(bytes)
    await writer.commit()
  }
  const requests = ids.length
  const sums = { requests, bodyBytes: 0, tokens: 0, inputs: requests, outputMax: 0, outputMaxStated: 0 }
  return {
    version: MANIFEST_VERSION,
    kind: 'requests',
    segments: [],
    index: `${folder}/index`,
    carry: `${folder}/carry`,
    requests,
    bodyBytes: 0,
    groups: [{ endpoint, model, ...sums }],
    files: [name],
    digest: digestOf(...ids).toString('hex'),
    skipped: 0,
  }
}
