import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask, asks, counted, post, type Row, read, type Trial, trial, type Wire } from './anthropic-trial.ts'

const startAt = new Date('2026-11-20T08:00:00Z')

async function flown(seed: number): Promise<string> {
  const on = await trial({ seed, startAt, speed: 1e-9 })
  const batch = await on.ended((await on.submit(asks(50))).id)
  const results = await (await on.fetch(`/messages/batches/${batch.id}/results`)).text()
  return `${JSON.stringify({ ...batch, results_url: null })}\n${results}`
}

async function landed(on: Trial, requests: Parameters<Trial['submit']>[0]): Promise<Row[]> {
  const { id } = await on.submit(requests)
  await on.ended(id)
  return on.rows(id)
}

const nano = async (on: Trial) => (await on.emulator.bill()).nanoUsd

const even = (pico: number) => {
  const floor = Math.floor(pico / 1000)
  const rest = pico - floor * 1000
  return rest > 500 || (rest === 500 && floor % 2 === 1) ? floor + 1 : floor
}

describe('the emulated Anthropic', () => {
  test('does the same again for the same seed, and something else for another', async () => {
    const first = await flown(1)
    expect(await flown(1)).toBe(first)
    expect(await flown(2)).not.toBe(first)
  })

  test('stamps every answer with its own time, and names every request', async () => {
    const on = await trial({ startAt })
    on.emulator.advance(3600)
    const [first, second] = [await on.fetch('/models'), await on.fetch('/models')]
    const date = Date.parse(first.headers.get('date') ?? '')
    expect(Math.abs(date - Date.parse('2026-11-20T09:00:00Z'))).toBeLessThan(5000)
    expect(first.headers.get('request-id')).not.toBe(second.headers.get('request-id'))
    expect(first.headers.get('anthropic-workspace-id')).toBe('wrkspc_emulated')
    const call = await post(on, '/messages', ask('a').params)
    for (const pool of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
      expect(Number(call.headers.get(`anthropic-ratelimit-${pool}-remaining`))).toBeGreaterThan(0)
    }
  })

  test('shows one and the same course however often it is looked at', async () => {
    const on = await trial({ speed: 20_000, scenario: 'anthropic/counts-gradual' })
    const { id } = await on.submit(asks(500))
    let succeeded = 0
    for (let ended = false; !ended; ) {
      const batch = await on.client.messages.batches.retrieve(id)
      const counts = batch.request_counts
      expect(counts.succeeded).toBeGreaterThanOrEqual(succeeded)
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(500)
      succeeded = counts.succeeded
      ended = batch.processing_status === 'ended'
    }
    expect(succeeded).toBe(500)
  })

  test('drops a create whose body stands still, and does nothing of it', async () => {
    const on = await trial({ idleBodyTimeoutMs: 150 })
    const body = JSON.stringify({ requests: asks(3) })
    const send = (withhold: number, patienceMs: number) =>
      new Promise<string>((resolve) => {
        const socket = connect(on.emulator.port, '127.0.0.1')
        let answer = ''
        const head = `POST /anthropic/v1/messages/batches HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
        socket.write(head + body.slice(0, body.length - withhold))
        const timer = setTimeout(() => socket.write(body.slice(body.length - withhold)), patienceMs)
        socket.on('data', (bytes) => (answer += bytes.toString()))
        socket.on('error', () => undefined)
        socket.on('close', () => {
          clearTimeout(timer)
          resolve(answer)
        })
      })
    expect(await send(1, 500)).toBe('')
    expect((await on.client.messages.batches.list()).data).toEqual([])
    expect(await send(1, 20)).toContain('200 OK')
    expect((await on.client.messages.batches.list()).data).toHaveLength(1)
  })

  test('leaves nothing on disk of a create that it refused or that broke off', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'emulator-anthropic-'))
    const on = await trial({ dir, scenario: 'anthropic/create-500-refused+anthropic/drop-upload:after=1' })
    await expect(on.submit(asks(10))).rejects.toThrow()
    await expect(on.submit(asks(20_000))).rejects.toThrow()
    await expect(on.submit([ask('a'), ask('a')])).rejects.toThrow('must be unique within a batch')
    await expect.poll(() => readdir(dir)).toEqual([])
    const { id } = await on.submit(asks(10))
    await on.ended(id)
    expect((await readdir(dir)).toSorted()).toEqual([`${id}.ids`, `${id}.results`])
    await on.emulator.close()
    await rm(dir, { recursive: true })
  })

  test('records what was bought and what was refused, and names a request that was bought twice', async () => {
    const on = await trial()
    await on.submit(asks(5))
    await on.submit([{ ...(asks(1)[0] as ReturnType<typeof ask>), custom_id: 'again' }])
    await expect(on.submit([])).rejects.toThrow()
    on.emulator.advance(7200)
    const { acts, purchases } = await on.emulator.log({ ids: true })
    expect(acts.map(({ act }) => act)).toEqual(['create', 'create', 'create-refused'])
    expect(acts[0]).toMatchObject({ vendor: 'anthropic', requests: 5, version: '2026-10-21' })
    expect(purchases).toMatchObject([
      { vendor: 'anthropic', state: 'ended', model: 'claude-haiku-4-5', lines: 5, executed: 5, billed: 5 },
      { lines: 1 },
    ])
    expect(purchases[0]?.rows?.map(({ customId }) => customId).sort()).toEqual(asks(5).map((each) => each.custom_id))
    const { repeated } = await on.emulator.tally()
    expect(repeated.map(({ bought }) => bought.map(({ customId }) => customId))).toEqual([['r-0001', 'again']])
  })
})

describe('the limits of the vendor', () => {
  /** A create of any size, streamed. */
  async function create(on: Trial, items: Iterable<string>): Promise<Wire> {
    const sent = request(`${on.emulator.baseUrls.anthropic}/v1/messages/batches`, {
      method: 'POST',
      headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
    })
    const answered = once(sent, 'response')
    let block = '{"requests":['
    for (const item of items) {
      block += item
      if (block.length < 1 << 20) continue
      if (!sent.write(block)) await once(sent, 'drain')
      block = ''
    }
    sent.end(`${block}]}`)
    const [response] = (await answered) as [AsyncIterable<Buffer>]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString()) as Wire
  }
  function* items(count: number, pad = ''): Generator<string> {
    for (let index = 0; index < count; index++) {
      yield `${index === 0 ? '' : ','}{"custom_id":"r-${index}","params":{"pad":"${pad}"}}`
    }
  }

  test('100,000 requests a batch, and not one more', async () => {
    const on = await trial()
    expect((await create(on, items(100_000))).type).toBe('message_batch')
    const refused = await create(on, items(100_001))
    expect(refused.error).toMatchObject({ type: 'invalid_request_error' })
    expect(refused.error.message).toContain('at most 100000 items')
  })

  test('256,000,000 bytes a body, and not one more', async () => {
    const on = await trial()
    const overhead = [...items(64)].join('').length + '{"requests":[]}'.length
    const pad = 'x'.repeat(Math.floor((256_000_000 - overhead) / 64))
    const rest = 256_000_000 - overhead - pad.length * 64
    const filled = function* (more: number) {
      yield* items(64, pad)
      yield ' '.repeat(rest + more)
    }
    expect((await create(on, filled(0))).type).toBe('message_batch')
    expect((await create(on, filled(1))).error.type).toBe('request_too_large')
    const { acts } = await on.emulator.log()
    expect(acts.map(({ bytes }) => bytes)).toEqual([256_000_000, 256_000_001])
  })

  test('29 days for the results, counted from the create; the batch itself stays', async () => {
    const on = await trial()
    const { id } = await on.submit(asks(1))
    expect((await on.ended(id, 29 * 86_400 - 60)).results_url).not.toBeNull()
    expect(await on.rows(id)).toHaveLength(1)
    const batch = await on.ended(id, 120)
    expect(batch).toMatchObject({ results_url: null, request_counts: { succeeded: 1 } })
    expect(Date.parse(batch.archived_at ?? '') - Date.parse(batch.created_at)).toBe(29 * 86_400_000)
    expect((await read(on.fetch(`/messages/batches/${id}/results`))).error.message).toContain('no available results')
    await on.client.messages.batches.delete(id)
  })

  test('pages of 1 to 1,000, and one cursor at a time', async () => {
    const on = await trial()
    const told = async (query: string) => (await read(on.fetch(`/messages/batches?${query}`))).error.message
    expect(await told('limit=0')).toContain('greater than or equal to 1')
    expect(await told('limit=1001')).toContain('less than or equal to 1000')
    expect(await told('limit=many')).toContain('valid integer')
    expect(await told('after_id=a&before_id=b')).toContain('Only one of')
    expect(await told('after_id=msgbatch_none')).toContain('msgbatch_none')
  })

  test('a version, a key and beta names that exist', async () => {
    const on = await trial()
    const told = async (headers: Record<string, string>) => {
      const response = await fetch(`${on.emulator.baseUrls.anthropic}/v1/models`, { headers })
      return `${response.status} ${((await response.json()) as Wire).error?.message ?? 'fine'}`
    }
    const fine = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }
    expect(await told({})).toBe('401 x-api-key header is required')
    expect(await told({ 'x-api-key': 'k' })).toBe('400 anthropic-version: header is required')
    expect(await told({ ...fine, 'anthropic-version': '2024-01-01' })).toContain('400 anthropic-version')
    expect(await told({ ...fine, 'anthropic-beta': 'nonsense' })).toContain('400 Unexpected value(s) `nonsense`')
    expect(await told({ ...fine, 'anthropic-beta': 'message-batches-2024-09-24' })).toBe('200 fine')
    expect(await told({ ...fine, 'x-api-key': 'sk-wrong' })).toBe('401 API key is invalid.')
    expect(await told({ authorization: 'bearer k', 'anthropic-version': '2026-10-21' })).toBe('200 fine')
    expect((await on.fetch('/nothing')).status).toBe(404)
  })
})

describe('prompt caching', () => {
  const system = (ttl: string, text = 'shared reference '.repeat(400)) => [
    { type: 'text', text, cache_control: { type: 'ephemeral', ttl } },
  ]
  const cached = (count: number, ttl: string) => asks(count, { model: 'claude-opus-5', system: system(ttl) })
  const reads = (rows: readonly Row[]) =>
    rows.filter(({ result }) => (result?.message?.usage.cache_read_input_tokens ?? 0) > 0).length

  test('a batch of one request that has ended primes the hour for the next batch', async () => {
    const on = await trial({ startAt, scenario: 'cache-hits:share=1' })
    const [first] = await landed(on, cached(1, '1h'))
    expect(first?.result?.message?.usage).toMatchObject({
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 1700 },
    })
    const primed = await trial({ startAt, scenario: 'cache-hits:share=1' })
    const { id } = await primed.submit(cached(1, '1h'))
    await primed.ended(id, 1200)
    const next = await primed.submit(asks(100, { model: 'claude-opus-5', system: system('1h') }))
    await primed.ended(next.id, 1200)
    expect(reads(await primed.rows(next.id))).toBe(100)
  })

  test('a batch that has not run yet primes nothing, and one that was cancelled before never does', async () => {
    const on = await trial({ scenario: 'cache-hits:share=1', latency: { medianSeconds: 300, sigma: 0 } })
    const first = await on.submit(cached(1, '1h'))
    await on.client.messages.batches.cancel(first.id)
    await on.ended(first.id, 120)
    const second = await on.submit(cached(10, '1h'))
    await on.ended(second.id, 1200)
    expect(reads(await on.rows(second.id))).toBe(9)
  })

  test('hits are best effort: nearly all for an hour, few for five minutes', async () => {
    const on = await trial()
    const hour = reads(await landed(on, cached(200, '1h')))
    const minutes = reads(
      await landed(on, asks(200, { model: 'claude-opus-5', system: system('5m', 'other '.repeat(900)) })),
    )
    expect(hour).toBeGreaterThan(180)
    expect(minutes).toBeGreaterThan(20)
    expect(minutes).toBeLessThan(120)
  })

  test('a call just before warms no batch, but the next call', async () => {
    const on = await trial({ scenario: 'cache-hits:share=1' })
    const [params] = cached(1, '1h').map((each) => each.params)
    const call = () => on.client.messages.create(params as NonNullable<typeof params>)
    expect((await call()).usage.cache_read_input_tokens).toBe(0)
    expect((await call()).usage.cache_read_input_tokens).toBe(1700)
    expect(reads(await landed(on, cached(10, '1h')))).toBe(9)
  })

  test('under the minimum of the model nothing is cached, and nothing says so', async () => {
    const on = await trial()
    const rows = await landed(on, asks(5, { model: 'claude-haiku-4-5', system: system('1h') }))
    expect(counted(rows)).toMatchObject({ read: 0, write1h: 0 })
    expect(rows.every(({ result }) => result?.type === 'succeeded')).toBe(true)
  })
})

describe('the bill', () => {
  test('agrees with the rows, every kind of token at its batch price', async () => {
    const on = await trial({ startAt })
    const system = [
      { type: 'text', text: 'a '.repeat(3000), cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'b '.repeat(3000), cache_control: { type: 'ephemeral' } },
    ]
    const rows = await landed(on, asks(100, { model: 'claude-opus-5', system, max_tokens: 2000 }))
    const { input, read, write5m, write1h, output } = counted(rows)
    for (const tokens of [input, read, write5m, write1h, output]) expect(tokens).toBeGreaterThan(0)
    const written = rows.map(({ result }) => result?.message?.usage.cache_creation_input_tokens ?? 0)
    expect(written.reduce((sum, each) => sum + each, 0)).toBe(write5m + write1h)
    const pico = [input * 2_500_000, read * 250_000, write5m * 3_125_000, write1h * 5_000_000, output * 12_500_000]
    expect(await nano(on)).toBe(String(pico.reduce((sum, each) => sum + even(each), 0)))
    const { entries, vendors } = await on.emulator.bill()
    expect(entries.map(({ kind }) => kind).sort()).toEqual([
      'cacheWrite1h',
      'cacheWrite5m',
      'cachedInput',
      'input',
      'output',
    ])
    expect(vendors).toEqual({ anthropic: { nanoUsd: await nano(on), usd: expect.any(String) as string } })
  })

  test('takes nothing for what is errored, canceled or expired', async () => {
    const on = await trial({ startAt, scenario: 'anthropic/rows-400:0.3+anthropic/expire-partial:0.5' })
    const rows = await landed(on, asks(100))
    const { input, output } = counted(rows)
    const answered = rows.filter(({ result }) => result?.type === 'succeeded').length
    expect(answered).toBeLessThan(50)
    expect(await nano(on)).toBe(String(input * 500 + output * 2500))
    expect((await on.emulator.log()).purchases).toMatchObject([{ lines: 100, executed: 50, billed: answered }])
    const cancelled = await trial({ startAt })
    await cancelled.client.messages.batches.cancel((await cancelled.submit(asks(1))).id)
    cancelled.emulator.advance(3600)
    expect(await nano(cancelled)).toBe('0')
  })

  test('moves a long prompt of Haiku 5.5, and only it, to five times the price', async () => {
    const on = await trial({ startAt })
    const long = { messages: [{ role: 'user', content: 'word '.repeat(81_000) }] }
    const model = 'claude-haiku-5-5'
    await landed(on, [ask('short', { model }), ask('long', { model, ...long })])
    const units = (await on.emulator.bill()).entries.map(({ kind, unitPicoUsd }) => `${kind} ${unitPicoUsd}`)
    expect(units.sort()).toEqual(['input 250000', 'input 50000', 'output 1250000', 'output 250000'])
  })

  test('adds a tenth for the US to every kind of token, for requests that ask for it', async () => {
    const on = await trial({ startAt })
    const model = 'claude-sonnet-4-6'
    const rows = await landed(on, [ask('here', { model, inference_geo: 'us' }), ask('anywhere', { model })])
    const geos = rows.map(({ custom_id, result }) => `${custom_id} ${result?.message?.usage.inference_geo}`)
    expect(geos.sort()).toEqual(['anywhere global', 'here us'])
    const units = (await on.emulator.bill()).entries.map(({ kind, unitPicoUsd }) => `${kind} ${unitPicoUsd}`)
    expect(units.sort()).toEqual(['input 1500000', 'input 1650000', 'output 7500000', 'output 8250000'])
  })

  test('prices each model of a mixed batch by itself, and web searches in full', async () => {
    const on = await trial({ startAt })
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }]
    const rows = await landed(on, [ask('a'), ask('b', { model: 'claude-opus-5', tools, max_tokens: 2000 })])
    expect(rows.find(({ custom_id }) => custom_id === 'b')?.result?.message?.usage.server_tool_use).toEqual({
      web_search_requests: 1,
      web_fetch_requests: 0,
    })
    const entries = (await on.emulator.bill()).entries.map(({ model, kind }) => `${model} ${kind}`)
    expect(entries.sort()).toEqual([
      'claude-haiku-4-5 input',
      'claude-haiku-4-5 output',
      'claude-opus-5 input',
      'claude-opus-5 output',
      'claude-opus-5 webSearch',
    ])
    expect((await on.emulator.bill()).entries.find(({ kind }) => kind === 'webSearch')?.nanoUsd).toBe('10000000')
    expect((await on.emulator.log()).purchases).toMatchObject([{ model: null }])
  })

  test('takes the ordinary price for a call, twice that for a fast one, and nothing for counting', async () => {
    const on = await trial({ startAt })
    const params = ask('a', { model: 'claude-opus-5' }).params
    const calm = await on.client.messages.create(params)
    const fast = await on.client.messages.create({ ...params, speed: 'fast' } as never)
    await post(on, '/messages/count_tokens', { model: 'claude-opus-5', messages: params.messages })
    expect(calm.usage).toMatchObject({ service_tier: 'standard', speed: null })
    expect((fast as typeof calm).usage).toMatchObject({ speed: 'fast' })
    const units = (await on.emulator.bill()).entries.map(
      ({ tier, kind, unitPicoUsd }) => `${tier} ${kind} ${unitPicoUsd}`,
    )
    expect(units.sort()).toEqual([
      'priority input 10000000',
      'priority output 50000000',
      'standard input 5000000',
      'standard output 25000000',
    ])
    await expect(on.client.messages.create({ ...ask('a').params, speed: 'fast' } as never)).rejects.toThrow('speed')
  })
})
