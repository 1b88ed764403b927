import type { DialectName } from '../dialects/translation.ts'
import { BadInput, type LineProblem } from '../domain/errors.ts'
import { type IndexRecord, type Manifest, RECORD_BYTES, writeRecord } from '../intake/manifest.ts'
import { moduleBeside } from '../kit/byte-pool.ts'
import { findModel } from '../pricing/catalogue.ts'
import type { BlobWriter } from '../stores/contract.ts'
import type { JobOptions } from './options.ts'
import type { Ports } from './ports.ts'
import type { CountedWarning, Translated } from './routing.ts'
import { recordsOf, Segments } from './rows.ts'
import { kindOf, type TranslateIn, type TranslateOut } from './translate-rows.ts'

const CHUNK_BYTES = 512 * 1024
const PROBLEMS_SHOWN = 100

export interface Translating {
  readonly group: number
  readonly from: DialectName
  readonly to: DialectName
  readonly model: string
  /** The body names the model. */
  readonly namesModel: boolean
  readonly vendor: string
  readonly options: JobOptions
  readonly folder: string
}

const translateRows = moduleBeside(import.meta.url, './translate-rows')

/**
 * Writes the bodies of a group in another dialect beside what was taken in, once and before anything is sent: so the
 * length of every upload is known, and whatever the vendor cannot be told is said with its line.
 * @throws BadInput naming the lines and JSON paths that cannot be translated
 */
export async function translateGroup(ports: Ports, manifest: Manifest, how: Translating): Promise<Translated> {
  const translation = new GroupTranslation(ports, manifest, how)
  try {
    return await translation.run()
  } catch (error) {
    await translation.abort()
    throw error
  }
}

/** Consecutive ordinals, some of them of the group. */
interface Chunk {
  readonly records: IndexRecord[]
  bytes: number
}

class GroupTranslation {
  readonly #ports: Ports
  readonly #manifest: Manifest
  readonly #how: Translating
  readonly #name: string
  readonly #problems: LineProblem[] = []
  readonly #warnings = new Map<string, CountedWarning>()
  #problemCount = 0
  #bodyBytes = 0
  #writers: Writers | undefined
  /** Ends when everything dispatched so far has been written, in order. */
  #merged: Promise<void> = Promise.resolve()
  readonly #inFlight: Promise<void>[] = []

  constructor(ports: Ports, manifest: Manifest, how: Translating) {
    this.#ports = ports
    this.#manifest = manifest
    this.#how = how
    this.#name = `${how.folder}/as-${how.to}-${how.group}`
  }

  async run(): Promise<Translated> {
    const { blobs } = this.#ports
    this.#writers = { segment: await blobs.put(this.#name), index: await blobs.put(`${this.#name}-index`) }
    const segments = new Segments(blobs, this.#manifest)
    try {
      for await (const chunk of this.#chunks()) await this.#dispatch(chunk, segments)
      await this.#merged
    } finally {
      await segments.close()
    }
    if (this.#problemCount > 0) throw new BadInput(this.#problems, this.#problemCount, untold(this.#how))
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
    const all = { firstOrdinal: 0, count: this.#manifest.requests, ordinals: null }
    let chunk: Chunk = { records: [], bytes: 0 }
    for await (const records of recordsOf(this.#ports.blobs, this.#manifest, all)) {
      for (const record of records) {
        chunk.records.push({ ...record })
        if (record.group === this.#how.group) chunk.bytes += record.bodyLength
        if (chunk.bytes < CHUNK_BYTES && chunk.records.length < 4096) continue
        yield chunk
        chunk = { records: [], bytes: 0 }
      }
    }
    if (chunk.records.length > 0) yield chunk
  }

  async #dispatch(chunk: Chunk, segments: Segments): Promise<void> {
    const { from, to, model, namesModel, vendor, options, group } = this.#how
    const own = chunk.records.filter((record) => record.group === group)
    const bytes = new Uint8Array(chunk.bytes)
    let at = 0
    for (const [index, record] of own.entries()) {
      if (!segments.holds(record)) await segments.load(own, index)
      at = segments.copy(record, 0, record.bodyLength, bytes, at)
    }
    while (this.#inFlight.length > this.#ports.pool.size) await this.#inFlight.shift()
    const maxOutput = findModel(model, vendor)?.maxOutput
    const input: TranslateIn = {
      buffer: bytes.buffer,
      lengths: Uint32Array.from(own, ({ bodyLength }) => bodyLength),
      from,
      to,
      namesModel,
      options: {
        model,
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
    for (const { row, message } of out.problems) {
      this.#problemCount++
      if (this.#problems.length >= PROBLEMS_SHOWN) continue
      this.#problems.push({ file: this.#manifest.files[0] ?? '', line: own[row]?.line ?? 0, message })
    }
    for (const { warning, requests } of out.warnings) {
      const name = kindOf(warning)
      const known = this.#warnings.get(name)
      this.#warnings.set(name, { ...(known ?? warning), requests: requests + (known?.requests ?? 0) })
    }
    let offset = segment.bytes
    for (const [row, record] of own.entries()) {
      record.segment = 0
      record.bodyOffset = offset
      record.bodyLength = out.lengths[row] as number
      record.modelLength = 0
      record.tierLength = 0
      offset += record.bodyLength
    }
    this.#bodyBytes += out.buffer.byteLength
    const records = new DataView(new ArrayBuffer(chunk.records.length * RECORD_BYTES))
    for (const [at, record] of chunk.records.entries()) writeRecord(records, at * RECORD_BYTES, record)
    await segment.write(new Uint8Array(out.buffer))
    await index.write(new Uint8Array(records.buffer))
  }
}

const untold = ({ vendor, from }: Translating): string =>
  `Nothing was sent. Change these fields, leave the lines out, or choose a model of a vendor that takes ${from} as it is, which ${vendor} does not.`

interface Writers {
  readonly segment: BlobWriter
  readonly index: BlobWriter
}
