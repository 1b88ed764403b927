import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/**
 * A new file, written once from start to end, and on the disk when `finish` returns.
 *
 * What is written here is read again late or never, so it goes past the page cache where the system lets it (O_DIRECT):
 * filling the cache costs a virtual machine a second or two of CPU a gigabyte, and the disk has to do its part anyway.
 * Where that is refused (tmpfs, other systems) the file is written as any other.
 */
export interface DurableFile {
  readonly bytes: number
  /** The chunk may be used again once this has resolved. One call at a time. */
  write(chunk: Uint8Array): Promise<void>
  /** Writes what is left, fsyncs and closes. */
  finish(): Promise<void>
  /** Closes it as it is; harmless after `finish`. */
  abandon(): Promise<void>
}

const BLOCK_BYTES = 1024 * 1024
/** What offsets, lengths and addresses of direct writes must be multiples of, on all disks there are. */
const GRAIN = 4096
/** malloc's own: addresses are at least multiples of this. */
const STEP = 16

export async function createDurableFile(path: string): Promise<DurableFile> {
  const file = await open(path, 'wx', 0o644)
  const direct = await openDirect(path)
  return new Writer(file, direct)
}

class Writer implements DurableFile {
  readonly #file: FileHandle
  #direct: FileHandle | undefined
  /** One is filled while the other is on its way. */
  #block: AlignedBlock | undefined
  #other: AlignedBlock | undefined
  #filled = 0
  #written = 0
  #underWay: Promise<void> = Promise.resolve()
  #open = true

  constructor(file: FileHandle, direct: FileHandle | undefined) {
    this.#file = file
    this.#direct = direct
  }

  get bytes(): number {
    return this.#written + this.#filled
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      this.#block ??= borrow()
      const part = chunk.subarray(from, from + BLOCK_BYTES - this.#filled)
      this.#block.bytes.set(part, this.#filled)
      this.#filled += part.length
      from += part.length
      if (this.#filled === BLOCK_BYTES) await this.#send()
    }
  }

  async finish(): Promise<void> {
    const whole = this.#written === 0 ? 0 : this.#filled - (this.#filled % GRAIN)
    await this.#underWay
    if (this.#block !== undefined && this.#filled > 0) {
      if (whole > 0) await this.#put(this.#block, whole, this.#written)
      // A part of a grain cannot be written directly; nor is it worth it for a file that is no more than this.
      await writeAll(this.#file, this.#block.bytes.subarray(whole, this.#filled), this.#written + whole)
    }
    await this.#file.sync()
    await this.abandon()
  }

  async abandon(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#underWay.catch(() => {}) // whoever abandons it does not want it any more
    for (const block of [this.#block, this.#other]) if (block !== undefined) giveBack(block)
    await this.#direct?.close()
    await this.#file.close()
  }

  /** Starts the full block on its way once the one before has arrived. */
  async #send(): Promise<void> {
    const block = this.#block as AlignedBlock
    await this.#underWay
    this.#underWay = this.#put(block, BLOCK_BYTES, this.#written)
    this.#underWay.catch(() => {}) // thrown by the next write, or by finish
    this.#written += BLOCK_BYTES
    this.#filled = 0
    this.#block = this.#other
    this.#other = block
  }

  async #put(block: AlignedBlock, length: number, position: number): Promise<void> {
    if (this.#direct !== undefined) {
      if (await block.writeDirect(this.#direct, length, position)) return
      await this.#direct.close()
      this.#direct = undefined
    }
    await writeAll(this.#file, block.bytes.subarray(0, length), position)
  }
}

/** A block whose address is a multiple of the grain. Addresses are not told here, so the place in it is found by trying. */
class AlignedBlock {
  readonly #raw = Buffer.allocUnsafeSlow(BLOCK_BYTES + GRAIN)
  #offset = 0
  #found = false
  bytes = this.#raw.subarray(0, BLOCK_BYTES)

  /** False when this file, or this system, takes no direct writes. */
  async writeDirect(file: FileHandle, length: number, position: number): Promise<boolean> {
    for (;;) {
      try {
        const { bytesWritten } = await file.write(this.bytes, 0, length, position)
        this.#found = true
        return bytesWritten === length
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
        if (this.#found || this.#offset + STEP >= GRAIN) return false
        this.#offset += STEP
        this.#raw.copyWithin(this.#offset, this.#offset - STEP, this.#offset - STEP + BLOCK_BYTES)
        this.bytes = this.#raw.subarray(this.#offset, this.#offset + BLOCK_BYTES)
      }
    }
  }
}

/** Blocks are kept: each costs a few tries before its place is known. */
const spare: AlignedBlock[] = []
const SPARE_MAX = 8
const borrow = (): AlignedBlock => spare.pop() ?? new AlignedBlock()
const giveBack = (block: AlignedBlock): void => {
  if (spare.length < SPARE_MAX) spare.push(block)
}

async function openDirect(path: string): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined
  try {
    return await open(path, constants.O_WRONLY | constants.O_DIRECT)
  } catch {
    return undefined // EINVAL: the file system has none of it, and the file is written through the cache
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}
