import { writeFile } from 'node:fs/promises'
import { describe, test } from 'vitest'
import { BadInput, type Job, UsageError } from '../../src/index.ts'
import {
  chats,
  contents,
  eventTypes,
  type Field,
  field,
  fly,
  idOf,
  jsonl,
  messages,
  type Named,
  outputLines,
  outputText,
} from './field.ts'
import { DAY_FAST } from './fly-through.ts'
import { judge, nano } from './judge.ts'

const ids = (lines: readonly Named[]): string[] => lines.map(idOf)

const faultsOf = async (on: Field, job: Job, requests: readonly Named[]) =>
  (await judge(on.emulator, [{ ids: ids(requests), receipt: await job.receipt(), lines: await outputLines(job) }]))
    .faults

const embeddings = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    key: `e-${index}`,
    request: {
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text: `text number ${index}` }] },
      output_dimensionality: 4,
      ...more,
    },
  }))

describe.concurrent("a job of Gemini's lines", () => {
  test('is split by model, and comes back in order, in the same shape, under its own keys', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const strange = ['new\nline', 'a/b\\c', '😀', 'x'.repeat(200), ' ', 'quote"']
    const models = ['models/gemini-3.5-flash', 'gemini-3.5-flash', 'gemini-2.5-flash-lite']
    const requests = contents(90).map(({ key, request }, index) => ({
      key: strange[index] ?? key,
      request: { ...request, model: models[index % 3] },
    }))
    const job = await fly(redeye, requests)
    const lines = await outputLines(job)
    expect(ids(lines)).toEqual(ids(requests))
    for (const line of lines) expect(Object.keys(line)).toEqual(['key', 'response'])
    const answers: unknown[] = []
    for await (const { id, answer } of job.results()) answers.push(id, typeof answer)
    expect(answers).toEqual(ids(requests).flatMap((id) => [id, 'string']))
    // With `models/` before it or without, it is one model.
    expect((await job.submissions()).map(({ model }) => model).sort()).toEqual([
      'gemini-2.5-flash-lite',
      'gemini-3.5-flash',
    ])
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('of embeddings flies by its own method', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = embeddings(40)
    const job = await fly(redeye, requests)
    for (const { response } of await outputLines(job)) {
      const { embedding } = response as unknown as { embedding: { values: number[] } }
      expect(embedding.values).toHaveLength(4)
    }
    const { purchases } = await on.emulator.log()
    expect(purchases.map(({ endpoint }) => endpoint)).toEqual(['asyncBatchEmbedContent'])
    expect(Object.keys((await job.receipt()).tokens)).toEqual(['input'])
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test("flies beside OpenAI's and Anthropic's lines of the same file, each with its vendor", {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({ scenario: 'expire-none:times=always', speed: DAY_FAST })
    const redeye = await on.open()
    const requests = [...chats(3), ...contents(3, {}, 100), ...messages(3, {}, 200), ...contents(3, {}, 300)]
    const job = await fly(redeye, requests, { retries: 0 })
    const lines = await outputLines(job)
    expect(ids(lines)).toEqual(ids(requests))
    // What was never run has its row in the dialect of its line.
    expect(lines.filter(({ key }) => key !== undefined).map(({ error }) => error)).toEqual(
      Array.from({ length: 6 }, () =>
        expect.objectContaining({ code: 4, message: expect.stringContaining('expired') }),
      ),
    )
    expect((await job.receipt()).lanes.map(({ lane }) => lane).sort()).toEqual([
      'anthropic/batch',
      'gemini/batch',
      'openai/batch',
    ])
  })

  test('that name no model fly on the one that is named for them, and on none without', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = contents(20, { model: undefined }).map(({ key, request }, index) => ({
      key,
      // One of them has another, which is replaced.
      request: index === 7 ? { ...request, model: 'models/gemini-2.5-pro' } : request,
    }))
    const refused = await redeye.submit(requests).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(UsageError)
    expect(refused).toMatchObject({ exitCode: 2, hint: expect.stringContaining('--model') })
    expect((await on.emulator.log()).acts).toEqual([])
    const job = await fly(redeye, requests, { model: 'gemini-3.5-flash' })
    expect((await on.emulator.log()).purchases.map(({ model }) => model)).toEqual(
      (await job.submissions()).map(() => 'gemini-3.5-flash'),
    )
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('may speak snake_case, and its answers come as the vendor gave them', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = contents(20, { generationConfig: undefined }).map(({ key, request }) => ({
      key,
      request: {
        ...request,
        system_instruction: { parts: [{ text: 'Be brief.' }] },
        generation_config: { max_output_tokens: 3000 },
      },
    }))
    const job = await fly(redeye, requests)
    expect(await outputText(job)).toMatch(/^\{"key":"q-0","response":\{"candidates":\[/)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('pays thoughts as output, and what the cache spared at its own price', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = contents(40, { systemInstruction: { parts: [{ text: 'Be brief. '.repeat(4000) }] } })
    const job = await fly(redeye, requests)
    const { tokens, usd } = await job.receipt()
    const { entries } = await on.emulator.bill()
    expect(Object.fromEntries(entries.map(({ kind, tokens: count }) => [kind, Number(count)]))).toEqual(tokens)
    expect(Object.keys(tokens).sort()).toEqual(['cachedInput', 'input', 'output'])
    expect(Number(usd.quotedHigh)).toBeGreaterThan(Number(usd.charged))
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('with bad lines is refused with their numbers, and nothing is sent', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const { request } = contents(1)[0] as { request: { contents: unknown } }
    const text = jsonl([
      { key: 'a', request },
      { custom_id: 'b', request },
      { key: 'c', custom_id: 'c', request },
      { key: 4, request },
      { request },
      { key: 'f', request: { model: 'm' } },
      { key: 'g', request: { contents: 'Hi' } },
      { key: 'h', request: { content: {}, contents: [] } },
      { key: 'i', request: { content: 'Hi' } },
      { key: 'j', request, url: '/v1/chat/completions' },
      { key: 'k', request, body: {} },
      { key: 'l', request: 'Hi' },
      { key: 'm', params: { model: 'm', messages: [] } },
      { key: 'a', request },
    ])
    await writeFile(on.path('bad.jsonl'), text)
    const refused = await redeye.submit(on.path('bad.jsonl')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect((refused as BadInput).problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '2 "custom_id" has no place in a line with "request"; write {"key": …, "request": {…}}',
      '3 "custom_id" has no place in a line with "request"; write {"key": …, "request": {…}}',
      '4 "key" must be a string',
      '5 "key" is missing',
      '6 "request.contents" is missing',
      '7 "request.contents" must be an array',
      '8 "request.contents" and "request.content" are in one line; it can have one of them',
      '9 "request.content" must be an object',
      '10 "url" has no place in a line with "request"',
      '11 "request" and "body" are in one line; it can have one of them',
      '12 "request" must be an object',
      '13 "custom_id" is missing; a line with "params" has that instead of "key"',
      expect.stringMatching(/^14 duplicate key "a", first used at .*bad\.jsonl:1$/),
    ])
    expect((await on.emulator.log()).acts).toEqual([])
  })

  test('takes its key from either variable, and its base URL with a slash at the end', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const keyless = await on.open({ env: { ...on.env, GEMINI_API_KEY: '' } })
    const job = await keyless.submit(contents(5))
    const held = await job.wait().catch((error: unknown) => error)
    expect(held).toMatchObject({ code: 'held_credentials', exitCode: 4 })
    expect((held as Error).message).toContain('GEMINI_API_KEY')
    await keyless.close()
    const { GOOGLE_GEMINI_BASE_URL: baseUrl = '' } = on.env
    const env = { ...on.env, GEMINI_API_KEY: '', GOOGLE_API_KEY: 'AIza-other', GOOGLE_GEMINI_BASE_URL: `${baseUrl}/` }
    const redeye = await on.open({ env })
    expect((await redeye.job(job.id).wait()).requests.succeeded).toBe(5)
  })
})

describe.concurrent('a purchase at Gemini', () => {
  test('that expires after two days is made again, and what it may have cost stands beside the charge', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({ scenario: 'expire-billed:share=0.5', speed: DAY_FAST })
    const redeye = await on.open()
    const requests = contents(40)
    const job = await fly(redeye, requests)
    const { requests: ended, usd } = await job.receipt()
    expect(ended.succeeded).toBe(40)
    const bill = BigInt((await on.emulator.bill()).nanoUsd)
    expect(nano(usd.charged ?? '')).toBeLessThan(bill)
    expect(nano(usd.charged ?? '') + nano(usd.unproven)).toBeGreaterThanOrEqual(bill)
    expect(await eventTypes(job)).toEqual(expect.arrayContaining(['ended', 'collected', 'retry', 'bought']))
  })

  test('that is too large for the queue of a small account is cut to what small accounts have', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field({ scenario: 'gemini/enqueued-token-limit:tokens=3000000' })
    const redeye = await on.open()
    const words = 'Read this twice. '.repeat(16_000)
    const requests = contents(60).map(({ key, request }) => ({
      key,
      request: { ...request, contents: [{ role: 'user', parts: [{ text: `${key} ${words}` }] }] },
    }))
    const job = await fly(redeye, requests)
    const events = await eventTypes(job)
    expect(events.filter((type) => type === 'recut')).toHaveLength(1)
    expect(events.filter((type) => type === 'refused').length).toBeLessThan(2) // the other piece, once
    expect((await job.receipt()).requests.succeeded).toBe(60)
    expect(await faultsOf(on, job, requests)).toEqual([])
  })

  test('leaves no file behind', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, contents(20))
    const listed = await fetch(`${on.env['GOOGLE_GEMINI_BASE_URL']}/v1beta/files`, {
      headers: { 'x-goog-api-key': 'AIza-test-flight' },
    })
    expect(await listed.json()).toEqual({})
    expect(await eventTypes(job)).not.toContain('trouble')
  })
})
