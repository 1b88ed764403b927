import { ApiError, GoogleGenAI, JobState } from '@google/genai'
import { GoogleGenAI as GoogleGenAI2 } from 'genai-sdk-2'
import { describe, expect, test } from 'vitest'
import { embedLines, flash, folder, jsonl, lines, rowsOf, type Trial, trial } from './gemini-trial.ts'

/** Both generations of the client, seen as the newer one; what tests call is the same in both. */
const generations: [string, (base: string, key?: string) => GoogleGenAI][] = [
  ['3.x', (baseUrl, apiKey = 'AIza-test') => new GoogleGenAI({ apiKey, httpOptions: { baseUrl } })],
  [
    '2.x',
    (baseUrl, apiKey = 'AIza-test') => new GoogleGenAI2({ apiKey, httpOptions: { baseUrl } }) as unknown as GoogleGenAI,
  ],
]

async function uploaded(client: GoogleGenAI, input: readonly object[]): Promise<string> {
  const files = await folder()
  await files.put(files.path('input.jsonl'), jsonl(input))
  const file = await client.files.upload({
    file: files.path('input.jsonl'),
    config: { mimeType: 'application/jsonl', displayName: 'input.jsonl' },
  })
  return file.name ?? ''
}

async function ended(on: Trial, client: GoogleGenAI, name: string | undefined, seconds = 7_200) {
  on.emulator.advance(seconds)
  return client.batches.get({ name: name ?? '' })
}

describe.each(generations)('the official @google/genai client %s, unmodified', (_, make) => {
  test('flies a batch from upload to answers', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const src = await uploaded(client, lines(20))
    const created = await client.batches.create({ model: flash, src, config: { displayName: 'first' } })
    expect(created).toMatchObject({ state: JobState.JOB_STATE_PENDING, displayName: 'first' })
    const batch = await ended(on, client, created.name)
    expect(batch.state).toBe(JobState.JOB_STATE_SUCCEEDED)
    const files = await folder()
    await client.files.download({ file: batch.dest?.fileName ?? '', downloadPath: files.path('out.jsonl') })
    const read = async () => rowsOf(await files.get(files.path('out.jsonl'), 'utf8'))
    await expect.poll(async () => (await read().catch(() => [])).length).toBe(20)
    const keys = (await read()).map((row) => row.key)
    expect(keys.toSorted()).toEqual(lines(20).map(({ key }) => key))
    expect(keys).not.toEqual(lines(20).map(({ key }) => key))
    expect(Number((await on.emulator.bill()).vendors['gemini']?.nanoUsd)).toBeGreaterThan(0)
  })

  test('flies an inline batch, whose answers come in the order of the requests', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const src = ['one', 'two', 'three'].map((text) => ({
      contents: [{ role: 'user', parts: [{ text: `Say ${text}` }] }],
      metadata: { key: text },
      config: { systemInstruction: 'Be brief.', temperature: 0.2 },
    }))
    const created = await client.batches.create({ model: flash, src })
    const batch = await ended(on, client, created.name)
    expect(batch.dest?.inlinedResponses?.map((item) => item.metadata?.['key'])).toEqual(['one', 'two', 'three'])
    expect(batch.dest?.inlinedResponses?.[0]?.response?.candidates?.[0]?.content?.parts?.[0]?.text).toMatch(/\w/)
  })

  test('flies embeddings, inline and from a file', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const model = 'gemini-embedding-001'
    const inline = await client.batches.createEmbeddings({
      model,
      src: { inlinedRequests: { contents: ['one', 'two'], config: { outputDimensionality: 4 } } },
    })
    const batch = await ended(on, client, inline.name)
    expect(batch.dest?.inlinedEmbedContentResponses?.map((item) => item.response?.embedding?.values?.length)).toEqual([
      4, 4,
    ])
    const fileName = await uploaded(client, embedLines(3))
    const created = await client.batches.createEmbeddings({ model, src: { fileName } })
    const fromFile = await ended(on, client, created.name)
    const rows = await on.rows(fromFile.dest?.fileName)
    expect(rows.map((row) => row.response?.embedding?.values.length)).toEqual([8, 8, 8])
    expect(Number((await on.emulator.bill()).nanoUsd)).toBeGreaterThan(0)
  })

  test('uploads a file of several parts, and lists, gets and deletes files', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const files = await folder()
    const bytes = jsonl(lines(3, { note: 'x'.repeat(3_000_000) }))
    await files.put(files.path('big.jsonl'), bytes)
    const big = await client.files.upload({ file: files.path('big.jsonl'), config: { mimeType: 'application/jsonl' } })
    expect(big).toMatchObject({ sizeBytes: String(bytes.length), state: 'ACTIVE', source: 'UPLOADED' })
    const named = await client.files.upload({
      file: new Blob([jsonl(lines(1))]),
      config: { mimeType: 'jsonl', name: 'my-file' },
    })
    expect(named.name).toBe('files/my-file')
    expect(await client.files.get({ name: 'my-file' })).toMatchObject({ name: 'files/my-file', mimeType: 'jsonl' })
    const seen: (string | undefined)[] = []
    for await (const file of await client.files.list({ config: { pageSize: 1 } })) seen.push(file.name)
    expect(seen).toEqual(['files/my-file', big.name])
    await client.files.delete({ name: 'my-file' })
    await expect(client.files.get({ name: 'my-file' })).rejects.toMatchObject({ status: 403 })
    await expect(client.files.get({ name: 'never-was' })).rejects.toMatchObject({ status: 404 })
  })

  test('lists batches newest first, page by page, and stops', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const names: (string | undefined)[] = []
    for (let index = 0; index < 5; index++) {
      names.push((await client.batches.create({ model: flash, src: [{ contents: `Number ${index}` }] })).name)
    }
    const seen: (string | undefined)[] = []
    for await (const batch of await client.batches.list({ config: { pageSize: 2 } })) seen.push(batch.name)
    expect(seen).toEqual(names.toReversed())
  })

  test('cancels a batch, and deletes it', async () => {
    const on = await trial({ latency: { medianSeconds: 1000, sigma: 0 } })
    const client = make(on.emulator.baseUrls.gemini)
    const created = await client.batches.create({ model: flash, src: await uploaded(client, lines(40)) })
    expect((await ended(on, client, created.name, 200)).state).toBe(JobState.JOB_STATE_RUNNING)
    await client.batches.cancel({ name: created.name ?? '' })
    expect((await ended(on, client, created.name, 0)).state).toBe(JobState.JOB_STATE_RUNNING)
    expect((await ended(on, client, created.name, 120)).state).toBe(JobState.JOB_STATE_CANCELLED)
    const { purchases } = await on.emulator.log()
    expect(purchases[0]?.billed).toBeGreaterThan(0)
    expect(purchases[0]?.billed).toBeLessThan(40)
    await client.batches.delete({ name: created.name ?? '' })
    await expect(client.batches.get({ name: created.name ?? '' })).rejects.toMatchObject({ status: 404 })
  })

  test('throws an ApiError with the status and the envelope', async () => {
    const on = await trial()
    const wrong = make(on.emulator.baseUrls.gemini, 'AIza-wrong')
    const refused = wrong.files.list()
    await expect(refused).rejects.toMatchObject({ status: 400 })
    await expect(refused).rejects.toThrow('API_KEY_INVALID')
    const client = make(on.emulator.baseUrls.gemini)
    await expect(client.batches.get({ name: 'batches/none' })).rejects.toMatchObject({ status: 404 })
    await expect(client.batches.create({ model: 'gemini-99', src: 'files/x' })).rejects.toThrow('is not found')
    on.emulator.setScenario('storm-503:times=1')
    await expect(client.models.list()).rejects.toMatchObject({ status: 503, name: ApiError.name })
    await client.models.list()
  })

  test('calls a model, embeds, counts tokens and keeps a cache', async () => {
    const on = await trial()
    const client = make(on.emulator.baseUrls.gemini)
    const said = await client.models.generateContent({
      model: flash,
      contents: 'hello',
      config: { serviceTier: 'flex' as never },
    })
    expect(said.text).toMatch(/\w/)
    expect(said.sdkHttpResponse?.headers?.['x-gemini-service-tier']).toBe('flex')
    const embedded = await client.models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] })
    expect(embedded.embeddings?.map((each) => each.values?.length)).toEqual([3072, 3072])
    expect((await client.models.countTokens({ model: flash, contents: 'hello' })).totalTokens).toBe(2)
    const cache = await client.caches.create({
      model: flash,
      config: { contents: 'long '.repeat(4000), ttl: '3600s' },
    })
    const cached = await client.models.generateContent({
      model: flash,
      contents: 'and?',
      config: { cachedContent: cache.name ?? '' },
    })
    expect(cached.usageMetadata?.cachedContentTokenCount).toBe(cache.usageMetadata?.totalTokenCount)
    await client.caches.delete({ name: cache.name ?? '' })
    await expect(client.caches.get({ name: cache.name ?? '' })).rejects.toMatchObject({ status: 403 })
    const tiers = new Set((await on.emulator.bill()).entries.map((entry) => `${entry.tier} ${entry.kind}`))
    expect(tiers).toContain('flex output')
    expect(tiers).toContain('standard cachedInput')
  })
})
