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

export function lineBlocks(stream: AsyncIterable<Uint8Array>): LineBlocks {
  const spare: ArrayBuffer[] = []
  const fresh = (bytes: number): Uint8Array<ArrayBuffer> => {
    const at = spare.findIndex(({ byteLength }) => byteLength >= bytes)
    return new Uint8Array(at >= 0 ? (spare.splice(at, 1)[0] as ArrayBuffer) : new ArrayBuffer(bytes))
  }
  return {
    giveBack: (buffer) => {
      if (spare.length < 4 && buffer.byteLength >= BLOCK_BYTES) spare.push(buffer)
    },
    async *[Symbol.asyncIterator]() {
      let block = fresh(BLOCK_BYTES)
      let used = 0
      for await (const chunk of stream) {
        for (let from = 0; from < chunk.length; ) {
          if (used === block.length) {
            const end = block.lastIndexOf(10) + 1
            // No line ends in the whole block: it grows until one does.
            const next = fresh(end === 0 ? block.length * 2 : BLOCK_BYTES + (used - end))
            next.set(block.subarray(end, used))
            if (end > 0) yield { buffer: block.buffer, length: end }
            used -= end
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
  }
}
