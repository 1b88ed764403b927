import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { UnreadableInput } from '../domain/errors.ts'
import type { LocalBlob } from '../stores/contract.ts'

/** Where input bytes come from: a path, `-` for standard input, or a stream of bytes. */
export type Source = string | AsyncIterable<Uint8Array>

/** Decoded bytes of one source, pulled into the caller's buffers. */
export interface ByteReader {
  readonly name: string
  /** Fills `into` as far as there are bytes; fewer than asked for only at the end. */
  read(into: Uint8Array): Promise<number>
  close(): Promise<void>
  /** Set when the bytes are those of a file as it lies: then its copy may be made by the file system. */
  readonly plainPath?: string
}

/** Opens a source; gzip and zstd are known by their first bytes, whatever the name says. */
export async function openSource(source: Source): Promise<ByteReader> {
  if (typeof source !== 'string') return streamReader('(stream)', source)
  if (source === '-') return streamReader('(stdin)', process.stdin)
  let file: FileHandle | undefined
  try {
    file = await open(source, 'r')
    const stats = await file.stat()
    if (stats.isDirectory())
      throw new UnreadableInput(
        source,
        'is a folder; with --prompt each file in it is a request, without a file of batch lines is expected',
      )
    if (!stats.isFile()) return streamReader(source, file.createReadStream()) // a pipe: read once, from where it stands
    const head = new Uint8Array(4)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    if (compression(head.subarray(0, bytesRead)) === undefined) return fileReader(source, file)
    return streamReader(source, file.createReadStream({ start: 0, highWaterMark: READ_BYTES }))
  } catch (error) {
    await file?.close()
    throw unreadable(source, error)
  }
}

const READ_BYTES = 1 << 20

/** The whole of a source as chunks, for readers that want a stream. */
export async function* chunksOf(reader: ByteReader, blockBytes = 1 << 20): AsyncIterable<Uint8Array> {
  for (;;) {
    const block = new Uint8Array(blockBytes)
    const filled = await reader.read(block)
    if (filled > 0) yield block.subarray(0, filled)
    if (filled < blockBytes) return
  }
}

function fileReader(path: string, file: FileHandle): ByteReader {
  let position = 0
  return {
    name: path,
    plainPath: path,
    async read(into) {
      let filled = 0
      while (filled < into.length) {
        const { bytesRead } = await file.read(into, filled, into.length - filled, position)
        if (bytesRead === 0) break
        filled += bytesRead
        position += bytesRead
      }
      return filled
    },
    close: () => file.close(),
  }
}

/** Reads a local blob from its start. */
export function readLocal(name: string, blob: LocalBlob): ByteReader {
  let position = 0
  return {
    name,
    async read(into) {
      const filled = await blob.read(into, position)
      position += filled
      return filled
    },
    close: () => blob.close(),
  }
}

function streamReader(name: string, stream: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = decoded(name, stream)[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  return {
    name,
    async read(into) {
      let filled = 0
      while (filled < into.length) {
        if (rest.length === 0) {
          const { done, value } = await chunks.next().catch((error: unknown) => {
            throw unreadable(name, error)
          })
          if (done === true) break
          rest = value
          continue
        }
        const part = rest.subarray(0, into.length - filled)
        into.set(part, filled)
        filled += part.length
        rest = rest.subarray(part.length)
      }
      return filled
    },
    close: async () => {
      await chunks.return?.(undefined)
    },
  }
}

async function* decoded(name: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = stream[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let ended = false
  while (head.length < 4 && !ended) {
    const { done, value } = await source.next()
    if (done === true) ended = true
    else head = Buffer.concat([head, typeof value === 'string' ? Buffer.from(value) : value])
  }
  const all = (async function* () {
    if (head.length > 0) yield head
    if (!ended) yield* { [Symbol.asyncIterator]: () => source }
  })()
  const kind = compression(head)
  if (kind === undefined) {
    yield* all
    return
  }
  const inflater = kind === 'gzip' ? createGunzip() : createZstdDecompress()
  const input = Readable.from(all, { objectMode: false })
  input.on('error', (error) => inflater.destroy(error))
  let bytes = 0
  try {
    for await (const chunk of input.pipe(inflater) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      yield chunk
    }
  } catch (error) {
    const short =
      (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' || /unexpected end|truncated/i.test(String(error))
    throw new UnreadableInput(
      name,
      short
        ? `the ${kind} data is truncated: it ends after ${bytes} decoded bytes, inside the compressed stream`
        : `the ${kind} data cannot be decoded: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function compression(head: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd'
  return undefined
}

function unreadable(name: string, error: unknown): Error {
  if (error instanceof UnreadableInput) return error
  const { code, message } = error as NodeJS.ErrnoException
  const what = code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'may not be read by this user' : message
  return new UnreadableInput(name, what, { cause: error })
}
