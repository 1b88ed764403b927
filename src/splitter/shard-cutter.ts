/** What a shard must respect, all at once; null: no such limit. */
export interface ShardLimits {
  readonly rowsMax: number
  readonly bytesMax: number
  readonly inputsMax: number | null
  readonly tokensMax: number | null
  /** What share of rows and bytes the nth shard may use; all of them, where it is absent. */
  readonly share?: (shard: number) => number
}

export interface CutShard {
  readonly firstOrdinal: number
  readonly count: number
  /** Sorted; null when they are dense from firstOrdinal. */
  readonly ordinals: Uint32Array | null
  readonly bytes: number
  readonly inputs: number
  readonly tokens: number
  /** Tokens that the answers come to at most. */
  readonly outputMax: number
}

/**
 * Requests of one group in, in rising ordinal order; shards out. A request that is over a limit by itself gets a shard
 * of its own: whether that may fly is not the cutter's question.
 */
export class ShardCutter {
  readonly #limits: ShardLimits
  #closed = 0
  #share: number
  #first = 0
  #count = 0
  #bytes = 0
  #inputs = 0
  #tokens = 0
  #outputMax = 0
  /** Undefined while the ordinals are dense. */
  #ordinals: number[] | undefined

  constructor(limits: ShardLimits) {
    this.#limits = limits
    this.#share = limits.share?.(0) ?? 1
  }

  /** Returns the shard that this request did not fit into, when it opens a new one. */
  add(ordinal: number, bytes: number, inputs: number, tokens: number, outputMax = 0): CutShard | undefined {
    const { rowsMax, bytesMax, inputsMax, tokensMax } = this.#limits
    const full =
      this.#count > 0 &&
      (this.#count + 1 > Math.max(1, rowsMax * this.#share) ||
        this.#bytes + bytes > bytesMax * this.#share ||
        (inputsMax !== null && this.#inputs + inputs > inputsMax) ||
        (tokensMax !== null && this.#tokens + tokens > tokensMax))
    const closed = full ? this.finish() : undefined
    if (this.#count === 0) this.#first = ordinal
    else if (this.#ordinals === undefined && ordinal !== this.#first + this.#count) {
      this.#ordinals = Array.from({ length: this.#count }, (_, index) => this.#first + index)
    }
    this.#ordinals?.push(ordinal)
    this.#count++
    this.#bytes += bytes
    this.#inputs += inputs
    this.#tokens += tokens
    this.#outputMax += outputMax
    return closed
  }

  /** The shard under way, if any. */
  finish(): CutShard | undefined {
    if (this.#count === 0) return undefined
    const shard: CutShard = {
      firstOrdinal: this.#first,
      count: this.#count,
      ordinals: this.#ordinals === undefined ? null : Uint32Array.from(this.#ordinals),
      bytes: this.#bytes,
      inputs: this.#inputs,
      tokens: this.#tokens,
      outputMax: this.#outputMax,
    }
    this.#share = this.#limits.share?.(++this.#closed) ?? 1
    this.#count = 0
    this.#bytes = 0
    this.#inputs = 0
    this.#tokens = 0
    this.#outputMax = 0
    this.#ordinals = undefined
    return shard
  }
}
