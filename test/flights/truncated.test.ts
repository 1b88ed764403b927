import { describe, expect, test } from 'vitest'
import { HOUR } from '../../src/kit/clock.ts'
import { chats, contents, type FieldOptions, field, fly, idOf, messages, type Named, outputLines } from './field.ts'
import { judge } from './judge.ts'

/** The requests of OpenAI's chats in the words of Responses. */
const responses = (count: number, more: Readonly<Record<string, unknown>>) =>
  chats(count).map(({ custom_id, method, body: { model, messages: input } }) => ({
    custom_id,
    method,
    url: '/v1/responses',
    body: { model, input, ...more },
  }))

interface Ground {
  readonly name: string
  readonly input: readonly Named[]
  readonly settings: { readonly model?: string; readonly ladder?: readonly ['standard'] }
  readonly options: FieldOptions
}

/** Each vendor, each word for it. */
const grounds: readonly Ground[] = [
  { name: 'OpenAI in chats', input: chats(20, { max_tokens: 6 }), settings: {}, options: {} },
  { name: 'OpenAI in responses', input: responses(20, { max_output_tokens: 6 }), settings: {}, options: {} },
  { name: 'Anthropic', input: messages(20, { max_tokens: 6 }), settings: {}, options: {} },
  {
    name: 'Gemini',
    input: contents(20, { generationConfig: { topK: 3, maxOutputTokens: 6 } }),
    settings: {},
    options: {},
  },
  {
    name: 'Gemini on Vertex',
    input: contents(20, { generationConfig: { maxOutputTokens: 6 } }),
    settings: { model: 'vertex/gemini-3.5-flash' },
    options: { cloud: true },
  },
  {
    name: 'Claude on Vertex',
    input: messages(20, { max_tokens: 6 }),
    settings: { model: 'vertex/claude-sonnet-4-6' },
    options: { cloud: true },
  },
  {
    name: 'OpenAI, asked by Anthropic lines',
    input: messages(20, { max_tokens: 6 }),
    settings: { model: 'gpt-5.4-mini' },
    options: {},
  },
  {
    name: 'Gemini, one by one',
    input: contents(20, { generationConfig: { maxOutputTokens: 6 } }),
    settings: { ladder: ['standard'] },
    options: { speed: 300 },
  },
]

/** How long the answers are. */
const sizes = async (job: Parameters<typeof outputLines>[0]): Promise<number[]> =>
  (await outputLines(job)).map((line) => JSON.stringify(line).length)

describe.concurrent.each(grounds)('an answer of $name that its limit cuts off', ({ input, settings, options }) => {
  test('stays as it is, succeeded, and is counted', { timeout: 60_000 }, async () => {
    await using on = await field(options)
    const job = await fly(await on.open(), input, settings)
    const { requests, submissions } = await job.receipt()
    expect(requests).toMatchObject({ total: 20, succeeded: 20, truncated: 20 })
    expect(submissions).toBe(1)
  })

  test('is asked for again with twice the limit until it is whole', { timeout: 60_000 }, async () => {
    await using on = await field(options)
    const job = await fly(await on.open(), input, { ...settings, onTruncated: 'grow', retries: 8 })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20, truncated: 0 })
    expect(receipt.submissions).toBeGreaterThan(2)
    const lines = await outputLines(job)
    // Both are paid, and no two of them are the same request.
    expect((await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])).faults).toEqual([])
  })
})

test('what stays cut off after the last round is the longest that came', { timeout: 60_000 }, async () => {
  await using on = await field()
  const redeye = await on.open()
  const input = messages(40, { max_tokens: 2 })
  const kept = await sizes(await fly(redeye, input))
  const job = await fly(redeye, input, { onTruncated: 'grow', retries: 1 })
  const { requests } = await job.receipt()
  expect(requests.succeeded).toBe(40)
  expect(requests.truncated).toBeGreaterThan(0)
  const grown = await sizes(job)
  expect(grown.filter((size, at) => size <= (kept[at] as number))).toEqual([])
})

test('what is at the limit of its model is not asked for again', { timeout: 60_000 }, async () => {
  await using on = await field({ scenario: 'anthropic/rows-cut:share=1' })
  const input = messages(10, { max_tokens: 64_000 })
  const job = await fly(await on.open(), input, { onTruncated: 'grow' })
  const { requests, submissions } = await job.receipt()
  expect(requests).toMatchObject({ succeeded: 10, truncated: 10 })
  expect(submissions).toBe(1)
})

test('requests that fail in passing fly beside those that grow, each with its own limit', {
  timeout: 60_000,
}, async () => {
  await using on = await field({ scenario: 'openai/rows-429:share=0.5' })
  const input = [...chats(20, { max_tokens: 6 }), ...chats(20, {}, 20)]
  const job = await fly(await on.open(), input, { onTruncated: 'grow', retries: 20 })
  const receipt = await job.receipt()
  expect(receipt.requests).toMatchObject({ total: 40, succeeded: 40, truncated: 0 })
  const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
  expect(faults).toEqual([])
})

test('a table whose answers are cut off gets whole ones, and they fit the schema', { timeout: 60_000 }, async () => {
  await using on = await field()
  const rows = Array.from({ length: 20 }, (_, index) => ({ text: `Word ${index}` }))
  const schema = { type: 'object', properties: { label: { type: 'string' } }, required: ['label'] }
  const ask = { prompt: 'Label: {{text}}', model: 'gpt-5.4-mini', schema, params: { max_completion_tokens: 4 } }
  const redeye = await on.open()
  const kept = await (await fly(redeye, rows, ask)).receipt()
  expect(kept.requests).toMatchObject({ succeeded: 20, invalid: 20, truncated: 20 })
  const grown = await (await fly(redeye, rows, { ...ask, onTruncated: 'grow', retries: 9 })).receipt()
  expect(grown.requests).toMatchObject({ succeeded: 20, invalid: 0, truncated: 0 })
})

test('they grow in time for a deadline', { timeout: 60_000 }, async () => {
  await using on = await field({ speed: 600 })
  const redeye = await on.open()
  const input = chats(60, { max_tokens: 6 })
  const by = new Date(redeye.now() + 6 * HOUR)
  const job = await fly(redeye, input, { onTruncated: 'grow', retries: 8, by })
  const receipt = await job.receipt()
  expect(receipt.requests).toMatchObject({ total: 60, succeeded: 60, truncated: 0 })
  expect(receipt.metDeadline).toBe(true)
  const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines: await outputLines(job) }])
  expect(faults).toEqual([])
})

test('they are not split, and it is said why', async () => {
  await using on = await field()
  const redeye = await on.open()
  await expect(redeye.submit(chats(1), { onTruncated: 'split' })).rejects.toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: expect.stringContaining('cannot be split'),
  })
})
