const BLOCK_BYTES = 512 * 1024

export interface LineBlock {
  readonly buffer: ArrayBuffer
  readonly length: number
}

/** A stream cut into blocks of whole lines, about half a megabyte each; a line longer than that gets a block of its own. */
export interface LineBlocks extends AsyncIterable<LineBlock> {
  /** A buffer that is no longer needed, for reuse. */
  giveBack(buffer: ArrayBuffer): void
}

/** Kept for the next stream too: what is freed and asked for again and again, the C library keeps besides. */
const spare: ArrayBuffer[] = []
const SPARE_MAX = 16

const fresh = (bytes: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((bytes === BLOCK_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(bytes))

export const lineBlocks = (stream: AsyncIterable<Uint8Array>): LineBlocks => ({
  giveBack: (buffer) => {
    if (spare.length < SPARE_MAX && buffer.byteLength === BLOCK_BYTES) spare.push(buffer)
  },
  async *[Symbol.asyncIterator]() {
    let block = fresh(BLOCK_BYTES)
    let used = 0
    for await (const chunk of stream) {
      for (let from = 0; from < chunk.length; ) {
        if (used === block.length) {
          const end = block.lastIndexOf(10) + 1
          const begun = used - end
          // It grows until a line ends in it; behind a long line, what has begun may need a large one too.
          const next = fresh(end === 0 ? block.length * 2 : Math.max(BLOCK_BYTES, begun * 2))
          next.set(block.subarray(end, used))
          if (end > 0) yield { buffer: block.buffer, length: end }
          used = begun
          block = next
        }
        const part = chunk.subarray(from, from + block.length - used)
        block.set(part, used)
        used += part.length
        from += part.length
      }
    }
    if (used > 0) yield { buffer: block.buffer, length: used }
  },
})
