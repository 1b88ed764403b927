import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { BadRequestError, NotFoundError } from 'openai'
import { describe, expect, test } from 'vitest'
import { scenarios, startEmulator } from '../../src/emulator/index.ts'
import { chatLine, chatLines, jsonl, type Row, read, type Trial, trial } from './trial.ts'

const startAt = new Date('2026-11-20T08:00:00Z')

async function flown(seed: number): Promise<string> {
  const on = await trial({ seed, startAt, speed: 1e-9 })
  const batch = await on.ended((await on.submit(chatLines(50))).id)
  const output = await (await on.client.files.content(batch.output_file_id ?? '')).text()
  return `${JSON.stringify(batch)}\n${output}`
}

const createOf = (id: string) =>
  ({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' }) as const

const nano = async (on: Trial) => (await on.emulator.bill()).nanoUsd

const even = (pico: number) => {
  const floor = Math.floor(pico / 1000)
  const rest = pico - floor * 1000
  return rest > 500 || (rest === 500 && floor % 2 === 1) ? floor + 1 : floor
}

const post = (on: Trial, body: unknown) => read(on.fetch('/batches', { method: 'POST', body: JSON.stringify(body) }))

const line = (id: number) => ({
  custom_id: String(id),
  method: 'POST',
  url: '/v1/embeddings',
  body: { model: 'text-embedding-3-small', input: 'x', dimensions: 1 },
})

describe('the emulator', () => {
  test('does the same again for the same seed, and something else for another', async () => {
    const first = await flown(1)
    expect(await flown(1)).toBe(first)
    expect(await flown(2)).not.toBe(first)
  })

  test('stamps every answer with its own time and the headers of the vendor', async () => {
    const on = await trial({ startAt })
    on.emulator.advance(3600)
    const response = await on.fetch('/models')
    expect(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.parse('2026-11-20T09:00:00Z'))).toBeLessThan(
      5000,
    )
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(response.headers.get('openai-organization')).toBe('org-emulated')
    expect(response.headers.get('openai-version')).toBe('2020-10-01')
    expect(Number(response.headers.get('openai-processing-ms'))).toBeGreaterThanOrEqual(0)
  })

  test('shows one and the same course however often it is looked at', async () => {
    const on = await trial({ speed: 20_000 })
    const { id } = await on.submit(chatLines(500))
    const order = ['validating', 'in_progress', 'finalizing', 'completed']
    let last = 0
    let completed = 0
    while (last < 3) {
      const batch = await on.client.batches.retrieve(id)
      expect(order.indexOf(batch.status)).toBeGreaterThanOrEqual(last)
      last = order.indexOf(batch.status)
      expect(batch.request_counts?.completed).toBeGreaterThanOrEqual(completed)
      completed = batch.request_counts?.completed ?? 0
    }
    expect(completed).toBe(500)
  })

  test('keeps payloads in its folder, and removes the folder it made itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-own-'))
    const emulator = await startEmulator({ dir: folder })
    const client = new OpenAI({ baseURL: emulator.baseUrls.openai, apiKey: 'k' })
    await client.files.create({ file: new File([jsonl(chatLines(2))], 'a.jsonl'), purpose: 'batch' })
    expect(await readdir(folder)).toHaveLength(1)
    await emulator.close()
    await access(folder)
    await rm(folder, { recursive: true })
  })

  test('drops a request whose body stands still, and does nothing of it', async () => {
    const on = await trial({ idleBodyTimeoutMs: 150 })
    const { id } = await on.client.files.create({ file: new File([jsonl(chatLines(2))], 'a.jsonl'), purpose: 'batch' })
    const body = JSON.stringify({ input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' })
    const send = (withhold: number, patienceMs: number) =>
      new Promise<string>((resolve) => {
        const socket = connect(on.emulator.port, '127.0.0.1')
        let answer = ''
        const head = `POST /openai/v1/batches HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
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
    expect((await on.client.batches.list()).data).toEqual([])
    expect(await send(1, 20)).toContain('200 OK')
    expect((await on.client.batches.list()).data).toHaveLength(1)
  })

  test('is steered over HTTP', async () => {
    const on = await trial({ startAt, speed: 1e-9 })
    const control = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(`${on.emulator.url}/_emulator/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    expect(await (await fetch(`${on.emulator.url}/healthz`)).json()).toEqual({ status: 'ok' })
    expect((await control('POST', 'clock', { advance: 60 })).body).toMatchObject({ now: '2026-11-20T08:01:00.000Z' })
    expect((await control('POST', 'clock', { advance: -1 })).status).toBe(400)
    expect((await control('POST', 'scenario', { scenario: 'storm-500:times=1' })).body).toMatchObject({
      active: ['storm-500:times=1'],
    })
    expect((await control('POST', 'scenario', ['nonsense'])).status).toBe(400)
    expect((await control('POST', 'scenario', [])).body).toMatchObject({ active: [] })
    expect((await control('GET', 'scenario')).body['scenarios']).toEqual(scenarios)
    const { id } = await on.submit(chatLines(3), '/v1/chat/completions', { redeye: 'key' })
    await on.ended(id)
    const log = (await control('GET', 'log?ids=1')).body as unknown as Awaited<ReturnType<Trial['emulator']['log']>>
    expect(log.acts.map((act) => act.act)).toEqual(['upload', 'create'])
    expect(log.purchases).toMatchObject([
      { id, state: 'completed', lines: 3, executed: 3, billed: 3, metadata: { redeye: 'key' } },
    ])
    expect(log.purchases[0]?.rows?.map((row) => row.customId).sort()).toEqual(['r-0001', 'r-0002', 'r-0003'])
    expect((await control('GET', 'bill')).body).toEqual(await on.emulator.bill())
    expect((await control('GET', 'tally')).body).toMatchObject({ executions: 3, repeated: [] })
    expect((await control('GET', 'nothing')).status).toBe(404)
  })
})

describe('the log judges what was bought', () => {
  test('names a request that was bought twice, whatever id each purchase gave it', async () => {
    const on = await trial()
    await on.submit(chatLines(5))
    const again = chatLines(5).map((line, index) => ({ ...line, custom_id: `second-${index}` }))
    await on.submit(again.slice(0, 2))
    on.emulator.advance(7200)
    const tally = await on.emulator.tally()
    expect(tally).toMatchObject({ submissions: 2, executions: 7, bodies: 5 })
    expect(tally.repeated.map(({ bought }) => bought.map(({ customId }) => customId)).sort()).toEqual([
      ['r-0001', 'second-0'],
      ['r-0002', 'second-1'],
    ])
  })

  test('does not count what was never run', async () => {
    const on = await trial({ scenario: 'expire-partial:0.5' })
    await on.ended((await on.submit(chatLines(10))).id)
    await on.ended((await on.submit(chatLines(10))).id)
    expect(await on.emulator.tally()).toMatchObject({ submissions: 2, executions: 15, bodies: 10 })
  })

  test('records refusals and deletions', async () => {
    const on = await trial()
    await expect(
      on.client.batches.create({ input_file_id: 'f', endpoint: '/v1/x' as '/v1/responses', completion_window: '24h' }),
    ).rejects.toThrow()
    await expect(on.client.files.create({ file: new File(['{}'], 'a.txt'), purpose: 'batch' })).rejects.toThrow()
    const { id } = await on.client.files.create({ file: new File([jsonl(chatLines(1))], 'a.jsonl'), purpose: 'batch' })
    await on.client.files.delete(id)
    expect((await on.emulator.log()).acts.map((act) => act.act)).toEqual([
      'create-refused',
      'upload-refused',
      'upload',
      'delete',
    ])
  })
})

describe('a deleted input file is a fence', () => {
  test('for a batch that is still validating', async () => {
    const on = await trial()
    const batch = await on.submit(chatLines(3))
    await on.client.files.delete(batch.input_file_id)
    const failed = await on.ended(batch.id)
    expect(failed).toMatchObject({
      status: 'failed',
      errors: { data: [{ code: 'invalid_request', param: 'file_id' }] },
    })
    expect((await on.emulator.bill()).entries).toEqual([])
  })

  test('for a create that arrives late', async () => {
    const on = await trial({ scenario: 'create-lands-late:seconds=90' })
    await expect(on.submit(chatLines(3))).rejects.toThrow()
    for (const file of (await on.client.files.list()).data) await on.client.files.delete(file.id)
    on.emulator.advance(200)
    const [late] = (await on.client.batches.list()).data
    expect((await on.ended(late?.id ?? '')).status).toBe('failed')
    expect(await on.emulator.tally()).toMatchObject({ executions: 0 })
  })

  test('but not for one that has begun', async () => {
    const on = await trial()
    const batch = await on.submit(chatLines(3))
    on.emulator.advance(10)
    await on.client.files.delete(batch.input_file_id)
    expect((await on.ended(batch.id)).status).toBe('completed')
    await expect(on.client.batches.create(createOf(batch.input_file_id))).resolves.toMatchObject({
      status: 'validating',
    })
  })
})

describe('the bill', () => {
  interface Counted {
    readonly usage: {
      readonly prompt_tokens: number
      readonly completion_tokens?: number
      readonly prompt_tokens_details?: { readonly cached_tokens: number; readonly cache_write_tokens: number }
    }
  }

  /** Adds up what the rows say, as a customer would. */
  function counted(rows: readonly Row[]) {
    const sum = { input: 0, cached: 0, written: 0, output: 0 }
    for (const row of rows) {
      const body = row.response?.body as unknown as Counted | undefined
      if (!body) continue
      const { usage } = body
      sum.cached += usage.prompt_tokens_details?.cached_tokens ?? 0
      sum.written += usage.prompt_tokens_details?.cache_write_tokens ?? 0
      sum.output += usage.completion_tokens ?? 0
      sum.input += usage.prompt_tokens
    }
    return { ...sum, input: sum.input - sum.cached - sum.written }
  }
  const shared = 'You are a careful clerk. '.repeat(400)
  const withSystem = (count: number, model: string) =>
    chatLines(count).map((line, index) => ({
      ...line,
      body: {
        model,
        messages: [
          { role: 'system', content: shared },
          { role: 'user', content: `Question ${index}` },
        ],
      },
    }))

  test('agrees with the rows, cached tokens at the cached batch price', async () => {
    const on = await trial({ startAt })
    const batch = await on.ended((await on.submit(withSystem(30, 'gpt-5-mini'))).id)
    const { input, cached, output } = counted(await on.rows(batch.output_file_id))
    expect(cached).toBeGreaterThan(29 * 2000)
    expect(await nano(on)).toBe(String(even(input * 125_000) + even(cached * 12_500) + even(output * 1_000_000)))
    expect(batch.usage).toMatchObject({
      input_tokens: input + cached,
      output_tokens: output,
      input_tokens_details: { cached_tokens: cached },
    })
  })

  test('takes cached tokens of gpt-4.1 at the full batch price', async () => {
    const on = await trial({ startAt })
    const batch = await on.ended((await on.submit(withSystem(30, 'gpt-4.1'))).id)
    const { input, cached, output } = counted(await on.rows(batch.output_file_id))
    expect(cached).toBeGreaterThan(0)
    expect(await nano(on)).toBe(String((input + cached) * 1000 + output * 4000))
  })

  test('charges cache writes of newer models', async () => {
    const on = await trial({ startAt })
    const batch = await on.ended((await on.submit(withSystem(30, 'gpt-6.2-sol'))).id)
    const { input, cached, written, output } = counted(await on.rows(batch.output_file_id))
    expect(written).toBeGreaterThan(2000)
    expect(await nano(on)).toBe(String(input * 1000 + cached * 50 + written * 1250 + output * 5000))
  })

  test('moves a long prompt, and only it, to the long-context price', async () => {
    const on = await trial({ startAt })
    const long = { messages: [{ role: 'user', content: 'word '.repeat(220_000) }] }
    const lines = [chatLine('short', { model: 'gpt-6.2-sol' }), chatLine('long', { model: 'gpt-6.2-sol', ...long })]
    await on.ended((await on.submit(lines)).id)
    const units = (await on.emulator.bill()).entries.map(({ kind, unitPicoUsd }) => `${kind} ${unitPicoUsd}`)
    expect(units.sort()).toEqual(['cacheWriteDefault 2500000', 'input 1000000', 'output 5000000', 'output 7500000'])
  })

  test('counts embeddings, failed rows not at all, and duplicates as often as they were bought', async () => {
    const on = await trial({ startAt, scenario: 'rows-400:0.3' })
    const lines = Array.from({ length: 100 }, (_, index) => ({
      custom_id: `e${index}`,
      method: 'POST',
      url: '/v1/embeddings',
      body: { model: 'text-embedding-3-small', input: `text ${index}` },
    }))
    const batch = await on.ended((await on.submit(lines, '/v1/embeddings')).id)
    const rows = await on.rows(batch.output_file_id)
    expect(rows.length).toBeLessThan(100)
    const { input } = counted(rows)
    expect(await nano(on)).toBe(String(input * 10))
    await on.ended((await on.submit(lines, '/v1/embeddings')).id)
    expect(await nano(on)).toBe(String(input * 20))
  })

  test('counts what a cancelled batch had finished', async () => {
    const on = await trial({ startAt, latency: { medianSeconds: 1000, sigma: 0 } })
    const { id } = await on.submit(chatLines(100))
    on.emulator.advance(250)
    await on.client.batches.cancel(id)
    const batch = await on.ended(id, 600)
    const rows = await on.rows(batch.output_file_id)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.length).toBeLessThan(100)
    const { input, output } = counted(rows)
    expect(await nano(on)).toBe(String(input * 125 + output * 1000))
  })

  test('bills an ordinary call at the tier that answered', async () => {
    const on = await trial({ startAt })
    const call = (service_tier: 'flex' | 'priority' | 'auto', content = 'hello') =>
      on.client.chat.completions.create({ model: 'gpt-5.4', service_tier, messages: [{ role: 'user', content }] })
    expect((await call('flex')).service_tier).toBe('flex')
    expect((await call('priority')).service_tier).toBe('priority')
    expect((await call('auto')).service_tier).toBe('default')
    expect((await call('flex', 'word '.repeat(220_000))).service_tier).toBe('default')
    const tiers = new Set((await on.emulator.bill()).entries.map(({ tier, batch }) => `${batch} ${tier}`))
    expect(tiers).toEqual(new Set(['null flex', 'null priority', 'null standard']))
    await expect(
      on.client.chat.completions.create({ model: 'gpt-4.1', service_tier: 'flex', messages: [] }),
    ).rejects.toBeInstanceOf(BadRequestError)
  })
})

describe('the limits of the vendor', () => {
  const create = { input_file_id: 'file-x', endpoint: '/v1/chat/completions', completion_window: '24h' }

  test('on a create are told at once', async () => {
    const on = await trial()
    const codeOf = async (body: unknown) => (await post(on, body)).error.code
    expect(await codeOf('text')).toBeNull()
    expect(await codeOf({ ...create, completion_window: '48h' })).toBe('invalid_value')
    expect(await codeOf({ ...create, extra: 1 })).toBe('unknown_parameter')
    expect(await codeOf({ ...create, input_file_id: 7 })).toBe('invalid_type')
    expect(await codeOf({ ...create, metadata: [] })).toBe('invalid_type')
    expect(await codeOf({ ...create, metadata: { a: 'x'.repeat(513) } })).toBe('string_above_max_length')
    expect(await codeOf({ ...create, metadata: { ['k'.repeat(65)]: 'x' } })).toBe('property_name_above_max_length')
    expect(
      await codeOf({ ...create, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, 'x'])) }),
    ).toBe('object_above_max_properties')
    expect(await codeOf({ ...create, output_expires_after: { anchor: 'created_at', seconds: 60 } })).toBe(
      'integer_below_min_value',
    )
    expect(await codeOf({ ...create, output_expires_after: { anchor: 'now', seconds: 7200 } })).toBe('invalid_value')
  })

  test('on a file are told by the batch: 50,000 lines, 50,000 embedding inputs', async () => {
    const on = await trial()
    const many = await on.submit(
      Array.from({ length: 50_001 }, (_, index) => line(index)),
      '/v1/embeddings',
    )
    expect((await on.ended(many.id, 60)).errors?.data).toMatchObject([{ code: 'too_many_tasks', line: null }])
    const inputs = Array.from({ length: 2000 }, () => 'x')
    const wide = Array.from({ length: 26 }, (_, index) => ({
      ...line(index),
      body: { model: 'text-embedding-3-small', input: inputs, dimensions: 1 },
    }))
    const batch = await on.ended((await on.submit(wide, '/v1/embeddings')).id, 60)
    expect(batch.errors?.data?.[0]?.message).toContain('52000')
    expect((await on.ended((await on.submit(wide.slice(1), '/v1/embeddings')).id)).status).toBe('completed')
  })

  test('on creations: 2,000 an hour', async () => {
    const on = await trial()
    for (let index = 0; index < 2000; index++) await post(on, create)
    expect((await post(on, create)).error.code).toBe('rate_limit_exceeded')
    on.emulator.advance(3601)
    expect((await post(on, create)).status).toBe('validating')
  })

  test('a file may have an odd line end, a blank line and any string as id', async () => {
    const on = await trial()
    const ids = ['a/b\n"c"', '☃ 🚀', 'x'.repeat(2000), ' ']
    const text = `${ids.map((id) => JSON.stringify(chatLine(id))).join('\r\n')}\n\n   \n`.replace('   \n', '')
    const { id } = await on.client.files.create({ file: new File([text], 'odd.JSONL'), purpose: 'batch' })
    const batch = await on.client.batches.create({ ...create, input_file_id: id } as never)
    const rows = await on.rows((await on.ended(batch.id)).output_file_id)
    expect(rows.map((row) => row.custom_id).sort()).toEqual(ids.toSorted())
  })

  test('a line that is not UTF-8 is not JSON, and ten thousand levels are', async () => {
    const on = await trial()
    const latin = Buffer.from(JSON.stringify(chatLine('é')), 'latin1')
    const { id } = await on.client.files.create({
      file: new File([jsonl([chatLine('a')]), latin], 'a.jsonl'),
      purpose: 'batch',
    })
    const failed = await on.ended((await post(on, { ...create, input_file_id: id })).id, 60)
    expect(failed.errors?.data).toMatchObject([{ code: 'invalid_json_line', line: 2 }])
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    const line = JSON.stringify(chatLine('deep')).replace('"model"', `"extra":${deep},"model"`)
    const file = await on.client.files.create({ file: new File([line], 'b.jsonl'), purpose: 'batch' })
    expect((await on.ended((await post(on, { ...create, input_file_id: file.id })).id)).request_counts?.completed).toBe(
      1,
    )
  })

  test('results are gone after 30 days, or when the batch said so', async () => {
    const on = await trial()
    const first = await on.submit(chatLines(1))
    const second = await post(on, {
      ...create,
      input_file_id: first.input_file_id,
      output_expires_after: { anchor: 'created_at', seconds: 3600 },
    })
    on.emulator.advance(3000)
    const [a, b] = [await on.client.batches.retrieve(first.id), await on.client.batches.retrieve(second.id)]
    expect(await on.rows(b.output_file_id)).toHaveLength(1)
    on.emulator.advance(3700)
    await expect(on.rows(b.output_file_id)).rejects.toBeInstanceOf(NotFoundError)
    expect(await on.rows(a.output_file_id)).toHaveLength(1)
    on.emulator.advance(30 * 86_400)
    await expect(on.rows(a.output_file_id)).rejects.toBeInstanceOf(NotFoundError)
  })
})
