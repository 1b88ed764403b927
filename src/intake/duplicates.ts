import { type FileHandle, open, rm } from 'node:fs/promises'

const PARTITIONS = 256
const BLOCK_ENTRIES = 1024
const ENTRY_WORDS = 3 // hash low, hash high, ordinal
const BLOCK_BYTES = BLOCK_ENTRIES * ENTRY_WORDS * 4
const MEMORY_ENTRIES = 1_000_000

/**
 * Finds equal ids among any number of requests in bounded memory: (hash64, ordinal) goes to one of 256 partitions,
 * which spill to a scratch file above a million requests; each partition is small enough to be searched by itself.
 */
export class DuplicateFinder {
  readonly #scratch: string
  readonly #open = Array.from({ length: PARTITIONS }, () => ({
    block: new Uint32Array(BLOCK_ENTRIES * ENTRY_WORDS),
    used: 0,
  }))
  /** Full blocks of each partition: in memory, or as offsets in the scratch file. */
  readonly #full: (Uint32Array | number)[][] = Array.from({ length: PARTITIONS }, () => [])
  #entries = 0
  #file: FileHandle | undefined
  #written = 0

  /** @param scratch  path of a file that may be made and is removed by `close` */
  constructor(scratch: string) {
    this.#scratch = scratch
  }

  /** @param hashes  two u32 a request, in ordinal order from `firstOrdinal` */
  async add(hashes: Uint32Array, firstOrdinal: number): Promise<void> {
    const count = hashes.length / 2
    for (let index = 0; index < count; index++) {
      const low = hashes[2 * index] as number
      const part = low & (PARTITIONS - 1)
      const open = this.#open[part] as { block: Uint32Array; used: number }
      const at = open.used * ENTRY_WORDS
      open.block[at] = low
      open.block[at + 1] = hashes[2 * index + 1] as number
      open.block[at + 2] = firstOrdinal + index
      if (++open.used === BLOCK_ENTRIES) {
        this.#full[part]?.push(this.#entries > MEMORY_ENTRIES ? await this.#spill(open.block) : open.block.slice())
        open.used = 0
      }
    }
    this.#entries += count
  }

  /** Pairs of ordinals (earlier, later) whose hashes are equal; the caller compares the ids themselves. */
  async *pairs(): AsyncIterable<[number, number]> {
    for (let part = 0; part < PARTITIONS; part++) yield* equalHashes(await this.#partition(part))
  }

  async close(): Promise<void> {
    await this.#file?.close()
    if (this.#file !== undefined) await rm(this.#scratch, { force: true })
  }

  async #spill(block: Uint32Array): Promise<number> {
    this.#file ??= await open(this.#scratch, 'wx+', 0o600)
    const at = this.#written
    await this.#file.write(block, 0, BLOCK_BYTES, at)
    this.#written += BLOCK_BYTES
    return at
  }

  async #partition(part: number): Promise<Uint32Array> {
    const full = this.#full[part] as (Uint32Array | number)[]
    const open = this.#open[part] as { block: Uint32Array; used: number }
    const words = BLOCK_ENTRIES * ENTRY_WORDS
    const all = new Uint32Array(full.length * words + open.used * ENTRY_WORDS)
    for (const [index, block] of full.entries()) {
      if (typeof block === 'number') {
        await (this.#file as FileHandle).read(all, index * BLOCK_BYTES, BLOCK_BYTES, block)
      } else all.set(block, index * words)
    }
    all.set(open.block.subarray(0, open.used * ENTRY_WORDS), full.length * words)
    return all
  }
}

/** Open addressing over the entries of one partition; yields every later entry beside the first of its hash. */
function* equalHashes(entries: Uint32Array): Iterable<[number, number]> {
  const count = entries.length / ENTRY_WORDS
  let slots = 16
  while (slots < count * 2) slots *= 2
  const table = new Int32Array(slots).fill(-1)
  for (let entry = 0; entry < count; entry++) {
    const at = entry * ENTRY_WORDS
    // The low byte chose the partition, so it says nothing here.
    let slot = (((entries[at] as number) >>> 8) ^ (entries[at + 1] as number)) & (slots - 1)
    for (;;) {
      const other = (table[slot] as number) * ENTRY_WORDS
      if (other < 0) {
        table[slot] = entry
        break
      }
      if (entries[other] === entries[at] && entries[other + 1] === entries[at + 1]) {
        // Only the first of a hash has a slot: a file of one id a million times stays linear.
        yield [entries[other + 2] as number, entries[at + 2] as number]
        break
      }
      slot = (slot + 1) & (slots - 1)
    }
  }
}
