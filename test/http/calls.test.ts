import { describe, expect, test } from 'vitest'
import { HttpFailed, redact, retryAfterOf } from '../../src/kit/http.ts'
import { collect, failureOf, farEnd, headers, inTurn, key, opened, reply, streamOf, whenWhole } from './far-end.ts'

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
