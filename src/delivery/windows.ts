import { outcomes, reasonCode } from '../domain/outcome.ts'
import { emptyRecord, type IndexRecord, type Manifest, RECORD_BYTES, readRecord, rowsIn } from '../intake/manifest.ts'
import type { BlobStore, LocalBlob } from '../stores/contract.ts'
import type { Flown } from './flown.ts'
import { inParts, type LineWindow } from './line-window.ts'
import { OutcomeWindow, requestsOf } from './outcome-window.ts'
import { emptyResult, NO_OUTCOME, RESULT_BYTES, readResult } from './result-index.ts'

export const WINDOW_ORDINALS = 65_536
/** Bytes of lines and carries held at once while delivering. */
const WINDOW_BYTES_MAX = 6 * 1024 * 1024
const GAP_MAX = 64 * 1024
const READ_MAX = 1024 * 1024

/** Consecutive requests, of which each is one row (`starts` null) or more. */
interface Span {
  readonly first: number
  readonly count: number
  readonly starts: Uint32Array | null
}

interface Carries {
  readonly group: Uint16Array
  readonly base64: Uint8Array
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

  /** How the rows ended, each for itself. */
  async *rows(): AsyncGenerator<OutcomeWindow> {
    for await (const { rows } of this.#windows()) yield rows
  }

  /**
   * How the requests ended.
   * @param before  sees their rows first, and may take an outcome back that is not final: then its request has none
   */
  async *outcomes(before?: (rows: OutcomeWindow) => void): AsyncGenerator<OutcomeWindow> {
    for await (const { first, rows, starts } of this.#windows(before)) {
      yield starts === null ? rows : requestsOf(rows, first, starts)
    }
  }

  async *lines(): AsyncGenerator<LineWindow> {
    for await (const { first, rows, starts } of this.#windows()) {
      const window = starts === null ? rows : requestsOf(rows, first, starts)
      const carries = await this.#carries(window)
      const rowAt = (index: number): number => (starts === null ? index : (starts[index] as number))
      for (let from = 0; from < window.count; ) {
        let to = from
        let lines = 0
        let held = 0
        for (; to < window.count; to++) {
          let length = 0
          for (let row = rowAt(to); row < rowAt(to + 1); row++) length += rows.length[row] as number
          const more = length + (carries.length[to] as number)
          if (to > from && held + more > WINDOW_BYTES_MAX) break
          held += more
          lines += length
        }
        const { bytes, at } = await this.#read(rows, rowAt(from), rowAt(to), lines)
        yield {
          first: first + from,
          count: to - from,
          bytes,
          ...(starts === null ? { at, parts: null } : inParts(starts.subarray(from, to + 1), rows, at)),
          length: window.length.subarray(from, to),
          idAt: window.idAt.subarray(from, to),
          outcome: window.outcome.subarray(from, to),
          reason: window.reason.subarray(from, to),
          winner: window.winner.subarray(from, to),
          copied: window.copied.subarray(from, to),
          group: carries.group.subarray(from, to),
          base64: carries.base64.subarray(from, to),
          ...(await this.#carry(carries, from, to)),
        }
        from = to
      }
    }
  }

  async *#windows(
    before?: (rows: OutcomeWindow) => void,
  ): AsyncGenerator<Omit<Span, 'count'> & { readonly rows: OutcomeWindow }> {
    let row = 0
    for await (const { first, count, starts } of this.#spans()) {
      const rows = new OutcomeWindow(row, starts?.at(-1) ?? count)
      for (const [number, flown] of this.#flown.entries()) await this.#offer(rows, number, flown)
      before?.(rows)
      await this.#copyTwins(rows, before)
      yield { first, rows, starts }
      row += rows.count
    }
  }

  /** About as many rows at once, and always whole requests. */
  async *#spans(): AsyncGenerator<Span> {
    const { requests, rows } = this.#manifest
    const most = rows === undefined ? WINDOW_ORDINALS : Math.ceil((WINDOW_ORDINALS * requests) / rows.count)
    for (let first = 0; first < requests; ) {
      let count = Math.min(most, requests - first)
      let starts: Uint32Array | null = null
      if (rows !== undefined) {
        starts = await this.#starts(first, count)
        while (count > 1 && (starts[count] as number) > WINDOW_ORDINALS) count--
        starts = starts.subarray(0, count + 1)
      }
      yield { first, count, starts }
      first += count
    }
  }

  async #starts(first: number, count: number): Promise<Uint32Array> {
    const starts = new Uint32Array(count + 1)
    await this.#records(first, count, (record, index) => {
      starts[index + 1] = (starts[index] as number) + rowsIn(this.#manifest, record)
    })
    return starts
  }

  async close(): Promise<void> {
    for (const blob of this.#open.values()) await blob.close()
    this.#open.clear()
  }

  async #offer(window: OutcomeWindow, number: number, flown: Flown): Promise<void> {
    const rows = await this.#rowsIn(window, flown)
    if (rows.to <= rows.from) return
    if (flown.index === null) {
      for (let row = rows.from; row < rows.to; row++)
        offerUniform(window, rows.ordinal(row) - window.first, number, flown)
      return
    }
    const index = await this.#local(flown.index)
    const bytes = new Uint8Array((rows.to - rows.from) * RESULT_BYTES)
    await index.read(bytes, rows.from * RESULT_BYTES)
    const view = new DataView(bytes.buffer)
    const result = emptyResult()
    for (let row = rows.from; row < rows.to; row++) {
      readResult(view, (row - rows.from) * RESULT_BYTES, result)
      window.offerResult(rows.ordinal(row) - window.first, number, result)
    }
    await this.#release(flown, window)
  }

  /** Rows that were not bought, because an earlier one asks the same, end as that one does. */
  async #copyTwins(window: OutcomeWindow, before?: (rows: OutcomeWindow) => void): Promise<void> {
    const { twins } = this.#manifest.spared ?? {}
    if (twins === undefined) return
    const of = new Uint32Array(window.count)
    await (await this.#local(twins)).read(new Uint8Array(of.buffer), window.first * of.BYTES_PER_ELEMENT)
    const wanted = Uint32Array.from(new Set(of.filter((ordinal) => ordinal < window.first))).sort()
    const far = new OutcomeWindow(0, wanted.length)
    for (const [number, flown] of this.#flown.entries()) await this.#offerScattered(far, wanted, number, flown)
    before?.(far)
    for (let index = 0; index < window.count; index++) {
      const ordinal = of[index] as number
      if (ordinal === window.first + index) continue
      if (ordinal >= window.first) window.copy(index, window, ordinal - window.first)
      else window.copy(index, far, lowerBound(wanted, ordinal))
      window.copied[index] = 1
    }
  }

  /** @param wanted  ordinals in rising order, one for each place of the window */
  async #offerScattered(window: OutcomeWindow, wanted: Uint32Array, number: number, flown: Flown): Promise<void> {
    const ordinals = flown.ordinals === null ? null : await this.#ordinalsOf(flown.ordinals)
    const rowOf = (place: number): number => {
      const ordinal = wanted[place] as number
      const row = ordinals === null ? ordinal - flown.firstOrdinal : lowerBound(ordinals, ordinal)
      const isThere = ordinals === null ? row >= 0 && row < flown.count : ordinals[row] === ordinal
      return isThere ? row : -1
    }
    const places = Array.from(wanted.keys()).filter((place) => rowOf(place) >= 0)
    const result = emptyResult()
    for (let start = 0; start < places.length; ) {
      const from = rowOf(places[start] as number)
      let end = start
      while (end < places.length && (rowOf(places[end] as number) - from) * RESULT_BYTES < GAP_MAX) end++
      const bytes = new Uint8Array((rowOf(places[end - 1] as number) - from + 1) * RESULT_BYTES)
      if (flown.index !== null) await (await this.#local(flown.index)).read(bytes, from * RESULT_BYTES)
      const view = new DataView(bytes.buffer)
      for (const place of places.slice(start, end)) {
        if (flown.index === null) offerUniform(window, place, number, flown)
        else window.offerResult(place, number, readResult(view, (rowOf(place) - from) * RESULT_BYTES, result))
      }
      start = end
    }
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

  /** The lines of rows side by side, and where each lies. */
  async #read(
    rows: OutcomeWindow,
    from: number,
    to: number,
    total: number,
  ): Promise<{ bytes: Buffer; at: Uint32Array<ArrayBuffer> }> {
    const count = to - from
    const at = new Uint32Array(count)
    const bytes = this.#room('lines', total)
    let used = 0
    for (let index = 0; index < count; index++) {
      at[index] = used
      used += rows.length[from + index] as number
    }
    await this.#fill(rows, from, to, at, bytes)
    return { bytes, at }
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
    const offset = new Float64Array(window.count)
    const length = new Uint32Array(window.count)
    const group = new Uint16Array(window.count)
    const base64 = new Uint8Array(window.count)
    await this.#records(window.first, window.count, (record, index) => {
      offset[index] = record.carryOffset
      length[index] = record.carryLength
      group[index] = record.group
      base64[index] = record.base64 ? 1 : 0
    })
    return { offset, length, group, base64 }
  }

  async #records(first: number, count: number, each: (record: IndexRecord, index: number) => void): Promise<void> {
    const index = await this.#local(this.#manifest.index)
    const bytes = new Uint8Array(count * RECORD_BYTES)
    await index.read(bytes, first * RECORD_BYTES)
    const view = new DataView(bytes.buffer)
    const record = emptyRecord()
    for (let at = 0; at < count; at++) each(readRecord(view, at * RECORD_BYTES, record), at)
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

function offerUniform(window: OutcomeWindow, at: number, number: number, { uniform }: Flown): void {
  const { outcome, reason } = uniform ?? { outcome: 'missing', reason: 'missing' }
  window.offer(at, number, outcome === null ? NO_OUTCOME : outcomes.indexOf(outcome), reasonCode[reason])
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
export function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
