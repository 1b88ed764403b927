import { outcomes, reasonCode } from '../domain/outcome.ts'
import { emptyRecord, type IndexRecord, type Manifest, RECORD_BYTES, readRecord } from '../intake/manifest.ts'
import type { BlobStore, LocalBlob } from '../stores/contract.ts'
import type { Flown } from './flown.ts'
import { emptyResult, NO_FILE, NO_OUTCOME, RESULT_BYTES, readResult } from './result-index.ts'

export const WINDOW_ORDINALS = 65_536
/** Bytes of lines and carries held at once while delivering. */
const WINDOW_BYTES_MAX = 6 * 1024 * 1024
const GAP_MAX = 64 * 1024
const READ_MAX = 1024 * 1024

const SUCCEEDED = outcomes.indexOf('succeeded')
const MISSING = outcomes.indexOf('missing')

/** 2: an answer that is wanted · 1: an answer that fails its schema · 0: none. */
const rank = (outcome: number, reason: number): number =>
  outcome !== SUCCEEDED ? 0 : reason === reasonCode.schema || reason === reasonCode.invalid_json ? 1 : 2

/** How the requests [first, first + count) ended: for each the submission that wins, and where its line lies. */
export class OutcomeWindow {
  readonly first: number
  readonly count: number
  /** Index into the flown list, -1: nothing was ever flown. */
  readonly winner: Int32Array
  readonly outcome: Uint8Array
  readonly reason: Uint8Array
  readonly file: Uint8Array
  readonly offset: Float64Array
  readonly length: Uint32Array
  readonly idAt: Uint32Array

  constructor(first: number, count: number) {
    this.first = first
    this.count = count
    this.winner = new Int32Array(count).fill(-1)
    this.outcome = new Uint8Array(count).fill(MISSING)
    this.reason = new Uint8Array(count).fill(reasonCode.missing)
    this.file = new Uint8Array(count).fill(NO_FILE)
    this.offset = new Float64Array(count)
    this.length = new Uint32Array(count)
    this.idAt = new Uint32Array(count)
  }

  /** First success in settle order wins, else the last final outcome. A valid answer beats an invalid one. */
  offer(index: number, flown: number, outcome: number, reason: number): boolean {
    if (this.winner[index] !== -1) {
      const held = rank(this.outcome[index] as number, this.reason[index] as number)
      const offered = rank(outcome, reason)
      if (offered < held || (offered === held && held === 2)) return false
    }
    this.winner[index] = flown
    this.outcome[index] = outcome
    this.reason[index] = reason
    this.file[index] = NO_FILE
    return true
  }
}

/** Lines of consecutive requests, read and laid side by side. Valid until the next window is asked for. */
export interface LineWindow {
  readonly first: number
  readonly count: number
  readonly bytes: Buffer
  /** Per request: where its line lies in `bytes` (length 0: no line), and its id's content in the line. */
  readonly at: Uint32Array
  readonly length: Uint32Array
  readonly idAt: Uint32Array
  readonly outcome: Uint8Array
  readonly reason: Uint8Array
  readonly winner: Int32Array
  /** Index into the manifest's groups: what endpoint it was for. */
  readonly group: Uint16Array
  /** What each request carried through: its id as JSON, or its row. */
  readonly carry: Buffer
  readonly carryAt: Uint32Array
  readonly carryLength: Uint32Array
}

interface Carries {
  readonly group: Uint16Array
  readonly offset: Float64Array
  readonly length: Uint32Array
}

/** Walks the outcomes of a job in input order, window by window, in bounded memory. Close it when done. */
export class ResultWalk {
  readonly #blobs: BlobStore
  readonly #manifest: Manifest
  readonly #flown: readonly Flown[]
  readonly #open = new Map<string, LocalBlob>()
  readonly #ordinals = new Map<string, Uint32Array>()
  readonly #scratch = Buffer.allocUnsafeSlow(READ_MAX)

  /** @param flown  in settle order */
  constructor(blobs: BlobStore, manifest: Manifest, flown: readonly Flown[]) {
    this.#blobs = blobs
    this.#manifest = manifest
    this.#flown = flown
  }

  async *outcomes(): AsyncGenerator<OutcomeWindow> {
    for (let first = 0; first < this.#manifest.requests; first += WINDOW_ORDINALS) {
      const window = new OutcomeWindow(first, Math.min(WINDOW_ORDINALS, this.#manifest.requests - first))
      for (const [number, flown] of this.#flown.entries()) await this.#offer(window, number, flown)
      yield window
    }
  }

  async *lines(): AsyncGenerator<LineWindow> {
    for await (const window of this.outcomes()) {
      const carries = await this.#carries(window)
      for (let from = 0; from < window.count; ) {
        let to = from
        let lines = 0
        let held = 0
        for (; to < window.count; to++) {
          const more = (window.length[to] as number) + (carries.length[to] as number)
          if (to > from && held + more > WINDOW_BYTES_MAX) break
          held += more
          lines += window.length[to] as number
        }
        yield await this.#read(window, carries, from, to, lines)
        from = to
      }
    }
  }

  async close(): Promise<void> {
    for (const blob of this.#open.values()) await blob.close()
    this.#open.clear()
  }

  async #offer(window: OutcomeWindow, number: number, flown: Flown): Promise<void> {
    const rows = await this.#rowsIn(window, flown)
    if (rows.to <= rows.from) return
    if (flown.index === null) {
      const { outcome, reason } = flown.uniform ?? { outcome: 'missing', reason: 'missing' }
      for (let row = rows.from; row < rows.to; row++) {
        window.offer(rows.ordinal(row) - window.first, number, outcomes.indexOf(outcome), reasonCode[reason])
      }
      return
    }
    const index = await this.#local(flown.index)
    const bytes = new Uint8Array((rows.to - rows.from) * RESULT_BYTES)
    await index.read(bytes, rows.from * RESULT_BYTES)
    const view = new DataView(bytes.buffer)
    const result = emptyResult()
    for (let row = rows.from; row < rows.to; row++) {
      readResult(view, (row - rows.from) * RESULT_BYTES, result)
      if (result.outcome === NO_OUTCOME) continue
      const at = rows.ordinal(row) - window.first
      if (!window.offer(at, number, result.outcome, result.reason)) continue
      window.file[at] = result.file
      window.offset[at] = result.offset
      window.length[at] = result.file === NO_FILE ? 0 : result.length
      window.idAt[at] = result.idAt
    }
    await this.#release(flown, window)
  }

  /** The rows of a submission whose ordinals lie in the window, and the ordinal of a row. */
  async #rowsIn(
    window: OutcomeWindow,
    flown: Flown,
  ): Promise<{ from: number; to: number; ordinal(row: number): number }> {
    const { first } = window
    const last = first + window.count
    if (flown.ordinals === null) {
      const from = Math.max(0, first - flown.firstOrdinal)
      const to = Math.min(flown.count, last - flown.firstOrdinal)
      return { from, to, ordinal: (row) => flown.firstOrdinal + row }
    }
    if (flown.firstOrdinal >= last) return { from: 0, to: 0, ordinal: () => 0 }
    const ordinals = await this.#ordinalsOf(flown.ordinals)
    const from = lowerBound(ordinals, first)
    return { from, to: lowerBound(ordinals, last), ordinal: (row) => ordinals[row] as number }
  }

  /** A submission that lies wholly behind the window will not be asked again. */
  async #release(flown: Flown, window: OutcomeWindow): Promise<void> {
    const last = window.first + window.count
    const end =
      flown.ordinals === null
        ? flown.firstOrdinal + flown.count
        : ((await this.#ordinalsOf(flown.ordinals)).at(-1) ?? 0) + 1
    if (end > last || flown.index === null) return
    await this.#open.get(flown.index)?.close()
    this.#open.delete(flown.index)
    if (flown.ordinals !== null) this.#ordinals.delete(flown.ordinals)
  }

  async #read(window: OutcomeWindow, carries: Carries, from: number, to: number, total: number): Promise<LineWindow> {
    const count = to - from
    const at = new Uint32Array(count)
    const bytes = this.#room('lines', total)
    let used = 0
    for (let index = 0; index < count; index++) {
      at[index] = used
      used += window.length[from + index] as number
    }
    await this.#fill(window, from, to, at, bytes)
    return {
      first: window.first + from,
      count,
      bytes,
      at,
      length: window.length.subarray(from, to),
      idAt: window.idAt.subarray(from, to),
      outcome: window.outcome.subarray(from, to),
      reason: window.reason.subarray(from, to),
      winner: window.winner.subarray(from, to),
      group: carries.group.subarray(from, to),
      ...(await this.#carry(carries, from, to)),
    }
  }

  /** Result files are not in input order: spans are sorted by where they lie and read in few, long reads. */
  async #fill(window: OutcomeWindow, from: number, to: number, at: Uint32Array, into: Buffer): Promise<void> {
    const spans: number[] = []
    for (let index = from; index < to; index++) if ((window.length[index] as number) > 0) spans.push(index)
    const place = (index: number): number => (window.winner[index] as number) * 256 + (window.file[index] as number)
    spans.sort((a, b) => place(a) - place(b) || (window.offset[a] as number) - (window.offset[b] as number))
    const scratch = this.#scratch
    for (let start = 0; start < spans.length; ) {
      const head = spans[start] as number
      const offset = window.offset[head] as number
      let end = offset + (window.length[head] as number)
      let next = start + 1
      for (; next < spans.length; next++) {
        const index = spans[next] as number
        const begin = window.offset[index] as number
        const reach = begin + (window.length[index] as number)
        if (place(index) !== place(head) || begin - end > GAP_MAX || reach - offset > READ_MAX) break
        end = Math.max(end, reach)
      }
      const flown = this.#flown[window.winner[head] as number] as Flown
      const blob = await this.#local(flown.files[window.file[head] as number] as string)
      const block = end - offset > scratch.length ? Buffer.allocUnsafe(end - offset) : scratch.subarray(0, end - offset)
      await blob.read(block, offset)
      for (let span = start; span < next; span++) {
        const index = spans[span] as number
        const begin = (window.offset[index] as number) - offset
        block.copy(into, at[index - from] as number, begin, begin + (window.length[index] as number))
      }
      start = next
    }
  }

  /** Where the carries of a window lie. */
  async #carries(window: OutcomeWindow): Promise<Carries> {
    const index = await this.#local(this.#manifest.index)
    const records = new Uint8Array(window.count * RECORD_BYTES)
    await index.read(records, window.first * RECORD_BYTES)
    const view = new DataView(records.buffer)
    const offset = new Float64Array(window.count)
    const length = new Uint32Array(window.count)
    const group = new Uint16Array(window.count)
    const record: IndexRecord = emptyRecord()
    for (let number = 0; number < window.count; number++) {
      readRecord(view, number * RECORD_BYTES, record)
      offset[number] = record.carryOffset
      length[number] = record.carryLength
      group[number] = record.group
    }
    return { offset, length, group }
  }

  /** Carries lie in ordinal order, so those of consecutive requests are one span. */
  async #carry(
    carries: Carries,
    from: number,
    to: number,
  ): Promise<Pick<LineWindow, 'carry' | 'carryAt' | 'carryLength'>> {
    const base = carries.offset[from] as number
    const end = (carries.offset[to - 1] as number) + (carries.length[to - 1] as number)
    const carry = this.#room('carry', end - base)
    await (await this.#local(this.#manifest.carry)).read(carry, base)
    return {
      carry,
      carryAt: Uint32Array.from(carries.offset.subarray(from, to), (offset) => offset - base),
      carryLength: carries.length.subarray(from, to),
    }
  }

  /** A window's bytes, in memory that the next window uses again. */
  #room(of: 'lines' | 'carry', bytes: number): Buffer {
    let room = this.#rooms.get(of)
    if (room === undefined || room.length < bytes) {
      room = Buffer.allocUnsafeSlow(Math.max(bytes, 64 * 1024))
      this.#rooms.set(of, room)
    }
    return room.subarray(0, bytes)
  }
  readonly #rooms = new Map<string, Buffer>()

  async #local(name: string): Promise<LocalBlob> {
    let blob = this.#open.get(name)
    if (blob === undefined) {
      if (this.#open.size >= 64) await this.close()
      blob = await this.#blobs.openLocal(name)
      this.#open.set(name, blob)
    }
    return blob
  }

  async #ordinalsOf(name: string): Promise<Uint32Array> {
    let ordinals = this.#ordinals.get(name)
    if (ordinals === undefined) {
      ordinals = await readOrdinals(this.#blobs, name)
      this.#ordinals.set(name, ordinals)
    }
    return ordinals
  }
}

/** The sorted ordinals of a shard that is not dense. */
export async function readOrdinals(blobs: BlobStore, name: string): Promise<Uint32Array> {
  const blob = await blobs.openLocal(name)
  try {
    const ordinals = new Uint32Array(blob.bytes / 4)
    await blob.read(new Uint8Array(ordinals.buffer), 0)
    return ordinals
  } finally {
    await blob.close()
  }
}

/** The first place whose value is at least `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
