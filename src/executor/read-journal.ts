import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { StoreUnavailable } from '../domain/errors.ts'
import { outcomes } from '../domain/outcome.ts'
import { fileHead, HEAD_BYTES, type Kind, kinds } from './journal.ts'

export interface JournalRecord {
  readonly kind: Kind
  readonly row: number
  readonly outcome: number
  /** Good until the next record is asked for. */
  readonly payload: Buffer
}

/** Attempts that may be paid for without an answer to show for it. */
export interface Unproven {
  attempts: number
  inputTokens: number
  /** The most that all of them together may have said. */
  outputMax: number
}

/** What earlier runs left of the same rows. */
export interface Recovered {
  readonly answered: ReadonlySet<number>
  readonly succeeded: number
  readonly unproven: Unproven
  /** What the vendor has taken and not answered yet, by row. */
  readonly promised: ReadonlyMap<number, Promised>
}

export interface Promised {
  readonly promise: string
  readonly inputTokens: number
  readonly outputMax: number
}

const READ_BYTES = 1024 * 1024

/**
 * The records of one journal in their order, up to where it was torn: a record that is not whole, or that is not what
 * was written, and all behind it, never counted.
 * @throws StoreUnavailable when a newer version has written it
 */
export async function* readJournal(path: string): AsyncGenerator<JournalRecord> {
  const file = await open(path, 'r')
  try {
    const reader = new Reader(file)
    const head = await reader.take(fileHead.length)
    if (head === undefined) return // torn before it held anything
    if (!head.equals(fileHead)) {
      if (head.subarray(0, -4).equals(fileHead.subarray(0, -4))) throw newer(path)
      return
    }
    for (;;) {
      const peeked = await reader.peek(HEAD_BYTES)
      if (peeked === undefined) return
      const length = peeked.readUInt32LE(0)
      const crc = peeked.readUInt32LE(4)
      const kind = kinds[peeked[8] as number] ?? ''
      if (kind === '' || length > reader.left) return
      const whole = await reader.take(HEAD_BYTES + length)
      if (whole === undefined || crc32(whole.subarray(8)) !== crc) return
      yield {
        kind,
        row: whole.readUInt32LE(12),
        outcome: whole[9] as number,
        payload: whole.subarray(HEAD_BYTES),
      }
    }
  } finally {
    await file.close()
  }
}

const newer = (path: string): StoreUnavailable =>
  new StoreUnavailable(
    `${path} was written by a newer version of Redeye than this one.`,
    'Run the newer version again; nothing is lost.',
  )

/** The rows of results in the journals, as one file of them would hold. */
export async function* answersIn(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    for await (const { kind, payload } of readJournal(path)) if (kind === 'answered') yield Uint8Array.from(payload)
  }
}

const SUCCEEDED = outcomes.indexOf('succeeded')

/** What is settled by the journals of earlier runs, and what was in flight when each of them ended. */
export async function recover(paths: readonly string[]): Promise<Recovered> {
  const answered = new Set<number>()
  const unproven = { attempts: 0, inputTokens: 0, outputMax: 0 }
  const promised = new Map<number, Promised>()
  let succeeded = 0
  for (const path of paths) {
    const open = new Map<number, readonly [input: number, output: number]>()
    for await (const { kind, row, outcome, payload } of readJournal(path)) {
      if (kind === 'started') {
        open.set(row, [payload.readUInt32LE(0), payload.readUInt32LE(4)])
        continue
      }
      const before = promised.get(row)
      const tokens = open.get(row) ?? (before && [before.inputTokens, before.outputMax])
      open.delete(row)
      promised.delete(row)
      if (kind === 'promised') {
        const [inputTokens = 0, outputMax = 0] = tokens ?? []
        promised.set(row, { promise: payload.toString(), inputTokens, outputMax })
      }
      if (kind === 'doubted' && tokens !== undefined) addUnproven(unproven, ...tokens)
      if (kind !== 'answered' || answered.has(row)) continue
      answered.add(row)
      if (outcome === SUCCEEDED) succeeded++
    }
    for (const tokens of open.values()) addUnproven(unproven, ...tokens)
  }
  return { answered, succeeded, unproven, promised }
}

export function addUnproven(unproven: Unproven, inputTokens: number, outputMax: number): void {
  unproven.attempts++
  unproven.inputTokens += inputTokens
  unproven.outputMax += outputMax
}

/** Reads a file forwards in large pieces. */
class Reader {
  readonly #file: FileHandle
  #bytes = Buffer.alloc(0)
  #at = 0
  #position = 0
  #size: number | undefined

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Bytes from the cursor to the end of the file, as it was when it was opened. */
  get left(): number {
    return (this.#size ?? 0) - this.#position + this.#bytes.length - this.#at
  }

  async take(length: number): Promise<Buffer | undefined> {
    const bytes = await this.peek(length)
    if (bytes !== undefined) this.#at += length
    return bytes
  }

  async peek(length: number): Promise<Buffer | undefined> {
    this.#size ??= (await this.#file.stat()).size
    if (this.left < length) return undefined
    if (this.#bytes.length - this.#at < length) await this.#fill(length)
    return this.#bytes.length - this.#at < length ? undefined : this.#bytes.subarray(this.#at, this.#at + length)
  }

  async #fill(length: number): Promise<void> {
    const rest = this.#bytes.subarray(this.#at)
    const wanted = Math.min(Math.max(length, READ_BYTES), this.left)
    const bytes = Buffer.allocUnsafeSlow(wanted)
    rest.copy(bytes)
    let filled = rest.length
    while (filled < wanted) {
      const { bytesRead } = await this.#file.read(bytes, filled, wanted - filled, this.#position)
      if (bytesRead === 0) break
      filled += bytesRead
      this.#position += bytesRead
    }
    this.#bytes = bytes.subarray(0, filled)
    this.#at = 0
  }
}
