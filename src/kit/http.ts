import { Agent, Client, type Dispatcher } from 'undici'
import type { Clock } from './clock.ts'
import { MINUTE, SECOND } from './clock.ts'

/** HTTP as the vendors' adapters need it: exact control of retries and bytes, and the vendor's own time. */
export interface Http {
  /** One call with its answer read whole. Throws HttpFailed when no whole answer came. */
  call(request: HttpRequest): Promise<HttpAnswer>
  /** One call whose answer body is streamed; it must be read or discarded. */
  stream(request: HttpRequest): Promise<HttpStream>
  /**
   * One call on a connection of its own, never repeated, whose last body byte is kept back: everything before it is
   * written, then `release` is asked, and only `true` lets it go. Else the socket is destroyed and the far end holds an
   * incomplete request.
   */
  hold(
    request: HttpRequest & { readonly body: string | StreamedBody },
    release: () => Promise<boolean>,
  ): Promise<HeldAnswer>
  /** Time at the far end by its last Date header, epoch ms; before any, our own. */
  vendorNow(url: string): number
  /** Whether the far end has told its time yet. */
  knowsTime(url: string): boolean
  /** Drops all connections. */
  close(): Promise<void>
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | StreamedBody
  readonly signal?: AbortSignal | undefined
  /** From the end of our body to the answer's headers, or without progress while our body is written; real time. */
  readonly headersTimeoutMs?: number
  /** Between two chunks of the answer's body; real time. */
  readonly bodyTimeoutMs?: number
  /** Largest answer body that `call` keeps; a larger one is no whole answer. */
  readonly answerBytesMax?: number
}

export interface StreamedBody {
  /** Exact length: it becomes Content-Length. */
  readonly bytes: number
  stream(): AsyncIterable<Uint8Array>
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown
  readonly retryAfterMs: number | undefined
}

export interface HttpStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  discard(): void
}

export type HeldAnswer =
  /** `released`: the last byte had left, or may have. */
  | { readonly kind: 'answered'; readonly answer: HttpAnswer; readonly released: boolean }
  | { readonly kind: 'withheld' }
  | { readonly kind: 'failed'; readonly error: HttpFailed; readonly released: boolean }

/** No whole answer came: the network, a time-out, or an answer beyond the size kept. */
export class HttpFailed extends Error {
  override readonly name = 'HttpFailed'
  readonly code: string
  /** False: it failed before a byte of the request was written (DNS, connect, TLS), so the far end knows nothing. */
  readonly sent: boolean
  constructor(request: HttpRequest, cause: unknown, sent: boolean) {
    const { code = 'unknown', message = String(cause) } = (cause ?? {}) as { code?: string; message?: string }
    const secrets = secretsOf(request)
    super(`${request.method} ${placeOf(request.url)}: ${redact(message || code, secrets)}`, { cause })
    this.code = code
    this.sent = sent
  }
}

const defaults = {
  headersTimeoutMs: MINUTE,
  bodyTimeoutMs: MINUTE,
  connectTimeoutMs: 10 * SECOND,
  answerGraceMs: 5 * SECOND, // of a held call that is to end
  answerBytesMax: 16 * 1024 * 1024, // a page of 100 submissions is some 150 kB
  connectionsMax: 32, // per origin
  keepAliveMs: 10 * SECOND, // shorter than any front door's, so that a body rarely meets a connection about to close
}

/** What a repeatable call is tried again for, and after how long (doubled each time). 4xx about the request: never. */
const networkDelay = 250
const retryDelays: Readonly<Record<number, number>> = {
  408: 500,
  429: 1000,
  500: 500,
  502: 500,
  503: 1000,
  504: 1000,
}
const triesMax = 3
/** A longer `retry-after` is the caller's to plan with, not ours to sleep through. */
const retryAfterMax = 30 * SECOND
const repeatable = new Set(['GET', 'DELETE'])

export function openHttp({ clock }: { readonly clock: Clock }): Http {
  // HTTP/1.1 only: what is and is not written to the far end must be ours to say.
  const agent = new Agent({
    allowH2: false,
    connections: defaults.connectionsMax,
    keepAliveTimeout: defaults.keepAliveMs,
    connect: { timeout: defaults.connectTimeoutMs },
  })
  const dates = new Map<string, { readonly date: number; readonly real: number }>()

  const vendorNow = (url: string): number => {
    const seen = dates.get(URL.parse(url)?.origin ?? '')
    return seen ? seen.date + (clock.real() - seen.real) * clock.speed : clock.now()
  }

  const send = async (request: HttpRequest, dispatcher: Dispatcher, body?: AsyncIterable<Uint8Array>) => {
    let sent = false
    const source = body === undefined ? streamOf(request.body) : { stream: body, failed: () => undefined }
    try {
      const answer = await watchStart(dispatcher, () => (sent = true)).request(optionsOf(request, source.stream))
      const headers = flat(answer.headers)
      // An answer out of a cache carries the time it was made, not the time it is.
      const date = headers['age'] === undefined ? Date.parse(headers['date'] ?? '') : Number.NaN
      if (!Number.isNaN(date)) dates.set(new URL(request.url).origin, { date, real: clock.real() })
      return { status: answer.statusCode, headers, body: answer.body }
    } catch (error) {
      throw source.failed() ?? failureOf(request, error, sent)
    }
  }

  const withRetries = async <A extends { status: number; headers: Readonly<Record<string, string>> }>(
    request: HttpRequest,
    once: () => Promise<A>,
    drop: (answer: A) => void,
  ): Promise<A> => {
    for (let tried = 1; ; tried++) {
      const last = tried === triesMax || !repeatable.has(request.method)
      const answer = await once().catch((error: unknown) => {
        if (last || !(error instanceof HttpFailed)) throw error
        return undefined
      })
      if (answer === undefined) {
        await clock.sleep(networkDelay * 2 ** (tried - 1), request.signal)
        continue
      }
      const wait = last ? undefined : retryWait(answer, tried, vendorNow(request.url))
      if (wait === undefined) return answer
      drop(answer)
      await clock.sleep(wait, request.signal)
    }
  }

  const readAnswer = async (request: HttpRequest, answer: Awaited<ReturnType<typeof send>>): Promise<HttpAnswer> => {
    const bytesMax = request.answerBytesMax ?? defaults.answerBytesMax
    const read = await readText(answer.body, bytesMax).catch((error: unknown) => {
      throw failureOf(request, error, true)
    })
    const { status, headers } = answer
    // A vendor may echo the key it refused; nothing downstream should have to think of that.
    const text = status < 400 ? read : redact(read, secretsOf(request))
    return { status, headers, text, json: parsed(text), retryAfterMs: retryAfterOf(headers, vendorNow(request.url)) }
  }

  return {
    vendorNow,
    knowsTime: (url) => dates.has(URL.parse(url)?.origin ?? ''),
    call: (request) =>
      withRetries(
        request,
        async () => readAnswer(request, await send(request, agent)),
        () => {},
      ),
    stream: (request) =>
      withRetries(
        request,
        async () => {
          const { status, headers, body } = await send(request, agent)
          return {
            status,
            headers,
            body: failing(request, body),
            discard: () => void body.on('error', () => {}).destroy(),
          }
        },
        (answer) => answer.discard(),
      ),
    hold: async (request, release) => {
      const client = new Client(new URL(request.url).origin, {
        allowH2: false,
        pipelining: 0,
        connect: { timeout: defaults.connectTimeoutMs },
      })
      const source = streamOf(streamedBody(request.body))
      const held = holdBack(source.stream as AsyncIterable<Uint8Array>, bytesOf(request.body), release)
      const patience = patientOf(request.signal, held.released)
      const call = { ...request, signal: patience.signal }
      try {
        const answer = await send(call, client, held.body())
        held.answered()
        return { kind: 'answered', answer: await readAnswer(call, answer), released: held.released() }
      } catch (error) {
        if (held.withheld() || (request.signal?.aborted && !held.released())) return { kind: 'withheld' }
        if (source.failed() !== undefined) throw source.failed() // our own fault, and nothing was bought
        const failure = error instanceof HttpFailed ? error : new HttpFailed(request, error, true)
        return { kind: 'failed', error: failure, released: held.released() }
      } finally {
        patience.end()
        held.end()
        await client.destroy()
      }
    },
    close: () => agent.destroy(),
  }
}

/**
 * The signal of a held call. Before the last byte is out it aborts as asked; after that the answer is worth a few
 * seconds, for without it nobody knows what became of the call.
 */
function patientOf(asked: AbortSignal | undefined, released: () => boolean) {
  const own = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const abort = () => {
    if (!released()) own.abort(asked?.reason)
    else timer ??= setTimeout(() => own.abort(asked?.reason), defaults.answerGraceMs)
  }
  if (asked?.aborted) abort()
  asked?.addEventListener('abort', abort)
  return {
    signal: own.signal,
    end() {
      asked?.removeEventListener('abort', abort)
      clearTimeout(timer)
    },
  }
}

/** The body of a held call, and what became of its last byte. */
function holdBack(source: AsyncIterable<Uint8Array>, bytes: number, release: () => Promise<boolean>) {
  let state: 'holding' | 'released' | 'withheld' | 'kept' = 'holding'
  const ended = Promise.withResolvers<void>()
  const keep = () => {
    if (state === 'holding') state = 'kept'
  }
  return {
    async *body(): AsyncGenerator<Uint8Array> {
      let sent = 0
      let last: Uint8Array = new Uint8Array(0)
      for await (const chunk of source) {
        // An answer that came before the end is an answer all the same; what is left unsaid stays so.
        if (state === 'kept') return ended.promise
        sent += chunk.length
        if (sent > bytes) throw new Error(`the body is longer than the ${bytes} bytes it was said to have`)
        if (sent < bytes) yield chunk
        else {
          last = chunk.slice(-1)
          if (chunk.length > 1) yield chunk.subarray(0, -1)
        }
      }
      if (sent < bytes) throw new Error(`the body has ${sent} of the ${bytes} bytes it was said to have`)
      const go = await release().catch(() => false)
      // Whoever does not wait for the byte never gets it; but a body that ends early would cut off the answer.
      if (state === 'kept') return ended.promise
      if (!go) {
        state = 'withheld'
        throw new Error('the last byte was withheld') // destroys the socket
      }
      state = 'released'
      yield last
    },
    answered: keep,
    end() {
      keep()
      ended.resolve()
    },
    released: () => state === 'released',
    withheld: () => state === 'withheld',
  }
}

/** Tells the moment before the first byte of the request is written. */
function watchStart(dispatcher: Dispatcher, started: () => void): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const onRequestStart = handler.onRequestStart?.bind(handler)
    handler.onRequestStart = (controller, context) => {
      started()
      onRequestStart?.(controller, context)
    }
    return dispatch(options, handler)
  })
}

function optionsOf(request: HttpRequest, stream: AsyncIterable<Uint8Array> | undefined): Dispatcher.RequestOptions {
  const { origin, pathname, search } = new URL(request.url)
  const { body } = request
  const length = body === undefined ? undefined : bytesOf(body)
  return {
    origin,
    path: pathname + search,
    method: request.method,
    headers: { ...request.headers, ...(length === undefined ? {} : { 'content-length': String(length) }) },
    body: stream ?? (typeof body === 'string' ? body : null),
    headersTimeout: request.headersTimeoutMs ?? defaults.headersTimeoutMs,
    bodyTimeout: request.bodyTimeoutMs ?? defaults.bodyTimeoutMs,
    ...(request.signal ? { signal: request.signal } : {}),
  } as Dispatcher.RequestOptions // undici takes any async iterable as a body; its types name only Node's
}

const bytesOf = (body: string | StreamedBody): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.bytes

const streamedBody = (body: string | StreamedBody): StreamedBody => {
  if (typeof body !== 'string') return body
  const bytes = Buffer.from(body)
  return {
    bytes: bytes.length,
    stream: async function* () {
      yield bytes
    },
  }
}

/** The request's streamed body; a fault of its source is kept apart from one of the network. */
function streamOf(body: HttpRequest['body']): { stream: AsyncIterable<Uint8Array> | undefined; failed: () => unknown } {
  if (body === undefined || typeof body === 'string') return { stream: undefined, failed: () => undefined }
  let fault: unknown
  async function* guarded(source: StreamedBody): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source.stream()) yield chunk
    } catch (error) {
      fault = error
      throw error
    }
  }
  return { stream: guarded(body), failed: () => fault }
}

/** The answer's body, whose faults are HttpFailed. */
async function* failing(request: HttpRequest, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk
  } catch (error) {
    throw failureOf(request, error, true)
  }
}

/** Our own faults (a body of another length than was said, an abort) pass as they are; no retry could mend them. */
function failureOf(request: HttpRequest, error: unknown, sent: boolean): unknown {
  if (request.signal?.aborted) return request.signal.reason
  if ((error as { code?: string }).code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return error
  return error instanceof HttpFailed ? error : new HttpFailed(request, error, sent)
}

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw Object.assign(new Error(`an answer over ${bytesMax} bytes`), { code: 'answer_too_large' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How long to wait before the next try, or undefined when there should be none. */
function retryWait(answer: { status: number; headers: Readonly<Record<string, string>> }, tried: number, now: number) {
  const delay = retryDelays[answer.status]
  if (delay === undefined || answer.headers['x-should-retry'] === 'false') return undefined
  const asked = retryAfterOf(answer.headers, now) ?? 0
  return asked > retryAfterMax ? undefined : Math.max(asked, delay * 2 ** (tried - 1))
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date. */
export function retryAfterOf(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const exact = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (exact >= 0) return exact
  const after = headers['retry-after'] ?? ''
  if (/^\s*\d+(\.\d+)?\s*$/.test(after)) return Number(after) * SECOND
  const date = Date.parse(after)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  }
  return plain
}

const secretHeaders = new Set(['authorization', 'api-key', 'x-api-key', 'x-goog-api-key'])

function secretsOf(request: HttpRequest): string[] {
  return Object.entries(request.headers ?? {})
    .filter(([name]) => secretHeaders.has(name.toLowerCase()))
    .map(([, value]) => value.replace(/^\w+\s+/, '').trim())
}

/** `text` with the secrets in it blacked out. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, '[redacted]')
  return clean
}

/** Origin and path: a query may hold a key. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
