import { type FileHandle, open, rm } from 'node:fs/promises'

const PARTITIONS = 256
const BLOCK_ENTRIES = 1024
const MEMORY_ENTRIES = 1_000_000

/**
 * Finds equal hashes among any number of requests in bounded memory: (hash, ordinal) goes to one of 256 partitions,
 * which spill to a scratch file above a million requests; each partition is small enough to be searched by itself.
 */
export class DuplicateFinder {
  readonly #scratch: string
  /** Of a hash, and of an entry: the hash and an ordinal. */
  readonly #hashWords: number
  readonly #words: number
  readonly #open: { readonly block: Uint32Array; used: number }[]
  /** Full blocks of each partition: in memory, or as offsets in the scratch file. */
  readonly #full: (Uint32Array | number)[][] = Array.from({ length: PARTITIONS }, () => [])
  #entries = 0
  #file: FileHandle | undefined
  #written = 0

  /**
   * @param scratch    path of a file that may be made and is removed by `close`
   * @param hashWords  u32 of a hash: with two, equal hashes may still be of unlike things; with four they are not
   */
  constructor(scratch: string, hashWords: 2 | 4 = 2) {
    this.#scratch = scratch
    this.#hashWords = hashWords
    this.#words = hashWords + 1
    this.#open = Array.from({ length: PARTITIONS }, () => ({
      block: new Uint32Array(BLOCK_ENTRIES * this.#words),
      used: 0,
    }))
  }

  /**
   * @param hashes  of each request, in ordinal order from `firstOrdinal`
   * @param only    1 for those that count; absent: all
   */
  async add(hashes: Uint32Array, firstOrdinal: number, only?: Uint8Array): Promise<void> {
    const count = hashes.length / this.#hashWords
    for (let index = 0; index < count; index++) {
      if (only !== undefined && only[index] === 0) continue
      const from = index * this.#hashWords
      const part = (hashes[from] as number) & (PARTITIONS - 1)
      const open = this.#open[part] as { block: Uint32Array; used: number }
      const at = open.used * this.#words
      for (let word = 0; word < this.#hashWords; word++) open.block[at + word] = hashes[from + word] as number
      open.block[at + this.#hashWords] = firstOrdinal + index
      this.#entries++
      if (++open.used === BLOCK_ENTRIES) {
        this.#full[part]?.push(this.#entries > MEMORY_ENTRIES ? await this.#spill(open.block) : open.block.slice())
        open.used = 0
      }
    }
  }

  /** Pairs of ordinals (earlier, later) whose hashes are equal, each later one beside the first of its hash. */
  async *pairs(): AsyncIterable<[number, number]> {
    for (let part = 0; part < PARTITIONS; part++) yield* equalHashes(await this.#partition(part), this.#hashWords)
  }

  async close(): Promise<void> {
    await this.#file?.close()
    if (this.#file !== undefined) await rm(this.#scratch, { force: true })
  }

  async #spill(block: Uint32Array): Promise<number> {
    this.#file ??= await open(this.#scratch, 'wx+', 0o600)
    const at = this.#written
    await this.#file.write(block, 0, block.byteLength, at)
    this.#written += block.byteLength
    return at
  }

  async #partition(part: number): Promise<Uint32Array> {
    const full = this.#full[part] as (Uint32Array | number)[]
    const open = this.#open[part] as { block: Uint32Array; used: number }
    const words = BLOCK_ENTRIES * this.#words
    const all = new Uint32Array(full.length * words + open.used * this.#words)
    for (const [index, block] of full.entries()) {
      if (typeof block === 'number') {
        await (this.#file as FileHandle).read(all, index * words * 4, words * 4, block)
      } else all.set(block, index * words)
    }
    all.set(open.block.subarray(0, open.used * this.#words), full.length * words)
    return all
  }
}

/** Open addressing over the entries of one partition; yields every later entry beside the first of its hash. */
function* equalHashes(entries: Uint32Array, hashWords: number): Iterable<[number, number]> {
  const words = hashWords + 1
  const count = entries.length / words
  const isEqual = (a: number, b: number): boolean => {
    for (let word = 0; word < hashWords; word++) if (entries[a + word] !== entries[b + word]) return false
    return true
  }
  let slots = 16
  while (slots < count * 2) slots *= 2
  const table = new Int32Array(slots).fill(-1)
  for (let entry = 0; entry < count; entry++) {
    const at = entry * words
    // The low byte chose the partition, so it says nothing here.
    let slot = (((entries[at] as number) >>> 8) ^ (entries[at + 1] as number)) & (slots - 1)
    for (;;) {
      const other = (table[slot] as number) * words
      if (other < 0) {
        table[slot] = entry
        break
      }
      if (isEqual(other, at)) {
        // Only the first of a hash has a slot: a file of one id a million times stays linear.
        yield [entries[other + hashWords] as number, entries[at + hashWords] as number]
        break
      }
      slot = (slot + 1) & (slots - 1)
    }
  }
}
