import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Charge } from './bill.ts'
import { BodyAbandoned } from './body.ts'
import type { Clock } from './clock.ts'
import type { Latency } from './latency.ts'
import type { ActLog, Purchase } from './log.ts'
import type { ScenarioListing } from './scenarios.ts'

/** One call: what came in, and where the answer goes. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** Path below the vendor's prefix. */
  readonly path: string
  readonly query: URLSearchParams
  readonly idleBodyTimeoutMs: number
  /** Sets the Date header to emulated time, as it is now; for answers that took a while. */
  stampDate(): void
}

/** What a vendor is built with. */
export interface VendorOptions {
  readonly clock: Clock
  readonly seed: number
  /** For payloads; shared by all vendors, so names of files must not collide. */
  readonly dir: string
  readonly log: ActLog
  readonly latency: Partial<Latency>
}

/** An emulated vendor: a folder of its own, mounted below a prefix. */
export interface Vendor {
  readonly name: string
  /** Begins with a slash; everything below it is the vendor's. */
  readonly prefix: string
  readonly scenarios: readonly ScenarioListing[]
  handle(exchange: Exchange): Promise<void>
  /** @param texts  of scenarios; those that are another vendor's are not passed */
  setScenarios(texts: readonly string[]): void
  activeScenarios(): readonly string[]
  charges(): Promise<readonly Charge[]>
  purchases(withRows: boolean): Promise<readonly Purchase[]>
  close(): Promise<void>
}

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** Listens, stamps every answer with emulated time, and hands each call to whoever owns its path. */
export async function listen(options: {
  readonly host: string
  readonly port: number
  readonly now: () => number
  readonly idleBodyTimeoutMs: number
  readonly routes: readonly { readonly prefix: string; readonly handle: (exchange: Exchange) => Promise<void> }[]
}): Promise<Listening> {
  const server = createServer((request, response) => {
    response.sendDate = false
    const stampDate = () => void response.setHeader('date', new Date(options.now()).toUTCString())
    stampDate()
    // A socket that dies under a response is the client's affair.
    response.on('error', () => undefined)
    request.on('error', () => undefined)
    const url = new URL(request.url ?? '/', 'http://emulator')
    const route = options.routes.find(({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`))
    if (!route) return sendJson(response, 404, { error: `Nothing is emulated at ${url.pathname}.` })
    const exchange: Exchange = {
      request,
      response,
      method: request.method ?? 'GET',
      path: url.pathname.slice(route.prefix.length),
      query: url.searchParams,
      idleBodyTimeoutMs: options.idleBodyTimeoutMs,
      stampDate,
    }
    route.handle(exchange).catch((error: unknown) => {
      if (error instanceof BodyAbandoned || response.headersSent || response.destroyed)
        return void request.socket.destroy()
      sendJson(response, 500, {
        error: `The emulator itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      })
    })
  })
  // A withheld byte is judged by the idle timer of the body, not by a limit on the whole request.
  server.requestTimeout = 0
  server.keepAliveTimeout = 65_000
  await started(server, options.port, options.host)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function started(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, 'application/json', JSON.stringify(value))
}

export function sendText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
