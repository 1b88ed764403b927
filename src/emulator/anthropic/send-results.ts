import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { WireAct } from '../wire.ts'

/**
 * Results go out in chunks, without a length: a stream that ends early and cleanly looks like a whole one, and only the
 * counts can tell.
 */
export async function sendResults(response: ServerResponse, path: string, act: WireAct | undefined): Promise<void> {
  const cut = act?.kind === 'cut-download' || act?.kind === 'short-download' ? act : undefined
  const { size } = await stat(path)
  const asked = cut ? Math.floor(size * cut.share) : size
  const sent = cut?.kind === 'short-download' ? await lineEndBefore(path, asked) : asked
  response.writeHead(200, { 'content-type': 'application/x-jsonl' })
  if (sent === 0 && cut?.kind !== 'cut-download') return void response.end()
  if (sent === 0) return void response.socket?.destroy()
  const stream = createReadStream(path, { end: sent - 1, highWaterMark: 1 << 20 })
  stream.on('error', () => response.destroy())
  response.on('close', () => stream.destroy())
  if (cut?.kind !== 'cut-download') return void stream.pipe(response)
  stream.pipe(response, { end: false })
  // Let what was sent reach the client, then drop the line: the last chunk never comes.
  stream.on('end', () => globalThis.setTimeout(() => response.socket?.destroy(), 20))
}

/** The end of the last line that is over before `at`; 0 when not one is. */
async function lineEndBefore(path: string, at: number): Promise<number> {
  const handle = await open(path)
  try {
    const block = Buffer.alloc(1 << 16)
    for (let end = at; end > 0; ) {
      const start = Math.max(0, end - block.length)
      const { bytesRead } = await handle.read(block, 0, end - start, start)
      const found = block.subarray(0, bytesRead).lastIndexOf(10)
      if (found >= 0) return start + found + 1
      end = start
    }
    return 0
  } finally {
    await handle.close()
  }
}
