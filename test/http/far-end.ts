import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect } from 'vitest'
import type { Clock } from '../../src/kit/clock.ts'
import { type Http, HttpFailed, openHttp } from '../../src/kit/http.ts'

/** A far end in raw bytes: `answer` is asked anew whenever more of a request has come, until it answers. */
export interface FarEnd {
  readonly url: string
  /** What was received, one entry per connection. */
  readonly received: string[]
  readonly closed: Promise<void>[]
}
export type Answer = (received: string, connection: number, socket: Socket) => string | undefined

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

export async function farEnd(answer: Answer): Promise<FarEnd> {
  const received: string[] = []
  const closed: Promise<void>[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const connection = received.push('') - 1
    sockets.add(socket)
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
    let from = 0
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received[connection] += chunk.toString('latin1')
      const reply = answer((received[connection] as string).slice(from), connection, socket)
      if (reply === undefined) return
      from = (received[connection] as string).length
      socket.write(reply)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/v1/things`, received, closed }
}

export const reply = (status: number, body: string, headers: Record<string, string> = {}) =>
  `HTTP/1.1 ${status} Word\r\n${Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`

/** A request is whole when its head is there and its body is as long as it says. */
export function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n')
  return end >= 0 && received.length - end - 4 >= Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
}
export const whenWhole =
  (text: string): Answer =>
  (received) =>
    isWhole(received) ? text : undefined
export const inTurn = (...replies: string[]): Answer => {
  let turn = 0
  return (received) => (isWhole(received) ? replies[Math.min(turn++, replies.length - 1)] : undefined)
}

export function opened(speed = 1): { http: Http; slept: number[]; at: { real: number } } {
  const slept: number[] = []
  const at = { real: 1_000_000 }
  const clock: Clock = {
    speed,
    now: () => 42,
    real: () => at.real,
    sleep: async (ms) => void slept.push(ms),
  }
  const http = openHttp({ clock })
  closing.push(() => http.close())
  return { http, slept, at }
}

export async function* streamOf(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}

export const collect = async (body: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export const bodyOf = (received = '') => received.slice(received.indexOf('\r\n\r\n') + 4)
export const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50))

export const key = 'sk-proj-abcdefghijklmnop'
export const headers = { authorization: `Bearer ${key}` }
export const failureOf = async (promise: Promise<unknown>): Promise<HttpFailed> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(HttpFailed)
  return error as HttpFailed
}
