import { ID_LENGTH, KEY_LENGTH, ROW_DIGITS } from '../../delivery/result-index.ts'
import { readOrdinals } from '../../delivery/windows.ts'
import {
  emptyRecord,
  type IndexRecord,
  type Manifest,
  RECORD_BYTES,
  readRecord,
  type Splice,
} from '../../intake/manifest.ts'
import type { RowFrame } from '../../providers/contract.ts'
import type { BlobStore, LocalBlob } from '../../stores/contract.ts'
import { blankMember, renameMembers } from './members.ts'

const BLOCK_BYTES = 256 * 1024
const RING = 3
const RECORDS_READ = 4096
const READ_BYTES = 512 * 1024
const GAP_MAX = 64 * 1024

/** Which rows: dense from `firstOrdinal`, or those of the `ordinals` blob. */
export interface RowSet {
  readonly firstOrdinal: number
  readonly count: number
  readonly ordinals: string | null
}

const firstOf = (count: number): RowSet => ({ firstOrdinal: 0, count, ordinals: null })

/** To be walked through the index of what was taken in. */
export const everyRequest = ({ requests }: Manifest): RowSet => firstOf(requests)

/** To be walked as they are sent. */
export const everyRow = ({ requests, rows }: Manifest): RowSet => firstOf(rows?.count ?? requests)

/** Records of the rows, in row order, a window at a time; each is reused, so read it before the next. */
export async function* recordsOf(
  blobs: BlobStore,
  manifest: Manifest,
  rows: RowSet,
): AsyncGenerator<readonly IndexRecord[]> {
  const index = await blobs.openLocal(manifest.index)
  const window = Array.from({ length: RECORDS_READ }, emptyRecord)
  const bytes = new Uint8Array(RECORDS_READ * RECORD_BYTES)
  const view = new DataView(bytes.buffer)
  try {
    if (rows.ordinals === null) {
      for (let row = 0; row < rows.count; row += RECORDS_READ) {
        const count = Math.min(RECORDS_READ, rows.count - row)
        await index.read(bytes.subarray(0, count * RECORD_BYTES), (rows.firstOrdinal + row) * RECORD_BYTES)
        for (let at = 0; at < count; at++) readRecord(view, at * RECORD_BYTES, window[at] as IndexRecord)
        yield count === RECORDS_READ ? window : window.slice(0, count)
      }
      return
    }
    const ordinals = await readOrdinals(blobs, rows.ordinals)
    for (let row = 0; row < ordinals.length; row += RECORDS_READ) {
      const wanted = ordinals.subarray(row, row + RECORDS_READ)
      await readScattered(index, wanted, bytes)
      for (let at = 0; at < wanted.length; at++) readRecord(view, at * RECORD_BYTES, window[at] as IndexRecord)
      yield wanted.length === RECORDS_READ ? window : window.slice(0, wanted.length)
    }
  } finally {
    await index.close()
  }
}

/** Records of scattered ordinals, runs of neighbours in one read. */
async function readScattered(index: LocalBlob, ordinals: Uint32Array, into: Uint8Array): Promise<void> {
  for (let start = 0; start < ordinals.length; ) {
    let end = start + 1
    while (end < ordinals.length && (ordinals[end] as number) === (ordinals[end - 1] as number) + 1) end++
    await index.read(
      into.subarray(start * RECORD_BYTES, end * RECORD_BYTES),
      (ordinals[start] as number) * RECORD_BYTES,
    )
    start = end
  }
}

/** The bytes that a row will have on the wire. */
export const rowBytes = (frame: RowFrame, record: IndexRecord, model: Uint8Array | undefined): number =>
  frame.beforeId.length +
  ID_LENGTH +
  frame.afterId.length +
  record.bodyLength -
  (frame.opensBody ? 1 : 0) +
  (model === undefined || frame.blanksModel || record.modelLength === 0 ? 0 : model.length - record.modelLength) +
  frame.afterBody.length

export interface Framing {
  readonly frame: RowFrame
  readonly key: string
  /** JSON text that replaces the value of `model`. */
  readonly model?: Uint8Array | undefined
}

/**
 * The upload: each row framed with our id around its body's own bytes, straight from the segment, in blocks. Nothing of
 * the payload is parsed, copied to disk or held beyond a block.
 * @param rows  their records, window by window
 */
export async function* framedRows(
  blobs: BlobStore,
  manifest: Manifest,
  rows: AsyncIterable<readonly IndexRecord[]>,
  framing: Framing,
): AsyncGenerator<Uint8Array> {
  const segments = new Segments(blobs, manifest)
  const block = new Block(framing)
  let row = 0
  try {
    for await (const records of rows) {
      for (let at = 0; at < records.length; at++) {
        const record = records[at] as IndexRecord
        if (record.bodyLength > READ_BYTES) {
          yield* block.long(row++, record, segments)
          continue
        }
        if (!segments.holds(record)) await segments.load(records, at)
        const full = block.append(row++, record, segments)
        if (full !== undefined) yield full
      }
    }
    const last = block.take()
    if (last.length > 0) yield last
  } finally {
    await segments.close()
  }
}

/** One span of one segment in memory. */
export class Segments {
  readonly #blobs: BlobStore
  readonly #manifest: Manifest
  readonly #open = new Map<number, LocalBlob>()
  #segment = -1
  #from = 0
  #to = 0
  #bytes = Buffer.allocUnsafeSlow(READ_BYTES)

  constructor(blobs: BlobStore, manifest: Manifest) {
    this.#blobs = blobs
    this.#manifest = manifest
  }

  holds(record: IndexRecord): boolean {
    return (
      record.segment === this.#segment &&
      record.bodyOffset >= this.#from &&
      record.bodyOffset + storedLength(record) <= this.#to
    )
  }

  /** Reads the body of records[at] and, in the same read, those of its neighbours. */
  async load(records: readonly IndexRecord[], at: number): Promise<void> {
    const head = records[at] as IndexRecord
    let end = head.bodyOffset + storedLength(head)
    for (let next = at + 1; next < records.length; next++) {
      const record = records[next] as IndexRecord
      const { segment, bodyOffset } = record
      const reach = bodyOffset + storedLength(record)
      if (
        segment !== head.segment ||
        bodyOffset < end ||
        bodyOffset - end > GAP_MAX ||
        reach - head.bodyOffset > READ_BYTES
      )
        break
      end = reach
    }
    const length = end - head.bodyOffset
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length)
    else if (this.#bytes.length > READ_BYTES && length <= READ_BYTES) this.#bytes = Buffer.allocUnsafeSlow(READ_BYTES)
    await (await this.#blob(head.segment)).read(this.#bytes.subarray(0, length), head.bodyOffset)
    this.#segment = head.segment
    this.#from = head.bodyOffset
    this.#to = end
  }

  /** Copies bytes [from, to) of the record's body; they are held. */
  copy(record: IndexRecord, from: number, to: number, into: Uint8Array, at: number): number {
    const start = record.bodyOffset - this.#from
    if (record.splice === undefined) return at + this.#bytes.copy(into, at, start + from, start + to)
    let end = at
    for (const part of partsOf(record.splice, from, to)) {
      if (part instanceof Uint8Array) {
        into.set(part, end)
        end += part.length
      } else end += this.#bytes.copy(into, end, start + part.from, start + part.to)
    }
    return end
  }

  /** The same bytes by pieces, of a body that is too long to be held. */
  async *read({ segment, bodyOffset, splice }: IndexRecord, from: number, to: number): AsyncGenerator<Uint8Array> {
    const blob = await this.#blob(segment)
    for (const part of splice === undefined ? [{ from, to }] : partsOf(splice, from, to)) {
      if (part instanceof Uint8Array) yield part
      else yield* readSpan(blob, bodyOffset + part.from, bodyOffset + part.to)
    }
  }

  async close(): Promise<void> {
    for (const blob of this.#open.values()) await blob.close()
  }

  async #blob(segment: number): Promise<LocalBlob> {
    let blob = this.#open.get(segment)
    if (blob === undefined) {
      blob = await this.#blobs.openLocal(this.#manifest.segments[segment] as string)
      this.#open.set(segment, blob)
    }
    return blob
  }
}

async function* readSpan(blob: LocalBlob, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += READ_BYTES) {
    const piece = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, to - at))
    await blob.read(piece, at)
    yield piece
  }
}

const storedLength = ({ splice, bodyLength }: IndexRecord): number => splice?.storedLength ?? bodyLength

/** What bytes [from, to) of a spliced body are made of: spans of what is stored, and what stands between them. */
function partsOf(splice: Splice, from: number, to: number): (Uint8Array | { from: number; to: number })[] {
  const end = splice.from + splice.bytes.length
  const shift = splice.to - end
  return [
    { from, to: Math.max(from, Math.min(to, splice.from)) },
    splice.bytes.subarray(Math.max(0, from - splice.from), Math.max(0, to - splice.from)),
    { from: Math.max(from, end) + shift, to: Math.max(to, end) + shift },
  ]
}

class Block {
  readonly #frame: RowFrame
  readonly #model: Uint8Array | undefined
  /** Everything before the body, with the row's digits to be written in. */
  readonly #head: Buffer
  readonly #tail: Buffer
  readonly #digitsAt: number
  /** Blocks in turn: by the time one is due again, the socket has let go of it long ago (it asks for one at a time). */
  readonly #ring = Array.from({ length: RING }, () => Buffer.allocUnsafeSlow(BLOCK_BYTES))
  #turn = 0
  #bytes = this.#ring[0] as Buffer
  #used = 0

  constructor({ frame, key, model }: Framing) {
    this.#frame = frame
    this.#model = frame.blanksModel ? undefined : model
    this.#head = Buffer.concat([frame.beforeId, Buffer.from(`${key}-${'0'.repeat(ROW_DIGITS)}`), frame.afterId])
    this.#tail = Buffer.from(frame.afterBody)
    this.#digitsAt = frame.beforeId.length + KEY_LENGTH + 1
  }

  /** Returns the block that this row did not fit into. */
  append(row: number, record: IndexRecord, segments: Segments): Uint8Array | undefined {
    const length = rowBytes(this.#frame, record, this.#model)
    const full = this.#used + length > this.#bytes.length ? this.take(length) : undefined
    const { bodyLength, modelOffset, modelLength } = record
    let at = this.#used
    this.#head.copy(this.#bytes, at)
    writeDigits(this.#bytes, at + this.#digitsAt, row)
    at += this.#head.length
    const from = this.#frame.opensBody ? 1 : 0
    const start = at - from
    if (this.#model === undefined || modelLength === 0) {
      at = segments.copy(record, from, bodyLength, this.#bytes, at)
      if (this.#frame.blanksModel && modelLength > 0) blankMember(this.#bytes, start + modelOffset, modelLength)
    } else {
      at = segments.copy(record, from, modelOffset, this.#bytes, at)
      this.#bytes.set(this.#model, at)
      at = segments.copy(record, modelOffset + modelLength, bodyLength, this.#bytes, at + this.#model.length)
    }
    this.#rename(this.#bytes, start, at)
    this.#used = at + this.#tail.copy(this.#bytes, at)
    return full !== undefined && full.length > 0 ? full : undefined
  }

  /** A row too long for a block, by pieces; what is in the block goes before it. */
  async *long(row: number, record: IndexRecord, segments: Segments): AsyncGenerator<Uint8Array> {
    const before = this.take()
    if (before.length > 0) yield before
    const head = Buffer.from(this.#head)
    writeDigits(head, this.#digitsAt, row)
    yield head
    const body = this.#longBody(record, segments)
    if (this.#frame.renames === undefined) yield* body
    else {
      // Where its members are shows only when it is read whole.
      const whole = Buffer.concat(await Array.fromAsync(body))
      this.#rename(whole, this.#frame.opensBody ? -1 : 0, whole.length)
      yield whole
    }
    if (this.#tail.length > 0) yield this.#tail
  }

  async *#longBody(record: IndexRecord, segments: Segments): AsyncGenerator<Uint8Array> {
    const { bodyLength, modelOffset, modelLength } = record
    const from = this.#frame.opensBody ? 1 : 0
    if (modelLength > 0 && this.#frame.blanksModel) {
      const near = [Math.max(from, modelOffset - NEAR), Math.min(bodyLength, modelOffset + modelLength + NEAR)] as const
      yield* segments.read(record, from, near[0])
      const member = Buffer.concat(await Array.fromAsync(segments.read(record, ...near)))
      blankMember(member, modelOffset - near[0], modelLength)
      yield member
      yield* segments.read(record, near[1], bodyLength)
    } else if (this.#model === undefined || modelLength === 0) yield* segments.read(record, from, bodyLength)
    else {
      yield* segments.read(record, from, modelOffset)
      yield this.#model
      yield* segments.read(record, modelOffset + modelLength, bodyLength)
    }
  }

  /** @param start  where the body's brace is, or would be */
  #rename(bytes: Uint8Array, start: number, end: number): void {
    if (this.#frame.renames !== undefined) renameMembers(bytes, start + 1, end, this.#frame.renames)
  }

  /** What is in it. The next row goes to another block, one of its own when it is larger than that. */
  take(next = 0): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#used)
    this.#turn = (this.#turn + 1) % RING
    this.#bytes = next > BLOCK_BYTES ? Buffer.allocUnsafeSlow(next) : (this.#ring[this.#turn] as Buffer)
    this.#used = 0
    return taken
  }
}

/** A member with the commas around it lies within so many bytes of its value. */
const NEAR = 4096

function writeDigits(into: Uint8Array, at: number, value: number): void {
  let rest = value
  for (let digit = at + ROW_DIGITS - 1; digit >= at; digit--) {
    into[digit] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}
