/** Chunks below this are gathered; larger ones go to the sink as they are, uncopied. */
const GATHER_BELOW = 64 * 1024
const GATHERED_MAX = 256 * 1024

/**
 * Turns writes of any size into few large ones. A chunk may be used again once `write` has resolved: it is then written
 * or copied. One call at a time.
 * @param sink  takes all bytes of the chunk, at the position
 */
export function bufferedWriter(sink: (chunk: Uint8Array, position: number) => Promise<void>) {
  let gathered: Uint8Array | undefined
  let filled = 0
  let sunk = 0

  const pass = async (chunk: Uint8Array): Promise<void> => {
    const position = sunk
    sunk += chunk.length
    await sink(chunk, position)
  }
  const flush = async (): Promise<void> => {
    if (gathered === undefined || filled === 0) return
    const chunk = gathered.subarray(0, filled)
    filled = 0
    await pass(chunk)
  }
  return {
    get bytes() {
      return sunk + filled
    },
    flush,
    async write(chunk: Uint8Array): Promise<void> {
      if (chunk.length >= GATHER_BELOW) {
        await flush()
        await pass(chunk)
        return
      }
      gathered ??= new Uint8Array(GATHERED_MAX)
      if (filled + chunk.length > GATHERED_MAX) await flush()
      gathered.set(chunk, filled)
      filled += chunk.length
    },
  }
}
