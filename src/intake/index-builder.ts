import { decodeString } from '../kit/json-scan.ts'
import type { BlobStore, BlobWriter } from '../stores/contract.ts'
import { GroupSums } from './group-sums.ts'
import {
  emptyRecord,
  type IndexRecord,
  type Manifest,
  RECORD_BYTES,
  readRecord,
  VARIANTS_MAX,
  writeRecord,
} from './manifest.ts'

/** Records and carried bytes of one chunk, relative to it. */
export interface ChunkRecords {
  readonly count: number
  readonly records: ArrayBuffer
  readonly carry: ArrayBuffer
  readonly groups: readonly { readonly endpoint: string; readonly model: string }[]
  /** The first record of each group and set of parameters. Absent: each group has one set. */
  readonly variants?: readonly { readonly group: number; readonly hash: number; readonly record: number }[]
}

/** Appends chunks in order to the index and carry blobs and sums up their groups. */
export class IndexBuilder {
  readonly #blobs: BlobStore
  readonly #folder: string
  readonly #sums = new GroupSums()
  readonly #record = emptyRecord()
  /** Ordinals, by group and parameters. */
  readonly #variants = new Map<string, number>()
  #index: BlobWriter | undefined
  #carry: BlobWriter | undefined
  count = 0

  constructor(blobs: BlobStore, folder: string) {
    this.#blobs = blobs
    this.#folder = folder
  }

  async append(chunk: ChunkRecords, segmentOffset: number, lineOffset: number, segment: number): Promise<void> {
    this.#index ??= await this.#blobs.put(`${this.#folder}/index`)
    this.#carry ??= await this.#blobs.put(`${this.#folder}/carry`)
    const groups = chunk.groups.map((group) => this.#sums.of(group))
    for (const { group, hash, record } of chunk.variants ??
      chunk.groups.map((_, group) => ({ group, hash: 0, record: 0 }))) {
      const name = `${groups[group]} ${hash}`
      if (this.#variants.size < VARIANTS_MAX && !this.#variants.has(name)) this.#variants.set(name, this.count + record)
    }
    const view = new DataView(chunk.records)
    const carryOffset = this.#carry.bytes
    for (let at = 0; at < chunk.count * RECORD_BYTES; at += RECORD_BYTES) {
      const record = readRecord(view, at, this.#record)
      record.bodyOffset += segmentOffset
      record.carryOffset += carryOffset
      record.line += lineOffset
      record.segment = segment
      record.group = groups[record.group] as number
      this.#sums.add(record)
      writeRecord(view, at, record)
    }
    await this.#index.write(new Uint8Array(chunk.records))
    await this.#carry.write(new Uint8Array(chunk.carry))
    this.count += chunk.count
  }

  /** Makes both blobs durable. */
  async finish(): Promise<Pick<Manifest, 'index' | 'carry' | 'requests' | 'bodyBytes' | 'groups' | 'variants'>> {
    await this.#settle()
    const { groups, bodyBytes } = this.#sums
    return {
      index: `${this.#folder}/index`,
      carry: `${this.#folder}/carry`,
      requests: this.count,
      bodyBytes,
      groups,
      variants: [...this.#variants.values()],
    }
  }

  async abort(): Promise<void> {
    if (this.#settled === undefined) {
      await this.#index?.abort()
      await this.#carry?.abort()
    } else {
      await this.#blobs.delete(`${this.#folder}/index`)
      await this.#blobs.delete(`${this.#folder}/carry`)
    }
  }

  async sameId(first: number, second: number): Promise<boolean> {
    return decodeId(await this.#carried(first)) === decodeId(await this.#carried(second))
  }

  /** The id as JSON text. */
  async idOf(ordinal: number): Promise<string> {
    return Buffer.from(await this.#carried(ordinal)).toString()
  }

  /** What the line of a request calls its id. */
  async idFieldOf(ordinal: number): Promise<'custom_id' | 'key'> {
    const { group } = await this.#read(ordinal)
    return this.#sums.groups[group]?.endpoint.startsWith(':') === true ? 'key' : 'custom_id'
  }

  async recordOf(ordinal: number): Promise<IndexRecord> {
    return this.#read(ordinal)
  }

  /** Commits what was appended, once: from then on it can be read. */
  #settle(): Promise<void> {
    this.#settled ??= (async () => {
      await this.#index?.commit()
      await this.#carry?.commit()
    })()
    return this.#settled
  }
  #settled: Promise<void> | undefined

  async #read(ordinal: number): Promise<IndexRecord> {
    await this.#settle()
    const bytes = await this.#bytes('index', ordinal * RECORD_BYTES, RECORD_BYTES)
    return readRecord(new DataView(bytes.buffer), 0, emptyRecord())
  }

  async #carried(ordinal: number): Promise<Uint8Array> {
    const { carryOffset, carryLength } = await this.#read(ordinal)
    return this.#bytes('carry', carryOffset, carryLength)
  }

  async #bytes(blob: string, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const local = await this.#blobs.openLocal(`${this.#folder}/${blob}`)
    try {
      const bytes = new Uint8Array(length)
      await local.read(bytes, position)
      return bytes
    } finally {
      await local.close()
    }
  }
}

const decodeId = (json: Uint8Array): string => decodeString(json, 1, json.length - 1)
