import type { DialectName } from '../../dialects/translation.ts'
import { type IndexRecord, type Manifest, RECORD_BYTES, rowsIn, writeRecord } from '../../intake/manifest.ts'
import { moduleBeside } from '../../kit/byte-pool.ts'
import type { BlobWriter } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { CountedWarning, Translated } from './routing.ts'
import { everyRequest, recordsOf, Segments } from './rows.ts'
import { kindOf, type TranslateIn, type TranslateOut } from './translate-rows.ts'
import type { Unfit } from './unfit.ts'

const CHUNK_BYTES = 512 * 1024
const CHUNK_ROWS = 4096
/** Names of what is written here begin so. */
export const WORDED = 'as-'

export interface Translating {
  readonly group: number
  readonly from: DialectName
  readonly to: DialectName
  readonly model: string
  /** The body names the model. */
  readonly namesModel: boolean
  readonly vendor: string
  /** As in BatchLane. */
  readonly openSchemas: boolean
  readonly options: JobOptions
  readonly folder: string
  /** Takes what cannot be translated. */
  readonly unfit: Unfit
}

const translateRows = moduleBeside(import.meta.url, './translate-rows')

/**
 * Writes the bodies of a group in another dialect beside what was taken in, once and before anything is sent: so the
 * length of every upload is known, and whatever the vendor cannot be told is said with its line.
 * @throws BadInput naming the lines and JSON paths that cannot be translated, unless they are set aside; null then
 */
export async function translateGroup(ports: Ports, manifest: Manifest, how: Translating): Promise<Translated | null> {
  const translation = new GroupTranslation(ports, manifest, how)
  try {
    return await translation.run()
  } catch (error) {
    await translation.abort()
    throw error
  }
}

/** Consecutive requests, some of them of the group. */
interface Chunk {
  readonly first: number
  readonly records: IndexRecord[]
  /** Of all of them, and bytes of the bodies of the group. */
  rows: number
  bytes: number
}

class GroupTranslation {
  readonly #ports: Ports
  readonly #manifest: Manifest
  readonly #how: Translating
  readonly #name: string
  readonly #warnings = new Map<string, CountedWarning>()
  #untold = 0
  #bodyBytes = 0
  #writers: Writers | undefined
  /** Ends when everything dispatched so far has been written, in order. */
  #merged: Promise<void> = Promise.resolve()
  readonly #inFlight: Promise<void>[] = []

  constructor(ports: Ports, manifest: Manifest, how: Translating) {
    this.#ports = ports
    this.#manifest = manifest
    this.#how = how
    this.#name = `${how.folder}/${WORDED}${how.to}-${how.group}`
  }

  async run(): Promise<Translated | null> {
    const { blobs } = this.#ports
    this.#writers = { segment: await blobs.put(this.#name), index: await blobs.put(`${this.#name}-index`) }
    const segments = new Segments(blobs, this.#manifest)
    try {
      for await (const chunk of this.#chunks()) await this.#dispatch(chunk, segments)
      await this.#merged
    } finally {
      await segments.close()
    }
    if (this.#untold > 0) {
      this.#how.unfit.refuse(untold(this.#how))
      await this.abort()
      return null
    }
    await this.#writers.segment.commit()
    await this.#writers.index.commit()
    return {
      segment: this.#name,
      index: `${this.#name}-index`,
      bodyBytes: this.#bodyBytes,
      warnings: [...this.#warnings.values()],
    }
  }

  async abort(): Promise<void> {
    await this.#merged.catch(() => {}) // its error is the one being thrown already
    await this.#writers?.segment.abort()
    await this.#writers?.index.abort()
  }

  async *#chunks(): AsyncGenerator<Chunk> {
    let chunk: Chunk = { first: 0, records: [], rows: 0, bytes: 0 }
    for await (const records of recordsOf(this.#ports.blobs, this.#manifest, everyRequest(this.#manifest))) {
      for (const record of records) {
        chunk.records.push({ ...record })
        chunk.rows += rowsIn(this.#manifest, record)
        if (record.group === this.#how.group) chunk.bytes += record.bodyLength
        if (chunk.bytes < CHUNK_BYTES && chunk.rows < CHUNK_ROWS) continue
        yield chunk
        chunk = { first: chunk.first + chunk.records.length, records: [], rows: 0, bytes: 0 }
      }
    }
    if (chunk.records.length > 0) yield chunk
  }

  async #dispatch(chunk: Chunk, segments: Segments): Promise<void> {
    const { from, to, model, namesModel, vendor, openSchemas, options, group } = this.#how
    const own = chunk.records.filter((record) => record.group === group)
    const bytes = new Uint8Array(chunk.bytes)
    let at = 0
    for (const [index, record] of own.entries()) {
      if (!segments.holds(record)) await segments.load(own, index)
      at = segments.copy(record, 0, record.bodyLength, bytes, at)
    }
    while (this.#inFlight.length > this.#ports.pool.size) await this.#inFlight.shift()
    const maxOutput = this.#ports.vendors.prices.find(model, vendor)?.maxOutput
    const input: TranslateIn = {
      buffer: bytes.buffer,
      lengths: Uint32Array.from(own, ({ bodyLength }) => bodyLength),
      rows: Uint32Array.from(own, (record) => rowsIn(this.#manifest, record)),
      from,
      to,
      namesModel,
      options: {
        model,
        openSchemas,
        ...(maxOutput == null ? {} : { maxOutput }),
        // What of a schema the vendor does not enforce is checked when the answers are collected.
        ...(options.table?.schema == null ? {} : { allow: ['relax_schema'] }),
        ...(this.#manifest.attached === undefined ? {} : { slots: this.#manifest.attached.token }),
      },
    }
    const translated = this.#ports.pool.run<TranslateIn, TranslateOut>(translateRows, input, [bytes.buffer])
    translated.catch(() => {}) // awaited in order below; until then it must not count as unhandled
    const before = this.#merged
    this.#merged = before.then(async () => this.#merge(await translated, chunk, own))
    this.#merged.catch(() => {})
    this.#inFlight.push(this.#merged)
  }

  async #merge(out: TranslateOut, chunk: Chunk, own: readonly IndexRecord[]): Promise<void> {
    const { segment, index } = this.#writers as Writers
    for (const { body, message } of out.problems) {
      const record = own[body] as IndexRecord
      this.#untold++
      await this.#how.unfit.add(chunk.first + chunk.records.indexOf(record), record.line, message)
    }
    for (const { warning, requests } of out.warnings) {
      const name = kindOf(warning)
      const known = this.#warnings.get(name)
      this.#warnings.set(name, { ...(known ?? warning), requests: requests + (known?.requests ?? 0) })
    }
    const records = new DataView(new ArrayBuffer(chunk.rows * RECORD_BYTES))
    let [at, row, offset] = [0, 0, segment.bytes]
    for (const record of chunk.records) {
      const rows = rowsIn(this.#manifest, record)
      const lengths = record.group === this.#how.group ? out.lengths.subarray(row, row + rows) : undefined
      for (const one of lengths === undefined
        ? Array<IndexRecord>(rows).fill(record)
        : worded(record, lengths, offset)) {
        writeRecord(records, at, one)
        at += RECORD_BYTES
      }
      if (lengths === undefined) continue
      row += rows
      offset += total(lengths)
    }
    this.#bodyBytes += out.buffer.byteLength
    await segment.write(new Uint8Array(out.buffer))
    await index.write(new Uint8Array(records.buffer))
  }
}

/** The rows of a request where they lie now, each with its share of the request's tokens. */
function* worded(request: IndexRecord, lengths: Uint32Array, offset: number): Generator<IndexRecord> {
  const bytes = total(lengths)
  const upTo = (length: number): number => Math.round((request.tokens * length) / Math.max(1, bytes))
  let before = 0
  for (const bodyLength of lengths) {
    const tokens = upTo(before + bodyLength) - upTo(before)
    yield {
      ...request,
      segment: 0,
      bodyOffset: offset + before,
      bodyLength,
      tokens,
      inputs: 1,
      modelLength: 0,
      tierLength: 0,
    }
    before += bodyLength
  }
}

const total = (lengths: Uint32Array): number => lengths.reduce((sum, length) => sum + length, 0)

const untold = ({ vendor, from }: Translating): string =>
  `Nothing was sent. Change these fields, set the lines aside with --skip-invalid, or choose a model of a vendor that takes ${from} as it is, which ${vendor} does not.`

interface Writers {
  readonly segment: BlobWriter
  readonly index: BlobWriter
}
