import { describe, expect, test } from 'vitest'
import { clockAt } from '../../src/kit/clock.ts'
import { openai } from '../../src/providers/openai/index.ts'
import { chat, chatAnswer, envelope, farEnd, fly, rows, workFor } from './far-end.ts'

describe('A run on a sync lane', () => {
  test('gets every request its answer, as a row of the vendor’s own results', async () => {
    const vendor = await farEnd(() => ({ headers: { 'x-request-id': 'req_7' } }))
    const { ended, results } = await fly(workFor({ to: vendor.url, source: rows(200) }))
    expect(ended).toMatchObject({
      kind: 'finished',
      progress: { answered: 200, succeeded: 200, inFlight: 0, tokens: { input: 2000, output: 1000 } },
    })
    expect(results.size).toBe(200)
    expect(results.get(7)).toEqual({
      id: 'req_7',
      custom_id: 'abcdefghijklmnopqrst-0000007',
      response: {
        status_code: 200,
        request_id: 'req_7',
        body: chatAnswer({ name: 'r7', body: { messages: [] } }, 'default'),
      },
      error: null,
    })
    expect(vendor.asked).toHaveLength(200)
  })

  test.each(['flex', 'standard', 'priority'] as const)('says which tier it buys: %s', async (tier) => {
    const vendor = await farEnd(() => ({}))
    const own = '{"messages":[{"role":"user","content":"\\"service_tier\\":1"}], "service_tier" : "auto" ,"n":1}'
    const source = async function* () {
      yield chat(0)
      yield { ...chat(1), body: Buffer.from(own) }
    }
    const { ended } = await fly(workFor({ to: vendor.url, lane: openai.sync[tier], source: source() }))
    const word = { flex: 'flex', standard: 'default', priority: 'priority' }[tier]
    expect(vendor.asked.map(({ body }) => body.service_tier)).toEqual([word, word])
    expect(vendor.asked[1]?.text).toBe(own.replace('"auto"', JSON.stringify(word)))
    expect(ended.progress.tiers).toEqual({ [word]: 2 })
    expect(vendor.asked[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer sk-secret-0123456789', 'content-type': 'application/json' },
    })
  })

  test('counts the tier that answered, not the one that was asked', async () => {
    const vendor = await farEnd((asked) => ({ json: chatAnswer(asked, 'default') }))
    const { ended } = await fly(workFor({ to: vendor.url, lane: openai.sync.priority }))
    expect(ended.progress.tiers).toEqual({ default: 10 })
  })

  test('puts an answer over several lines into one', async () => {
    const vendor = await farEnd((asked) => ({ text: JSON.stringify(chatAnswer(asked), null, 2) }))
    const { results } = await fly(workFor({ to: vendor.url }))
    expect(results.size).toBe(10)
  })

  test('keeps a refusal of one request as its result', async () => {
    const vendor = await farEnd(({ name }) =>
      name === 'r3' ? { status: 400, json: envelope('context_length_exceeded') } : {},
    )
    const { ended, results } = await fly(workFor({ to: vendor.url }))
    expect(ended.progress).toMatchObject({ answered: 10, succeeded: 9, unproven: { attempts: 0 } })
    expect(results.get(3)?.response).toMatchObject({
      status_code: 400,
      body: envelope('context_length_exceeded'),
    })
    expect(vendor.asked).toHaveLength(10)
  })

  test('never has more in flight than it may', async () => {
    const vendor = await farEnd(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return {}
    })
    await fly(workFor({ to: vendor.url, source: rows(100), concurrency: { start: 4, max: 7 } }))
    expect(vendor.most()).toBe(7)
  })
})

describe('A vendor that has enough', () => {
  test('is asked again after the time it states, and nothing is asked before', async () => {
    let refusedAt = 0
    const vendor = await farEnd((_, nth) => {
      if (nth > 1) return {}
      refusedAt = performance.now()
      return { status: 429, json: envelope('rate_limit_exceeded'), headers: { 'retry-after-ms': '400' } }
    })
    const { ended } = await fly(workFor({ to: vendor.url, concurrency: { start: 1, max: 1 } }))
    expect(ended.progress).toMatchObject({ answered: 10, succeeded: 10, unproven: { attempts: 0 } })
    expect(vendor.asked).toHaveLength(11)
    expect(vendor.asked[1]?.at).toBeGreaterThanOrEqual(refusedAt + 390)
  })

  test('is asked less at a time, until it takes all', async () => {
    let now = 0
    const vendor = await farEnd(async () => {
      if (++now > 8) {
        now--
        return { status: 503, json: envelope('server_is_overloaded'), headers: { 'retry-after-ms': '20' } }
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
      now--
      return {}
    })
    const { ended } = await fly(workFor({ to: vendor.url, source: rows(300), concurrency: { start: 64 } }))
    expect(ended.progress).toMatchObject({ answered: 300, succeeded: 300 })
    expect(ended.progress.window).toBeLessThan(32)
  })

  test('whose flex lane is dry shows as a drought, costs nothing, and is told apart from going too fast', async () => {
    const dry = { status: 429, json: envelope('resource_unavailable', 'Resource Unavailable') }
    const vendor = await farEnd((_, nth) => (nth <= 12 ? dry : {}))
    const { ended, views } = await fly(
      workFor({ to: vendor.url, lane: openai.sync.flex, source: rows(4), clock: clockAt(50) }),
    )
    expect(ended.progress).toMatchObject({ answered: 4, unproven: { attempts: 0 }, trouble: null })
    expect(views.map(({ trouble }) => trouble?.why)).toContain('drought')
  })

  test('is not asked more than a minute’s limits allow', async () => {
    const vendor = await farEnd(() => ({}))
    const clock = clockAt(20)
    const begun = clock.now()
    await fly(workFor({ to: vendor.url, source: rows(30), pace: { requestsPerMinute: 60 }, clock }))
    // Five may go at once, the others one a second.
    expect(clock.now() - begun).toBeGreaterThanOrEqual(24_000)
  })

  test('that states its limits in headers is asked no faster', async () => {
    const vendor = await farEnd(() => ({
      headers: {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1s',
      },
    }))
    const clock = clockAt(20)
    const begun = clock.now()
    await fly(workFor({ to: vendor.url, source: rows(20), concurrency: { start: 1, max: 1 }, clock }))
    expect(clock.now() - begun).toBeGreaterThanOrEqual(18_000)
  })

  test('of credit ends the run, and keeps what is there', async () => {
    const vendor = await farEnd((_, nth) =>
      nth <= 5 ? {} : { status: 429, json: envelope('insufficient_quota', 'You exceeded your current quota') },
    )
    const { ended, results } = await fly(workFor({ to: vendor.url, concurrency: { start: 1, max: 1 } }))
    expect(ended).toMatchObject({ kind: 'halted', why: 'billing', message: 'You exceeded your current quota' })
    expect(results.size).toBe(5)
    expect(vendor.asked).toHaveLength(6)
  })

  test('of our key ends the run without telling the key', async () => {
    const vendor = await farEnd(() => ({
      status: 401,
      json: envelope('invalid_api_key', 'Incorrect API key provided: sk-secret-0123456789.'),
    }))
    const { ended } = await fly(workFor({ to: vendor.url }))
    expect(ended).toMatchObject({ kind: 'halted', why: 'credentials' })
    expect(JSON.stringify(ended)).not.toContain('sk-secret')
  })
})

describe('A request that goes wrong', () => {
  const clock = () => clockAt(100)
  test('in the vendor’s own words is tried again, and was not paid for', async () => {
    const vendor = await farEnd((_, nth) => (nth <= 2 ? { status: 500, json: envelope(null) } : {}))
    const { ended } = await fly(workFor({ to: vendor.url, source: rows(1), clock: clock() }))
    expect(ended.progress).toMatchObject({ answered: 1, succeeded: 1, unproven: { attempts: 0 } })
  })

  test.each([
    ['a gateway gave up', { status: 504, text: '<html>', headers: { 'content-type': 'text/html' } }],
    ['the connection broke', { reset: true }],
    ['what came is a page', { status: 200, text: '<html>', headers: { 'content-type': 'text/html' } }],
    ['what came is half an answer', { status: 200, text: '{"id":"chatcmpl-1","choices":[' }],
  ])('because %s is tried again, and counted as perhaps paid for', async (_, said) => {
    const vendor = await farEnd((_, nth) => (nth === 1 ? said : {}))
    const { ended } = await fly(workFor({ to: vendor.url, source: rows(1), clock: clock() }))
    expect(ended.progress).toMatchObject({
      answered: 1,
      succeeded: 1,
      unproven: { attempts: 1, inputTokens: 100, outputMax: 1000 },
    })
  })

  test('for good has a row that says so', async () => {
    const vendor = await farEnd(({ name }) => (name === 'r1' ? { status: 500, json: envelope(null, 'oh') } : {}))
    const { ended, results } = await fly(workFor({ to: vendor.url, source: rows(3), clock: clock(), triesMax: 3 }))
    expect(ended).toMatchObject({ kind: 'finished', progress: { answered: 3, succeeded: 2 } })
    expect(results.get(1)?.response).toMatchObject({ status_code: 500, body: envelope(null, 'oh') })
    expect(vendor.asked).toHaveLength(5)
  })

  test('that never answers has a row that says so', async () => {
    const vendor = await farEnd(({ name }) => (name === 'r1' ? { reset: true } : {}))
    const { ended, results } = await fly(workFor({ to: vendor.url, source: rows(3), clock: clock(), triesMax: 2 }))
    expect(ended.progress).toMatchObject({ answered: 3, succeeded: 2, unproven: { attempts: 2 } })
    expect(results.get(1)).toMatchObject({ response: null, error: { code: 'server_error' } })
  })

  test('because the base URL is wrong, like all others, is tried for long and is the vendor’s fault', async () => {
    const vendor = await farEnd(() => ({ status: 404, text: '<html>', headers: { 'content-type': 'text/html' } }))
    const { ended, results } = await fly(workFor({ to: vendor.url, source: rows(6), clock: clockAt(5000) }))
    expect(vendor.asked.length).toBeGreaterThan(6 * 5)
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 0, unproven: { attempts: 0 } } })
    expect(results.get(0)).toMatchObject({ error: { code: 'server_error', message: 'HTTP 404, text/html' } })
  })

  test('while nobody is there waits, and is never given up for that', async () => {
    const vendor = await farEnd(() => ({}))
    await vendor.close()
    const stop = new AbortController()
    const { ended } = await fly(
      workFor({ to: vendor.url, source: rows(3), clock: clock(), triesMax: 1, signal: stop.signal }),
      ({ trouble }) => {
        if ((trouble?.times ?? 0) >= 6) stop.abort()
      },
    )
    expect(ended).toMatchObject({
      kind: 'stopped',
      progress: { answered: 0, unproven: { attempts: 0 }, trouble: { why: 'unreachable' } },
    })
  })
})

describe('A run that is told to wait or to end', () => {
  test('starts nothing while it may not', async () => {
    let may = true
    let asked = 0
    const vendor = await farEnd((_, nth) => {
      if (nth === 20) {
        may = false
        setTimeout(() => {
          asked = vendor.asked.length
          may = true
        }, 500)
      }
      return {}
    })
    const { ended, views } = await fly(
      workFor({ to: vendor.url, source: rows(60), mayStart: () => may, concurrency: { start: 2, max: 2 } }),
    )
    // The other one had left already.
    expect(asked).toBeLessThanOrEqual(21)
    expect(ended).toMatchObject({ kind: 'finished', progress: { answered: 60, held: false } })
    expect(views.some(({ held }) => held)).toBe(true)
  })

  test('lets what is in flight come in', async () => {
    const stop = new AbortController()
    const vendor = await farEnd(async () => {
      stop.abort()
      await new Promise((resolve) => setTimeout(resolve, 100))
      return {}
    })
    const { ended, results } = await fly(
      workFor({ to: vendor.url, source: rows(50), signal: stop.signal, concurrency: { start: 3, max: 3 } }),
    )
    expect(ended).toMatchObject({ kind: 'stopped', progress: { inFlight: 0, unproven: { attempts: 0 } } })
    expect(results.size).toBe(vendor.asked.length)
    expect(results.size).toBeLessThanOrEqual(3)
  })

  test('counts what does not come in as perhaps paid for, and the next run goes on from there', async () => {
    const stop = new AbortController()
    let hangs = true
    const vendor = await farEnd(({ name }) => {
      if (!hangs || name < 'r3') return {}
      if (name === 'r9') stop.abort()
      return new Promise(() => {})
    })
    const parts = { to: vendor.url, concurrency: { start: 7, max: 7 }, graceMs: 50 }
    const first = await fly(workFor({ ...parts, signal: stop.signal }))
    expect(first.ended).toMatchObject({
      kind: 'stopped',
      progress: { answered: 3, unproven: { attempts: 7, inputTokens: 700, outputMax: 7000 } },
    })
    hangs = false
    const second = await fly(workFor({ ...parts, earlier: [first.journal] }))
    expect(second.ended).toMatchObject({ kind: 'finished', progress: { answered: 10, unproven: { attempts: 7 } } })
    expect(second.results.size).toBe(10)
    expect(vendor.asked).toHaveLength(17)
  })
})
