import { ConflictError, OverloadedError, RateLimitError } from '@anthropic-ai/sdk'
import { expect } from 'vitest'
import { ended, listed } from './anthropic-call-effects.ts'
import { ask, asks, type Batch, post, type Row, type Trial } from './anthropic-trial.ts'

/** What each scenario of requests and of accounts does, seen from outside. */
export const rowEffects: Record<string, (on: Trial) => Promise<void>> = {
  // requests
  'rows-429': (on) => transient(on, 'rate_limit_error'),
  'rows-500': (on) => transient(on, 'api_error'),
  'rows-503': (on) => transient(on, 'overloaded_error'),
  'rows-504': (on) => transient(on, 'timeout_error'),
  'rows-400': (on) => permanent(on, 'invalid_request_error'),
  'rows-too-long': (on) => permanent(on, 'invalid_request_error', 'prompt is too long'),
  'rows-404': (on) => permanent(on, 'not_found_error'),
  'rows-unhelpful': (on) => permanent(on, 'invalid_request_error', 'An error occurred'),
  'rows-mix': async (on) => {
    const kinds = async () => new Set((await strikes(on, 400)).errors.map(typeOf))
    expect(await kinds()).toEqual(
      new Set(['rate_limit_error', 'api_error', 'overloaded_error', 'invalid_request_error']),
    )
    expect(await kinds()).toEqual(new Set(['invalid_request_error']))
  },
  'all-failed': async (on) => {
    const batch = await ended(on, 3)
    expect(batch).toMatchObject({ processing_status: 'ended', request_counts: { succeeded: 0, errored: 3 } })
    expect((await on.rows(batch.id)).map(typeOf)).toEqual(Array(3).fill('api_error'))
    expect((await on.emulator.bill()).nanoUsd).toBe('0')
    expect((await ended(on, 3)).request_counts.succeeded).toBe(3)
  },
  'urls-blocked': async (on) => {
    const source = { type: 'url', url: 'https://example.com/a.png' }
    const messages = [{ role: 'user', content: [{ type: 'image', source }] }]
    const { id } = await on.submit([...asks(5), ask('url', { messages })])
    await on.ended(id)
    const errors = (await on.rows(id)).filter(({ result }) => result?.type === 'errored')
    expect(errors.map((row) => row.custom_id)).toEqual(['url'])
    expect(errors[0]?.result?.error?.request_id).toMatch(/^workerreq_/)
  },
  'rows-missing': async (on) => {
    const batch = await ended(on, 200)
    const rows = await on.rows(batch.id)
    expect(rows.length).toBeLessThan(200)
    expect(batch.request_counts).toMatchObject({ succeeded: rows.length, errored: 200 - rows.length })
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: rows.length }])
  },
  'rows-lost': async (on) => {
    const batch = await ended(on, 200)
    expect((await on.rows(batch.id)).length).toBeLessThan(200)
    expect(batch.request_counts.succeeded).toBe(200)
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: 200 }])
  },
  'rows-twice': async (on) => {
    const { id } = await ended(on, 200)
    const ids = (await on.rows(id)).map((row) => row.custom_id)
    expect(ids.length).toBeGreaterThan(200)
    expect(new Set(ids).size).toBe(200)
    expect((await on.emulator.tally()).executions).toBe(200)
  },
  'rows-strangers': async (on) => {
    const { id } = await ended(on, 200)
    const ids = (await on.rows(id)).map((row) => row.custom_id ?? '')
    expect(ids.filter((each) => each.startsWith('stranger-'))).toHaveLength(ids.length - 200)
    expect(ids.length).toBeGreaterThan(200)
  },
  'rows-null-id': async (on) => {
    const { id } = await ended(on, 200)
    const rows = await on.rows(id)
    expect(rows).toHaveLength(200)
    expect(rows.some((row) => row.custom_id === null)).toBe(true)
  },
  'rows-null-result': async (on) => {
    const batch = await ended(on, 200)
    const nulls = (await on.rows(batch.id)).filter(({ result }) => result === null)
    expect(nulls.length).toBeGreaterThan(5)
    expect(batch.request_counts.errored).toBe(nulls.length)
    expect((await on.emulator.tally()).executions).toBe(200 - nulls.length)
  },
  'rows-unknown-type': async (on) => {
    const { id } = await ended(on, 200)
    const types = new Set((await on.rows(id)).map(({ result }) => result?.type))
    expect(types).toEqual(new Set(['succeeded', 'deferred']))
  },
  'rows-blank-line': async (on) => {
    const { id } = await ended(on, 200)
    expect(await on.rows(id)).toHaveLength(200)
    const read = async () => {
      for await (const _ of await on.client.messages.batches.results(id));
    }
    await expect(read()).rejects.toThrow(SyntaxError)
  },
  'rows-sparse': async (on) => {
    const { id } = await ended(on, 200)
    const messages = (await on.rows(id)).map(({ result }) => result?.message as object)
    const sparse = messages.filter((message) => !('container' in message))
    expect(sparse.length).toBeGreaterThan(5)
    expect(sparse.length).toBeLessThan(60)
  },
  'rows-cut': (on) => stops(on, 'max_tokens'),
  'rows-context-window': (on) => stops(on, 'model_context_window_exceeded'),
  'rows-thinking-only': async (on) => {
    const { id } = await on.submit(asks(200, { model: 'claude-opus-5', max_tokens: 4000 }))
    await on.ended(id)
    const cut = (await on.rows(id)).filter(({ result }) => result?.message?.stop_reason === 'max_tokens')
    expect(cut.length).toBeGreaterThan(5)
    expect(new Set(cut.flatMap(({ result }) => result?.message?.content.map(({ type }) => type)))).toEqual(
      new Set(['thinking']),
    )
  },
  'rows-pause': (on) => stops(on, 'pause_turn'),
  'rows-refusal': async (on) => {
    const { id } = await ended(on, 200)
    const refused = (await on.rows(id)).filter(({ result }) => result?.message?.stop_reason === 'refusal')
    expect(refused.length).toBeGreaterThan(5)
    expect(refused.every(({ result }) => result?.message?.content.length === 0)).toBe(true)
    expect(refused[0]?.result?.message?.stop_details).toMatchObject({ type: 'refusal' })
  },
  'rows-invalid-json': async (on) => {
    const { broken, off } = await structured(on)
    expect(broken).toBeGreaterThan(0)
    expect(off).toBe(0)
  },
  'rows-off-schema': async (on) => {
    const { broken, off } = await structured(on)
    expect(broken).toBe(0)
    expect(off).toBeGreaterThan(0)
  },
  'rows-empty': async (on) => {
    const { id } = await ended(on, 200)
    const empty = (await on.rows(id)).filter(({ result }) => result?.message?.content.length === 0)
    expect(empty.length).toBeGreaterThan(5)
    expect(empty[0]?.result?.message?.stop_reason).toBe('end_turn')
  },
  'huge-output': async (on) => {
    const { id } = await on.submit(asks(20, { max_tokens: 20_000 }))
    await on.ended(id)
    expect((await (await on.fetch(`/messages/batches/${id}/results`)).text()).length).toBeGreaterThan(20 * 20_000)
  },

  // accounts
  'calls-per-minute': async (on) => {
    on.emulator.setScenario('calls-per-minute:calls=3')
    on.emulator.advance(60 - (Math.floor(on.emulator.now() / 1000) % 60))
    for (const left of ['2', '1', '0']) {
      const response = await on.fetch('/messages/batches')
      expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe(left)
    }
    const refused = await on.fetch('/messages/batches')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect((await on.fetch('/models')).status).toBe(200)
    on.emulator.advance(60)
    expect((await on.fetch('/messages/batches')).status).toBe(200)
  },
  'queued-request-limit': async (on) => {
    on.emulator.setScenario('queued-request-limit:requests=50+slow')
    const { id } = await on.submit(asks(30))
    await expect(on.submit(asks(30))).rejects.toBeInstanceOf(RateLimitError)
    await on.submit(asks(20))
    await on.ended(id)
    expect((await on.submit(asks(50))).processing_status).toBe('in_progress')
  },
  'body-limit': async (on) => {
    on.emulator.setScenario('body-limit:bytes=10000')
    await expect(on.submit(asks(100))).rejects.toMatchObject({ status: 413, type: 'request_too_large' })
    expect((await on.submit(asks(10))).processing_status).toBe('in_progress')
  },
  'runs-in-us': async (on) => {
    const bill = async (model: string) => {
      const { id } = await on.submit(asks(10, { model }))
      await on.ended(id)
      const usage = (await on.rows(id))[0]?.result?.message?.usage
      const { entries } = await on.emulator.bill()
      return [usage?.inference_geo, entries.find(({ batch, kind }) => batch === id && kind === 'input')?.unitPicoUsd]
    }
    expect(await bill('claude-opus-5')).toEqual(['us', '2750000'])
    expect(await bill('claude-haiku-4-5')).toEqual(['not_available', '500000'])
  },
  'cache-hits': async (on) => {
    on.emulator.setScenario('cache-hits:share=1')
    expect(await hits(on, '5m')).toBe(99)
    on.emulator.setScenario('cache-hits:share=0')
    expect(await hits(on, '1h')).toBe(0)
  },
  'cancel-idle-409': async (on) => {
    const { id } = await on.submit(asks(1))
    await on.client.messages.batches.cancel(id)
    await expect(on.client.messages.batches.cancel(id)).rejects.toBeInstanceOf(ConflictError)
    await on.ended(id)
    await expect(on.client.messages.batches.cancel(id)).rejects.toBeInstanceOf(ConflictError)
  },
  'sync-lost': async (on) => {
    await expect(on.client.messages.create(saying)).rejects.toThrow('Connection error')
    expect((await on.emulator.bill()).entries).not.toEqual([])
    await on.client.messages.create(saying)
  },
  'sync-429': async (on) => {
    const call = () => on.client.messages.create(saying)
    for (let each = 0; each < 50; each++) await call()
    await expect(call()).rejects.toMatchObject({ status: 429, type: 'rate_limit_error' })
    on.emulator.advance(2)
    await call()
  },
  'sync-slow': async (on) => {
    on.emulator.setScenario('anthropic/sync-slow:seconds=0.2')
    const started = performance.now()
    await on.client.messages.create(saying)
    expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  },
  'committed-capacity': async (on) => {
    expect((await on.client.messages.create(saying)).usage.service_tier).toBe('priority')
    expect((await on.emulator.bill()).entries).toEqual([])
    const only = await on.client.messages.create({ ...saying, service_tier: 'standard_only' })
    expect(only.usage.service_tier).toBe('standard')
    expect((await on.emulator.bill()).entries).not.toEqual([])
  },
  'models-retire': async (on) => {
    on.emulator.advance(400 * 86_400)
    const { id } = await on.submit(asks(1, { model: 'claude-sonnet-4-5' }))
    await on.ended(id)
    expect((await on.rows(id)).map(typeOf)).toEqual(['not_found_error'])
    const call = await post(on, '/messages', ask('a', { model: 'claude-sonnet-4-5' }).params)
    expect(call.status).toBe(404)
  },

  // several at once
  'incident-41': async (on) => {
    const batch = await ended(on, 20_000)
    expect(batch.request_counts).toMatchObject({ succeeded: 19_959, errored: 41 })
    const rows = await on.rows(batch.id)
    expect(rows).toHaveLength(20_000)
    expect(rows.filter(({ result }) => result?.type === 'errored')).toHaveLength(41)
  },
  'bad-night': async (on) => {
    await expect(on.submit(asks(200))).rejects.toBeInstanceOf(OverloadedError)
    expect(await listed(on)).toEqual([])
    on.emulator.advance(121)
    const [batch] = await listed(on)
    const { request_counts } = await on.ended(batch?.id ?? '', 86_400)
    expect(request_counts.errored).toBeGreaterThan(0)
    expect(request_counts.succeeded + request_counts.errored).toBe(200)
  },
}

const typeOf = ({ result }: Row) => result?.error?.error.type

async function strikes(on: Trial, count = 200): Promise<{ batch: Batch; errors: Row[] }> {
  const batch = await ended(on, count)
  return { batch, errors: (await on.rows(batch.id)).filter(({ result }) => result?.type === 'errored') }
}

/** A fault of requests that is over when they are sent again. */
async function transient(on: Trial, type: string): Promise<void> {
  const { batch, errors } = await strikes(on)
  expect(errors.length).toBeGreaterThan(5)
  expect(errors.length).toBeLessThan(60)
  expect(errors.map(typeOf)).toEqual(errors.map(() => type))
  expect(errors.every(({ result }) => result?.error?.type === 'error')).toBe(true)
  expect(batch.request_counts).toMatchObject({ succeeded: 200 - errors.length, errored: errors.length })
  expect((await on.emulator.tally()).executions).toBe(200 - errors.length)
  expect((await strikes(on)).errors).toEqual([])
}

async function permanent(on: Trial, type: string, words = ''): Promise<void> {
  const { errors } = await strikes(on)
  expect(errors.length).toBeGreaterThan(5)
  expect(errors.map(typeOf)).toEqual(errors.map(() => type))
  expect(errors[0]?.result?.error?.error.message).toContain(words)
  expect((await strikes(on)).errors).toHaveLength(errors.length)
}

/** Answers that are successes, and stop for this reason. */
async function stops(on: Trial, reason: string): Promise<void> {
  const batch = await ended(on, 200)
  const struck = (await on.rows(batch.id)).filter(({ result }) => result?.message?.stop_reason === reason)
  expect(struck.length).toBeGreaterThan(5)
  expect(struck.length).toBeLessThan(60)
  expect(batch.request_counts.succeeded).toBe(200)
  expect(struck.every(({ result }) => (result?.message?.usage.output_tokens ?? 0) > 0)).toBe(true)
}

async function structured(on: Trial): Promise<{ broken: number; off: number }> {
  const schema = {
    type: 'object',
    properties: { label: { type: 'string', enum: ['a', 'b'] } },
    required: ['label'],
    additionalProperties: false,
  }
  const { id } = await on.submit(asks(200, { output_config: { format: { type: 'json_schema', schema } } }))
  await on.ended(id)
  let broken = 0
  let off = 0
  for (const { result } of await on.rows(id)) {
    try {
      const value = JSON.parse(result?.message?.content[0]?.text ?? '') as { label?: string }
      if (value.label === undefined) off++
    } catch {
      broken++
    }
  }
  return { broken, off }
}

/** How many of 100 requests with a shared beginning read it from the cache. */
async function hits(on: Trial, ttl: string): Promise<number> {
  const text = `${ttl} ${'shared reference '.repeat(300)}`
  const system = [{ type: 'text', text, cache_control: { type: 'ephemeral', ttl } }]
  const { id } = await on.submit(asks(100, { model: 'claude-opus-5', system }))
  await on.ended(id)
  return (await on.rows(id)).filter(({ result }) => (result?.message?.usage.cache_read_input_tokens ?? 0) > 0).length
}

const saying = {
  model: 'claude-haiku-4-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'hello' }],
}
