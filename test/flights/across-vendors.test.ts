import { describe, expect, test } from 'vitest'
import { BadInput } from '../../src/index.ts'
import { chats, type Field, field, fly, messages, outputLines, type RequestLine } from './field.ts'
import { judge } from './judge.ts'

const idsOf = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

/** Every vendor by one model of it. */
const models = {
  openai: 'gpt-5.4-mini',
  anthropic: 'claude-haiku-4-5',
  gemini: 'gemini/gemini-3.5-flash',
  vertex: 'vertex/gemini-3.5-flash',
} as const

interface Choice {
  readonly message: { readonly content: string }
  readonly finish_reason: string
}

async function closed(on: Field, job: Awaited<ReturnType<typeof fly>>, requests: readonly { custom_id: string }[]) {
  const lines = await outputLines(job)
  const { faults } = await judge(on.emulator, [{ ids: idsOf(requests), receipt: await job.receipt(), lines }])
  expect(faults).toEqual([])
  return lines
}

describe.concurrent('one file of chat requests', () => {
  test.for(Object.entries(models))(
    'flies on %s by the name of its model',
    { timeout: 60_000 },
    async ([vendor, model]) => {
      await using on = await field({ cloud: true })
      const gemini = { GEMINI_API_KEY: 'test-flight', GOOGLE_GEMINI_BASE_URL: on.emulator.baseUrls.gemini }
      const redeye = await on.open({ env: { ...on.env, ...gemini } })
      const requests = chats(40, { max_tokens: 500, temperature: 0 })
      const job = await fly(redeye, requests, { model })
      const lines = await closed(on, job, requests)
      for (const { response } of lines) {
        expect(response?.status_code).toBe(200)
        const [choice] = (response?.body['choices'] ?? []) as Choice[]
        expect(choice).toMatchObject({ message: { role: 'assistant' }, finish_reason: expect.any(String) })
        expect(choice?.message.content).toMatch(/\w/)
        expect(response?.body['usage']).toMatchObject({ prompt_tokens: expect.any(Number) })
      }
      expect((await job.submissions()).map(({ lane }) => lane)).toEqual([`${vendor}/batch`])
    },
  )

  test('may mix models of several vendors', { timeout: 60_000 }, async () => {
    await using on = await field()
    const redeye = await on.open()
    const requests = chats(60).map((line, index): RequestLine => {
      const model = ['gpt-5.4-mini', 'claude-haiku-4-5', 'anthropic/claude-sonnet-5'][index % 3] as string
      return { ...line, body: { ...line.body, model, max_tokens: 400 } }
    })
    const job = await fly(redeye, requests)
    expect(idsOf(await closed(on, job, requests))).toEqual(idsOf(requests))
    const lanes = (await job.submissions()).map(({ lane, model }) => `${lane} ${model}`)
    expect(lanes.sort()).toEqual([
      'anthropic/batch claude-haiku-4-5',
      'anthropic/batch claude-sonnet-5',
      'openai/batch gpt-5.4-mini',
    ])
  })

  test('is translated in many pieces, each answer under the id of its request', { timeout: 120_000 }, async () => {
    await using on = await field()
    const redeye = await on.open()
    const filler = 'x'.repeat(1500)
    const requests = chats(2500, { max_tokens: 300 }).map((line, index): RequestLine => {
      const content = `${filler} Repeat after me: ${line.custom_id}`
      const model = index % 5 === 0 ? 'gpt-5.4-mini' : 'claude-haiku-4-5'
      return { ...line, body: { ...line.body, model, messages: [{ role: 'user', content }] } }
    })
    const job = await fly(redeye, requests)
    expect(idsOf(await closed(on, job, requests))).toEqual(idsOf(requests))
    const sent = new Map<string, number>()
    for (const { vendor, lines } of (await on.emulator.log()).purchases)
      sent.set(vendor, (sent.get(vendor) ?? 0) + lines)
    expect(Object.fromEntries(sent)).toEqual({ openai: 499, anthropic: 1999 }) // one of each went ahead of the others
  })

  test('that a vendor cannot be told is refused with its line and path, and nothing is sent', async () => {
    await using on = await field()
    const redeye = await on.open()
    const requests = chats(5).map((line, index): RequestLine => {
      return index === 3 ? { ...line, body: { ...line.body, logit_bias: { '50256': -100 } } } : line
    })
    const refused = await redeye.submit(requests, { model: 'claude-haiku-4-5' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect((refused as BadInput).problems).toEqual([
      expect.objectContaining({ line: 4, message: expect.stringContaining('logit_bias cannot be said in anthropic') }),
    ])
    expect((await on.emulator.log()).purchases).toEqual([])
  })
})

test("a file of Anthropic's lines flies on OpenAI, and its answers come back as Anthropic's", {
  timeout: 60_000,
}, async () => {
  await using on = await field()
  const redeye = await on.open()
  const requests = messages(40, { max_tokens: 4000 })
  const job = await fly(redeye, requests, { model: 'gpt-5.4-mini' })
  const lines = await closed(on, job, requests)
  for (const { result } of lines) {
    expect(result).toMatchObject({
      type: 'succeeded',
      message: { type: 'message', role: 'assistant', content: [{ type: 'text', text: expect.stringMatching(/\w/) }] },
    })
  }
})

test('a table with a schema flies on another vendor, and its answers are checked against it', {
  timeout: 60_000,
}, async () => {
  await using on = await field()
  const redeye = await on.open()
  const rows = Array.from({ length: 30 }, (_, index) => ({ text: `Row ${index}` }))
  const schema = {
    type: 'object',
    properties: { label: { type: 'string', enum: ['a', 'b'] }, score: { type: 'number', minimum: 0, maximum: 1 } },
    required: ['label', 'score'],
    additionalProperties: false,
  }
  const job = await fly(redeye, rows, { prompt: 'Classify {{text}}', schema, model: 'claude-haiku-4-5' })
  for await (const { answer, outcome } of job.results()) {
    expect(outcome).toBe('succeeded')
    expect(answer).toMatchObject({ label: expect.stringMatching(/^[ab]$/), score: expect.any(Number) })
  }
})

test('a variable with nonsense in it stops the jobs of its own vendor only', { timeout: 60_000 }, async () => {
  await using on = await field({ cloud: true })
  const redeye = await on.open({ env: { ...on.env, REDEYE_VERTEX_BUCKET: 'gs://No Such Bucket' } })
  await closed(on, await fly(redeye, chats(5)), chats(5))
  const refused = redeye.submit(chats(5), { model: models.vertex })
  await expect(refused).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('it is no bucket') })
})
