import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

/**
 * What a run on a sync lane did, written down before it counts: one file per run, only appended to. A file begins with
 * `fileHead`; each record is a head of 16 bytes, little endian, and its payload:
 *
 *      0  u32  length of the payload     4  u32  CRC-32 of bytes 8 to 16 and the payload
 *      8  u8   kind (index in `kinds`)   9  u8   outcome of an answer (domain `outcomes`)   10  u16  0   12  u32  row
 *
 *     started    u32 input tokens, u32 output tokens at most: the request may leave from now on
 *     answered   its row of results, with its newline: final
 *     freed      it is sure that nothing was bought: refused, or never sent
 *     doubted    no whole answer came: perhaps bought
 *     promised   the name of what the vendor has taken and answers later: asked for, also by the next run
 *
 * A `started` without anything of the same row behind it was in flight when the run ended.
 */
export const JOURNAL_VERSION = 1
export const kinds = ['', 'started', 'answered', 'freed', 'doubted', 'promised'] as const
export type Kind = Exclude<(typeof kinds)[number], ''>
export const HEAD_BYTES = 16
export const fileHead = Buffer.from(`redeye sync ${String(JOURNAL_VERSION).padStart(3, '0')}\n`)

/** Appends are gathered while the disk is busy with those before: one write and one fdatasync for all of them. */
export class Journal {
  readonly #file: FileHandle
  #gathering = new Block()
  #writing = new Block()
  #at: number
  #underWay: Promise<void> | undefined
  #fault: unknown

  /** A new file; one that is there already is another run's. */
  static async create(path: string): Promise<Journal> {
    const file = await open(path, 'wx', 0o600)
    await file.write(fileHead, 0, fileHead.length, 0)
    await file.datasync()
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close()) // else the file itself may be gone after a power cut
    return new Journal(file)
  }

  private constructor(file: FileHandle) {
    this.#file = file
    this.#at = fileHead.length
  }

  /** @param durable  called once it is on the disk; never, when the disk fails */
  started(row: number, inputTokens: number, outputMax: number, durable: () => void): void {
    const at = this.#gathering.open('started', row, 0, 8)
    this.#gathering.u32(at, inputTokens)
    this.#gathering.u32(at + 4, outputMax)
    this.#close(durable)
  }

  answered(row: number, outcome: number, line: Uint8Array, durable: () => void): void {
    this.#gathering.put(this.#gathering.open('answered', row, outcome, line.length), line)
    this.#close(durable)
  }

  promised(row: number, promise: string, durable: () => void): void {
    const payload = Buffer.from(promise)
    this.#gathering.put(this.#gathering.open('promised', row, 0, payload.length), payload)
    this.#close(durable)
  }

  freed(row: number, durable: () => void): void {
    this.#gathering.open('freed', row, 0, 0)
    this.#close(durable)
  }

  doubted(row: number, durable: () => void): void {
    this.#gathering.open('doubted', row, 0, 0)
    this.#close(durable)
  }

  /** Resolves when all that was appended is on the disk. */
  async settled(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay
    if (this.#fault !== undefined) throw this.#fault
  }

  /** What the disk said, once it has failed: nobody who waits hears anything any more. */
  get fault(): unknown {
    return this.#fault
  }
  onFault: (fault: unknown) => void = () => {}

  async close(): Promise<void> {
    try {
      await this.settled()
    } finally {
      await this.#file.close()
    }
  }

  #close(durable: () => void): void {
    this.#gathering.close(durable)
    this.#underWay ??= this.#flush()
  }

  async #flush(): Promise<void> {
    await Promise.resolve() // whatever is appended in the same breath goes along
    while (this.#gathering.used > 0 && this.#fault === undefined) {
      const block = this.#gathering
      this.#gathering = this.#writing
      this.#writing = block
      try {
        for (let from = 0; from < block.used; ) {
          const { bytesWritten } = await this.#file.write(block.bytes, from, block.used - from, this.#at)
          from += bytesWritten
          this.#at += bytesWritten
        }
        await this.#file.datasync()
      } catch (error) {
        this.#fault = error
        this.onFault(error)
      }
      const waiting = block.empty()
      if (this.#fault === undefined) for (const durable of waiting) durable()
    }
    this.#underWay = undefined
  }
}

const BLOCK_BYTES = 256 * 1024

class Block {
  bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  used = 0
  #from = 0
  #waiting: (() => void)[] = []

  /** Begins a record. @returns where its payload goes */
  open(kind: Kind, row: number, outcome: number, length: number): number {
    const from = this.used
    if (from + HEAD_BYTES + length > this.bytes.length) this.#grow(from + HEAD_BYTES + length)
    const { bytes } = this
    bytes.writeUInt32LE(length, from)
    bytes.writeUInt32LE(0, from + 8)
    bytes[from + 8] = kinds.indexOf(kind)
    bytes[from + 9] = outcome
    bytes.writeUInt32LE(row, from + 12)
    this.#from = from
    this.used = from + HEAD_BYTES + length
    return from + HEAD_BYTES
  }

  u32(at: number, value: number): void {
    this.bytes.writeUInt32LE(Math.min(0xffff_ffff, Math.max(0, Math.ceil(value))), at)
  }

  put(at: number, payload: Uint8Array): void {
    this.bytes.set(payload, at)
  }

  close(durable: () => void): void {
    this.bytes.writeUInt32LE(crc32(this.bytes.subarray(this.#from + 8, this.used)), this.#from + 4)
    this.#waiting.push(durable)
  }

  empty(): (() => void)[] {
    const waiting = this.#waiting
    this.#waiting = []
    this.used = 0
    if (this.bytes.length > 4 * BLOCK_BYTES) this.bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    return waiting
  }

  #grow(wanted: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.used)
    this.bytes = grown
  }
}
