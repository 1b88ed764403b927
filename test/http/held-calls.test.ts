import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type HeldAnswer, type Http } from '../../src/kit/http.ts'
import { aMoment, bodyOf, farEnd, headers, isWhole, opened, reply, whenWhole } from './far-end.ts'

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
