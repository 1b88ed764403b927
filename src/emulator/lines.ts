import { type FileHandle, open } from 'node:fs/promises'

const newline = 10
const carriageReturn = 13

/**
 * The lines of a file, a block at a time, in memory bounded by the longest line.
 * Blank lines are given as empty buffers, so that line numbers stay those of the file.
 */
export async function* lineBlocks(path: string, chunkBytes = 1 << 20): AsyncGenerator<Buffer[]> {
  const handle = await open(path)
  try {
    let rest: Buffer[] = []
    for (;;) {
      // A fresh buffer per read: the lines handed out are views into it.
      const chunk = Buffer.allocUnsafe(chunkBytes)
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes)
      if (bytesRead === 0) break
      const block: Buffer[] = []
      let start = 0
      for (let end = chunk.indexOf(newline, start); end >= 0 && end < bytesRead; end = chunk.indexOf(newline, start)) {
        const piece = chunk.subarray(start, end)
        block.push(trimmed(rest.length > 0 ? Buffer.concat([...rest, piece]) : piece))
        if (rest.length > 0) rest = []
        start = end + 1
      }
      if (start < bytesRead) rest.push(chunk.subarray(start, bytesRead))
      if (block.length > 0) yield block
    }
    if (rest.length > 0) yield [trimmed(Buffer.concat(rest))]
  } finally {
    await handle.close()
  }
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

/** Appends text to a file in large writes. */
export interface TextFile {
  /** Bytes given so far, written or not. */
  readonly bytes: number
  /** Add text; resolves when there is room again. */
  add(text: string): Promise<void> | undefined
  close(): Promise<void>
}

export async function createTextFile(path: string, bufferBytes = 1 << 20): Promise<TextFile> {
  const handle: FileHandle = await open(path, 'w')
  let pending: string[] = []
  let pendingBytes = 0
  let bytes = 0
  const flush = async () => {
    if (pending.length === 0) return
    const block = Buffer.from(pending.join(''))
    pending = []
    pendingBytes = 0
    for (let at = 0; at < block.length; ) at += (await handle.write(block, at)).bytesWritten
  }
  return {
    get bytes() {
      return bytes
    },
    add(text) {
      const length = Buffer.byteLength(text)
      pending.push(text)
      pendingBytes += length
      bytes += length
      return pendingBytes >= bufferBytes ? flush() : undefined
    },
    async close() {
      await flush()
      await handle.close()
    },
  }
}
