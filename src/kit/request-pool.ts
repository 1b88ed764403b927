import { type Dispatcher, Pool } from 'undici'
import { MINUTE, SECOND } from './clock.ts'
import { HttpFailed } from './http.ts'

/**
 * Many calls at once to one far end, each on a connection of its own for as long as it takes, none ever repeated. Made
 * for answers that are small and slow: a reply comes whole, and a call costs no more than it must.
 */
export interface RequestPool {
  /** Throws HttpFailed when no whole reply came; `sent` says whether the far end may know of the call. */
  post(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<Reply>
  get(url: string, headers: Readonly<Record<string, string>>): Promise<Reply>
  /** Drops all connections: calls under way fail. */
  close(): Promise<void>
}

export interface Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

export interface PoolOptions {
  /** From the end of our body to the reply's headers, and between two pieces of its body; real time. */
  readonly answerMs: number
  readonly connectionsMax: number
}

const connectTimeoutMs = 10 * SECOND
const keepAliveMs = 10 * SECOND // shorter than any front door's, so that a call rarely meets one about to close
const replyBytesMax = 64 * 1024 * 1024
/** Real servers close what stands still; some say so in a header that undici then goes by. */
const keepAliveMaxMs = MINUTE

export function openRequestPool(options: PoolOptions): RequestPool {
  const pools = new Map<string, Pool>()
  const poolOf = (origin: string): Pool => {
    let pool = pools.get(origin)
    if (pool === undefined) {
      pool = new Pool(origin, {
        allowH2: false,
        connections: options.connectionsMax,
        pipelining: 1,
        headersTimeout: options.answerMs,
        bodyTimeout: options.answerMs,
        keepAliveTimeout: keepAliveMs,
        keepAliveMaxTimeout: keepAliveMaxMs,
        connect: { timeout: connectTimeoutMs, keepAlive: true },
      })
      pools.set(origin, pool)
    }
    return pool
  }
  const places = new Map<string, { readonly origin: string; readonly path: string }>()
  const placeOf = (url: string): { readonly origin: string; readonly path: string } => {
    let place = places.get(url)
    if (place === undefined) {
      const { origin, pathname, search } = new URL(url)
      place = { origin, path: pathname + search }
      places.set(url, place)
    }
    return place
  }
  const call = (
    method: 'POST' | 'GET',
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | null,
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { origin, path } = placeOf(url)
      const failed = (error: unknown, sent: boolean) => reject(new HttpFailed({ method, url, headers }, error, sent))
      poolOf(origin).dispatch({ origin, path, method, headers, body }, new Collect(resolve, failed))
    })
  return {
    post: (url, headers, body) => call('POST', url, headers, body),
    get: (url, headers) => call('GET', url, headers, null),
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

/** Gathers one reply. undici's own `request` makes a stream of each body, which costs twice as much. */
class Collect implements Dispatcher.DispatchHandler {
  #sent = false
  #status = 0
  #headers: Reply['headers'] = {}
  #first: Buffer | undefined
  #rest: Buffer[] | undefined
  #bytes = 0
  readonly #done: (reply: Reply) => void
  readonly #failed: (error: unknown, sent: boolean) => void

  constructor(done: (reply: Reply) => void, failed: (error: unknown, sent: boolean) => void) {
    this.#done = done
    this.#failed = failed
  }

  onRequestStart(): void {
    this.#sent = true
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: unknown): void {
    this.#status = status
    this.#headers = headers as Reply['headers']
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > replyBytesMax) {
      controller.abort(Object.assign(new Error(`a reply over ${replyBytesMax} bytes`), { code: 'answer_too_large' }))
    } else if (this.#first === undefined) this.#first = chunk
    else (this.#rest ??= [this.#first]).push(chunk)
  }

  onResponseEnd(): void {
    const body = this.#rest === undefined ? (this.#first ?? empty) : Buffer.concat(this.#rest, this.#bytes)
    this.#done({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#failed(error, this.#sent)
  }
}

const empty = Buffer.alloc(0)
