import type { IncomingMessage } from 'node:http'

/** The client went away, or sent nothing for too long: the request is as if it had never come. */
export class BodyAbandoned extends Error {
  readonly code = 'body_abandoned'
  constructor(reason: string) {
    super(`The request body was not completed: ${reason}.`)
  }
}

/**
 * The chunks of a request body. A body that is idle for `idleMs` of real time is given up and its socket destroyed:
 * real front doors do so, and a client that withholds the last byte of a purchase relies on it.
 */
export async function* bodyChunks(request: IncomingMessage, idleMs: number): AsyncGenerator<Buffer> {
  let idle = false
  const giveUp = () => {
    idle = true
    request.socket.destroy()
  }
  let timer = setTimeout(giveUp, idleMs)
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      yield chunk
      timer = setTimeout(giveUp, idleMs)
    }
  } catch (cause) {
    throw new BodyAbandoned(idle ? `idle for ${idleMs} ms` : (cause as Error).message)
  } finally {
    clearTimeout(timer)
  }
  if (!request.complete) throw new BodyAbandoned(idle ? `idle for ${idleMs} ms` : 'the connection closed')
}

/** The whole body, for the small JSON calls. */
export async function wholeBody(request: IncomingMessage, idleMs: number, bytesMax = 80 << 20): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of bodyChunks(request, idleMs)) {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
