import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { type HeldAnswer, type Http, HttpFailed, openHttp, redact, retryAfterOf } from './http.ts'

/** A far end in raw bytes: `answer` is asked anew whenever more of a request has come, until it answers. */
interface FarEnd {
  readonly url: string
  /** What was received, one entry per connection. */
  readonly received: string[]
  readonly closed: Promise<void>[]
}
type Answer = (received: string, connection: number, socket: Socket) => string | undefined

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

async function farEnd(answer: Answer): Promise<FarEnd> {
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

const reply = (status: number, body: string, headers: Record<string, string> = {}) =>
  `HTTP/1.1 ${status} Word\r\n${Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`

/** A request is whole when its head is there and its body is as long as it says. */
function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n')
  return end >= 0 && received.length - end - 4 >= Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
}
const whenWhole =
  (text: string): Answer =>
  (received) =>
    isWhole(received) ? text : undefined
const inTurn = (...replies: string[]): Answer => {
  let turn = 0
  return (received) => (isWhole(received) ? replies[Math.min(turn++, replies.length - 1)] : undefined)
}

function opened(speed = 1): { http: Http; slept: number[]; at: { real: number } } {
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

async function* streamOf(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}

const collect = async (body: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const bodyOf = (received = '') => received.slice(received.indexOf('\r\n\r\n') + 4)
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50))

const key = 'sk-proj-abcdefghijklmnop'
const headers = { authorization: `Bearer ${key}` }
const failureOf = async (promise: Promise<unknown>): Promise<HttpFailed> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(HttpFailed)
  return error as HttpFailed
}

describe('A call', () => {
  test('gives status, headers, text and JSON', async () => {
    const { url } = await farEnd(whenWhole(reply(201, '{"a":[1]}', { 'X-Request-Id': 'req_1' })))
    const answer = await opened().http.call({ method: 'POST', url, headers, body: '{}' })
    expect(answer).toMatchObject({ status: 201, text: '{"a":[1]}', json: { a: [1] }, retryAfterMs: undefined })
    expect(answer.headers['x-request-id']).toBe('req_1')
  })

  test('has no JSON where the answer is a page', async () => {
    const { url } = await farEnd(whenWhole(reply(200, '<html>')))
    expect((await opened().http.call({ method: 'GET', url })).json).toBeUndefined()
  })

  test('keeps no answer that is larger than it was told', async () => {
    const { url } = await farEnd(whenWhole(reply(200, 'x'.repeat(1001))))
    const error = await failureOf(opened().http.call({ method: 'POST', url, body: '', answerBytesMax: 1000 }))
    expect(error.code).toBe('answer_too_large')
  })

  test('sends a streamed body with its exact length', async () => {
    const { url, received } = await farEnd(whenWhole(reply(200, '{}')))
    await opened().http.call({ method: 'POST', url, body: { bytes: 7, stream: () => streamOf('one ', 'two') } })
    expect(received[0]).toMatch(/content-length: 7\r\n/)
    expect(received[0]).not.toMatch(/transfer-encoding/i)
    expect(received[0]?.endsWith('\r\n\r\none two')).toBe(true)
  })

  test('throws what the source of a streamed body throws, as it is', async () => {
    const { url } = await farEnd(whenWhole(reply(200, '{}')))
    const fault = new Error('the disk is gone')
    const body = { bytes: 7, stream: () => streamOf('one ', fault) }
    await expect(opened().http.call({ method: 'POST', url, body })).rejects.toBe(fault)
  })

  test.each([6, 8])('never passes off a body of 7 bytes as one of %i', async (bytes) => {
    const { url } = await farEnd(() => undefined)
    const failed = opened().http.call({ method: 'POST', url, body: { bytes, stream: () => streamOf('one two') } })
    await expect(failed).rejects.toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' })
    await expect(failed).rejects.not.toBeInstanceOf(HttpFailed)
  })

  test('takes an answer that comes before the body was sent whole', async () => {
    const answered = Promise.withResolvers<void>()
    const { url } = await farEnd((received) => {
      if (!received.includes('one')) return undefined
      setTimeout(answered.resolve, 50)
      return reply(413, '{"error":{}}', { connection: 'close' })
    })
    const stream = async function* () {
      yield Buffer.from('one')
      await answered.promise
      yield Buffer.from('two')
    }
    expect((await opened().http.call({ method: 'POST', url, body: { bytes: 6, stream } })).status).toBe(413)
  })

  test('ends with the reason of its signal when that aborts', async () => {
    const { url } = await farEnd(() => undefined)
    const stop = new AbortController()
    const failed = opened().http.call({ method: 'GET', url, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 20)
    await expect(failed).rejects.toThrow('enough')
  })
})

describe('A call is tried again', () => {
  test.each([429, 500, 502, 503, 504, 408])(
    'when it only reads and the answer is %i, three times in all',
    async (status) => {
      const far = await farEnd(inTurn(reply(status, ''), reply(status, ''), reply(200, '{}')))
      const { http, slept } = opened()
      expect((await http.call({ method: 'GET', url: far.url })).status).toBe(200)
      expect(slept).toHaveLength(2)
      expect(slept[1]).toBe(2 * (slept[0] as number))
    },
  )

  test('and gives the last answer when none was better', async () => {
    const { url, received } = await farEnd(whenWhole(reply(500, '{}')))
    expect((await opened().http.call({ method: 'DELETE', url })).status).toBe(500)
    expect(received.join('').match(/DELETE \/v1\/things/g)).toHaveLength(3)
  })

  test('after as long as the far end asks for', async () => {
    const { url } = await farEnd(inTurn(reply(429, '', { 'retry-after': '7' }), reply(200, '{}')))
    const { http, slept } = opened()
    await http.call({ method: 'GET', url })
    expect(slept).toEqual([7000])
  })

  test.each([
    ['the wait is long', reply(429, '', { 'retry-after': '3600' })],
    ['the far end says not to', reply(429, '', { 'x-should-retry': 'false' })],
    ...[400, 401, 403, 404, 409].map((status): [string, string] => [`the answer is ${status}`, reply(status, '')]),
  ] as [string, string][])('but not when %s', async (_, text) => {
    const { url, received } = await farEnd(whenWhole(text))
    const { http, slept } = opened()
    await http.call({ method: 'GET', url })
    expect(slept).toEqual([])
    expect(received.join('').match(/GET /g)).toHaveLength(1)
  })

  test('but not when it changes something', async () => {
    const { url, received } = await farEnd(whenWhole(reply(503, '')))
    expect((await opened().http.call({ method: 'POST', url, body: '{}' })).status).toBe(503)
    expect(received.join('').match(/POST /g)).toHaveLength(1)
  })

  test('when the connection broke', async () => {
    const far = await farEnd((_, connection, socket) =>
      connection < 2 ? void socket.resetAndDestroy() : reply(200, '{}'),
    )
    expect((await opened().http.call({ method: 'GET', url: far.url })).status).toBe(200)
    expect(far.received).toHaveLength(3)
  })
})

describe('A failure tells', () => {
  test.each([
    ['a port where nobody listens', 'http://127.0.0.1:1/'],
    ['a name that does not exist', 'http://nobody.invalid/'],
  ])('that nothing was sent: %s', async (_, url) => {
    expect((await failureOf(opened().http.call({ method: 'POST', url, body: '{}' }))).sent).toBe(false)
  })

  test('that nothing was sent when the far end speaks no TLS', async () => {
    const { url } = await farEnd(() => 'HTTP/1.1 400 Bad\r\n\r\n')
    const error = await failureOf(
      opened().http.call({ method: 'POST', url: url.replace('http:', 'https:'), body: '{}' }),
    )
    expect(error.sent).toBe(false)
  })

  test('that something was sent when the connection broke after it', async () => {
    const { url } = await farEnd((_, __, socket) => void socket.resetAndDestroy())
    expect((await failureOf(opened().http.call({ method: 'POST', url, body: '{}' }))).sent).toBe(true)
  })

  test('of an answer that stops short of its length', async () => {
    const { url } = await farEnd((_, __, socket) => void socket.end(reply(200, '{"a":', { 'content-length': '100' })))
    expect((await failureOf(opened().http.call({ method: 'POST', url, body: '{}' }))).sent).toBe(true)
  })
})

describe('A key', () => {
  test('that the far end echoes is not in what we hand on', async () => {
    const { url } = await farEnd(
      whenWhole(reply(401, JSON.stringify({ error: { message: `Incorrect API key: ${key}` } }))),
    )
    const answer = await opened().http.call({ method: 'GET', url, headers })
    expect(JSON.stringify(answer)).not.toContain(key)
    expect(answer.json).toEqual({ error: { message: 'Incorrect API key: [redacted]' } })
  })

  test('is in no error, nor in the query of the URL it names', async () => {
    const error = await failureOf(
      opened().http.call({ method: 'GET', url: `http://127.0.0.1:1/x?key=${key}`, headers }),
    )
    expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(key)
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:1\/x: .*ECONNREFUSED/)
  })

  test('of a few letters does not black out half the text', () => {
    expect(redact('a bad day', ['a', ''])).toBe('a bad day')
  })
})

describe('The time at the far end', () => {
  test('is ours until it has told its own, then runs on at our speed', async () => {
    const { url } = await farEnd(whenWhole(reply(200, '{}', { date: 'Tue, 24 Nov 2026 00:00:00 GMT' })))
    const { http, at } = opened(60)
    expect(http.vendorNow(url)).toBe(42)
    await http.call({ method: 'GET', url })
    expect(http.vendorNow(new URL(url).origin)).toBe(Date.UTC(2026, 10, 24))
    at.real += 1000
    expect(http.vendorNow(url)).toBe(Date.UTC(2026, 10, 24, 0, 1))
    expect(http.vendorNow('http://elsewhere')).toBe(42)
    expect(http.vendorNow('')).toBe(42)
  })

  test('is not taken from an answer out of a cache', async () => {
    const { url } = await farEnd(whenWhole(reply(200, '{}', { date: 'Tue, 24 Nov 2026 00:00:00 GMT', age: '900' })))
    const { http } = opened()
    await http.call({ method: 'GET', url })
    expect(http.vendorNow(url)).toBe(42)
  })

  test('gives a date to wait for its meaning', () => {
    const now = Date.UTC(2026, 10, 24)
    expect(retryAfterOf({ 'retry-after': 'Tue, 24 Nov 2026 00:00:05 GMT' }, now)).toBe(5000)
    expect(retryAfterOf({ 'retry-after': '2', 'retry-after-ms': '300' }, now)).toBe(300)
    expect(retryAfterOf({ 'retry-after': '1.5' }, now)).toBe(1500)
    expect(retryAfterOf({ 'retry-after': 'soon' }, now)).toBeUndefined()
    expect(retryAfterOf({}, now)).toBeUndefined()
  })
})

describe('A streamed answer', () => {
  test('comes as its bytes', async () => {
    const { url } = await farEnd(whenWhole(reply(200, 'x'.repeat(300_000))))
    const answer = await opened().http.stream({ method: 'GET', url })
    expect(answer.headers['content-length']).toBe('300000')
    expect(await collect(answer.body)).toBe('x'.repeat(300_000))
  })

  test('fails when the connection breaks half way', async () => {
    const { url } = await farEnd((_, __, socket) => void socket.end(reply(200, 'half', { 'content-length': '8' })))
    const { body } = await opened().http.stream({ method: 'GET', url })
    await failureOf(collect(body))
  })
})

describe('A held call', () => {
  const body = '{"buy":"this"}'
  const streamed = (chunks: readonly string[]) => ({
    bytes: body.length,
    async *stream() {
      for (const chunk of chunks) yield Buffer.from(chunk)
    },
  })
  /** Starts one; the test says when the last byte may leave. */
  function held(http: Http, url: string, signal?: AbortSignal) {
    const asked = Promise.withResolvers<void>()
    const decided = Promise.withResolvers<boolean>()
    const answer: Promise<HeldAnswer> = http.hold({ method: 'POST', url, headers, body, signal }, () => {
      asked.resolve()
      return decided.promise
    })
    return { answer, whenAsked: asked.promise, decide: decided.resolve }
  }

  test('has all but its last byte on the wire until it is released, then all', async () => {
    const far = await farEnd(whenWhole(reply(200, '{"id":"b"}')))
    const call = held(opened().http, far.url)
    await call.whenAsked
    await aMoment()
    expect(far.received[0]).toMatch(new RegExp(`content-length: ${body.length}\r\n`))
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
    call.decide(true)
    expect(await call.answer).toMatchObject({
      kind: 'answered',
      released: true,
      answer: { status: 200, json: { id: 'b' } },
    })
    expect(bodyOf(far.received[0])).toBe(body)
  })

  test('that is withheld leaves a request that never becomes whole', async () => {
    const far = await farEnd(whenWhole(reply(200, '{"id":"b"}')))
    const call = held(opened().http, far.url)
    await call.whenAsked
    call.decide(false)
    expect(await call.answer).toEqual({ kind: 'withheld' })
    await far.closed[0]
    expect(far.received).toHaveLength(1)
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
  })

  test('is withheld when asking whether to release it fails', async () => {
    const far = await farEnd(whenWhole(reply(200, '{"id":"b"}')))
    const call = opened().http.hold({ method: 'POST', url: far.url, body }, () =>
      Promise.reject(new Error('the store is gone')),
    )
    expect(await call).toEqual({ kind: 'withheld' })
  })

  test('is withheld when its signal aborts before the byte left', async () => {
    const far = await farEnd(whenWhole(reply(200, '{"id":"b"}')))
    const stop = new AbortController()
    const call = held(opened().http, far.url, stop.signal)
    await call.whenAsked
    stop.abort(new Error('enough'))
    expect(await call.answer).toEqual({ kind: 'withheld' })
    call.decide(true)
    await far.closed[0]
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
  })

  test('hears its answer out when its signal aborts after the byte left', async () => {
    const stop = new AbortController()
    const far = await farEnd((received, _, socket) => {
      if (!isWhole(received)) return undefined
      stop.abort(new Error('enough'))
      setTimeout(() => socket.end(reply(200, '{"id":"b"}')), 20)
      return undefined
    })
    const call = held(opened().http, far.url, stop.signal)
    call.decide(true)
    expect(await call.answer).toMatchObject({ kind: 'answered', released: true })
  })

  test('uses a connection of its own, and closes it', async () => {
    const far = await farEnd(whenWhole(reply(200, '{}')))
    const { http } = opened()
    await http.call({ method: 'GET', url: far.url })
    await http.hold({ method: 'POST', url: far.url, body }, async () => true)
    await http.hold({ method: 'POST', url: far.url, body }, async () => true)
    expect(far.received).toHaveLength(3)
    expect(far.received[1]).toMatch(/connection: close/i)
    await Promise.all([far.closed[1], far.closed[2]])
  })

  test.each([
    ['breaks after the last byte', (received: string, socket: Socket) => isWhole(received) && socket.resetAndDestroy()],
    ['breaks before it', (_: string, socket: Socket) => socket.resetAndDestroy()],
    ['closes without an answer', (received: string, socket: Socket) => isWhole(received) && socket.end()],
    [
      'stops inside the answer',
      (received: string, socket: Socket) =>
        isWhole(received) && socket.end(reply(200, '{"id', { 'content-length': '99' })),
    ],
    ['answers no HTTP', (received: string, socket: Socket) => isWhole(received) && socket.end('SSH-2.0-OpenSSH\r\n')],
  ] as const)('is never sent twice: the far end %s', async (_, act) => {
    const far = await farEnd((received, __, socket) => void act(received, socket))
    const answer = await opened().http.hold({ method: 'POST', url: far.url, body }, async () => true)
    expect(answer).toMatchObject({ kind: 'failed', error: { sent: true } })
    await aMoment()
    expect(far.received).toHaveLength(1)
  })

  test.each([
    ['its last byte alone in a chunk', ['{"buy":"th', 'is"', '}']],
    ['its last byte in a long chunk', ['{', '"buy":"this"}']],
    ['all of it in one chunk', [body]],
  ])('streams its body, %s', async (_, chunks) => {
    const far = await farEnd(whenWhole(reply(200, '{}')))
    const asked = Promise.withResolvers<void>()
    const decided = Promise.withResolvers<boolean>()
    const call = opened().http.hold({ method: 'POST', url: far.url, body: streamed(chunks) }, () => {
      asked.resolve()
      return decided.promise
    })
    await asked.promise
    await aMoment()
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
    decided.resolve(true)
    expect(await call).toMatchObject({ kind: 'answered', released: true })
    expect(bodyOf(far.received[0])).toBe(body)
  })

  test.each([
    ['longer', ['{"buy":"this"}', ' x']],
    ['shorter', ['{"buy":']],
  ])('whose body is %s than was said is never whole, and nobody is asked', async (_, chunks) => {
    const far = await farEnd(whenWhole(reply(200, '{}')))
    let asked = false
    const release = async () => (asked = true)
    const answer = await opened().http.hold({ method: 'POST', url: far.url, body: streamed(chunks) }, release)
    expect(answer).toMatchObject({ kind: 'failed', released: false })
    expect(asked).toBe(false)
    expect(bodyOf(far.received[0] ?? '').length).toBeLessThan(body.length)
  })

  test('whose body cannot be read says so: nothing was bought', async () => {
    const far = await farEnd(whenWhole(reply(200, '{}')))
    const broken = {
      bytes: body.length,
      async *stream() {
        yield Buffer.from('{"buy"')
        throw new Error('the disk is gone')
      },
    }
    const call = opened().http.hold({ method: 'POST', url: far.url, body: broken }, async () => true)
    await expect(call).rejects.toThrow('the disk is gone')
  })

  test('is not repeated for an answer that asks for it', async () => {
    for (const status of [408, 429, 503]) {
      const far = await farEnd(whenWhole(reply(status, '{}', { 'retry-after': '0', 'x-should-retry': 'true' })))
      const answer = await opened().http.hold({ method: 'POST', url: far.url, body }, async () => true)
      expect(answer).toMatchObject({ kind: 'answered', answer: { status } })
      expect(far.received).toHaveLength(1)
    }
  })

  test('tells that nothing was sent when there was no connection', async () => {
    const { http } = opened()
    let asked = false
    const release = async () => (asked = true)
    const answer = await http.hold({ method: 'POST', url: 'http://127.0.0.1:1/', headers, body }, release)
    expect(answer).toMatchObject({ kind: 'failed', error: { sent: false } })
    expect(asked).toBe(false)
  })

  test('takes an answer that came before the byte, and keeps the byte', async () => {
    const early = reply(401, '{"error":{"message":"no"}}')
    const far = await farEnd((received) => (received.includes('\r\n\r\n{') ? early : undefined))
    const call = held(opened().http, far.url)
    expect(await call.answer).toMatchObject({ kind: 'answered', released: false, answer: { status: 401 } })
    await call.whenAsked
    call.decide(true)
    await far.closed[0]
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
  })

  test('keeps the byte once an answer has begun, though it is not whole', async () => {
    const early = Promise.withResolvers<Socket>()
    const far = await farEnd((received, _, socket) => {
      if (!received.includes('\r\n\r\n{')) return undefined
      early.resolve(socket)
      return reply(401, '{"a":', { 'content-length': '7' })
    })
    const call = held(opened().http, far.url)
    const socket = await early.promise
    await call.whenAsked
    await aMoment()
    call.decide(true)
    await aMoment()
    socket.write('1}')
    expect(await call.answer).toMatchObject({ kind: 'answered', released: false, answer: { json: { a: 1 } } })
    await far.closed[0]
    expect(bodyOf(far.received[0])).toBe(body.slice(0, -1))
  })

  test('fails when no answer comes in time, and was sent', async () => {
    const far = await farEnd(() => undefined)
    const request = { method: 'POST', url: far.url, body, headersTimeoutMs: 100 } as const
    expect(await opened().http.hold(request, async () => true)).toMatchObject({
      kind: 'failed',
      error: { code: 'UND_ERR_HEADERS_TIMEOUT', sent: true },
    })
    expect(far.received).toHaveLength(1)
  })
})
