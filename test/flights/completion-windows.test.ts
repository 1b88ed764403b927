import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'vitest'
import type { AccountConfig } from '../../src/index.ts'
import { chats, field, fly, outputLines, until } from './field.ts'

const requests = chats(5, { model: 'gpt-6.2-sol' })

describe.concurrent('A completion window', () => {
  test('is quoted between batch and standard, for comparison', async ({ expect }) => {
    await using on = await field()
    const { lanes } = await (await on.open()).quote(requests)
    expect(lanes.map(({ lane, flyable }) => [lane, flyable])).toEqual([
      ['openai/batch', true],
      ['openai/completion-window-8h', false],
      ['openai/completion-window-2h', false],
      ['openai/standard', false],
      ['openai/priority', false],
    ])
    const high = lanes.map(({ usd }) => Number(usd.high))
    expect(high[2]).toBeGreaterThan(high[1] ?? 0)
    expect(high[3]).toBeGreaterThan(high[2] ?? 0)
    expect(lanes[1]?.notes.join()).toMatch(/wire field unpublished/i)
  })

  test('is refused for purchase without its wire field, and nothing is sent', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await expect(redeye.submit(requests, { ladder: ['completion-window-8h'] })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringMatching(/^Nothing was sent.*completionWindowField/),
    })
    expect((await on.emulator.log()).purchases).toEqual([])
  })
})

/** OpenAI's responses in the background, as its guide has them: taken at once, answered when the test says so. */
async function background() {
  const taken = new Map<string, { readonly body: Record<string, unknown>; looks: number; cancelled: boolean }>()
  const self = { answers: true }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const say = (status: number, json: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    const [, id = '', act] = /^\/v1\/responses\/([^/]+)(\/cancel)?$/.exec(request.url ?? '') ?? []
    if (request.method === 'POST' && request.url === '/v1/responses') {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      const name = `resp_${taken.size + 1}`
      taken.set(name, { body, looks: 0, cancelled: false })
      return say(200, { id: name, object: 'response', status: 'queued', background: true, output: [], usage: null })
    }
    const one = taken.get(id)
    if (one === undefined)
      return say(404, { error: { message: 'not found', type: 'invalid_request_error', code: null } })
    if (act !== undefined) one.cancelled = true
    else one.looks++
    const done = self.answers && one.looks > 1
    say(200, {
      id,
      object: 'response',
      status: one.cancelled ? 'cancelled' : done ? 'completed' : 'in_progress',
      background: true,
      model: 'gpt-6.2-sol',
      service_tier: 'default',
      output: done ? [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] }] : [],
      usage: done ? { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 } : null,
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    taken,
    set answers(value: boolean) {
      self.answers = value
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const responses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `r-${index}`,
    method: 'POST' as const,
    url: '/v1/responses',
    body: { model: 'gpt-6.2-sol', input: `Number ${index}?`, max_output_tokens: 100 },
  }))

const accountAt = (baseUrl: string): AccountConfig => ({
  name: 'windows',
  provider: 'openai',
  apiKeyEnv: 'OPENAI_API_KEY',
  baseUrl,
  completionWindowField: 'background_options.completion_window',
})
const how = { model: 'windows/gpt-6.2-sol', ladder: ['completion-window-8h'] } as const

describe.concurrent('A completion window whose wire field an account names', () => {
  test('is bought: each request is taken once, asked for until it is answered, and charged at the price of the window', async ({
    expect,
  }) => {
    await using on = await field({ speed: 60 })
    await using vendor = await background()
    const redeye = await on.open({ config: { accounts: [accountAt(vendor.url)] } })
    const job = await fly(redeye, responses(20), how)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
    expect(vendor.taken.size).toBe(20)
    for (const { body } of vendor.taken.values())
      expect(body).toMatchObject({
        background: true,
        background_options: { completion_window: '8h' },
        model: 'gpt-6.2-sol',
      })
    // 1.2 and 6 USD a million.
    expect(Number(receipt.usd.charged)).toBeCloseTo(20 * (1000 * 1.2e-6 + 100 * 6e-6), 12)
    expect(receipt.lanes).toMatchObject([{ lane: 'openai/completion-window-8h', requests: 20 }])
    const lines = await outputLines(job)
    expect(lines.map(({ response }) => response?.body['status'])).toEqual(Array(20).fill('completed'))
  })

  test('is not bought with an account that does not', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open({ config: { accounts: [accountAt('http://127.0.0.1:9/v1')] } })
    const submit = redeye.submit(responses(3), { ...how, model: 'openai/gpt-6.2-sol' })
    // Both accounts are OpenAI's; the environment's own comes first, and has no such member.
    await expect(submit).rejects.toMatchObject({ hint: expect.stringMatching(/completionWindowField/) })
  })

  test('goes on after an interruption with what was taken, and sends nothing twice', async ({ expect }) => {
    await using on = await field({ speed: 60 })
    await using vendor = await background()
    vendor.answers = false
    const options = { config: { accounts: [accountAt(vendor.url)] } }
    const first = await on.open(options)
    const job = await first.submit(responses(10), how)
    const stop = new AbortController()
    const waiting = job.wait({ signal: stop.signal }).catch((error: unknown) => error)
    await until(() => [...vendor.taken.values()].filter(({ looks }) => looks > 0).length === 10)
    stop.abort()
    await waiting
    vendor.answers = true
    const receipt = await (await on.open(options)).job(job.id).wait()
    expect(receipt.requests).toMatchObject({ total: 10, succeeded: 10 })
    expect(receipt.usd.unproven).toBe('0')
    expect(vendor.taken.size).toBe(10)
  })

  test('is withdrawn when the job is cancelled, and what that leaves in doubt stands as unproven', async ({
    expect,
  }) => {
    await using on = await field({ speed: 60 })
    await using vendor = await background()
    vendor.answers = false
    const redeye = await on.open({ config: { accounts: [accountAt(vendor.url)] } })
    const job = await redeye.submit(responses(5), how)
    const waiting = job.wait().catch((error: unknown) => error)
    await until(() => vendor.taken.size === 5)
    const receipt = await job.cancel()
    await waiting
    expect(receipt.requests).toMatchObject({ total: 5, cancelled: 5 })
    expect([...vendor.taken.values()].map(({ cancelled }) => cancelled)).toEqual(Array(5).fill(true))
    expect(Number(receipt.usd.unproven)).toBeGreaterThan(0)
  })
})
