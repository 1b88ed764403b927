import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, {
  APIConnectionError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  toFile,
  toStreamingFile,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { chatLine, chatLines, jsonl, trial } from './trial.ts'

describe('the official openai client, unmodified', () => {
  test('flies a batch from upload to answers', async () => {
    const { client, submit, ended, rows } = await trial()
    const created = await submit(chatLines(20), '/v1/chat/completions', { job: 'first' })
    expect(created.status).toBe('validating')
    expect(created.request_counts).toEqual({ total: 0, completed: 0, failed: 0 })
    const batch = await ended(created.id, 7200)
    expect(batch).toMatchObject({ status: 'completed', error_file_id: null, metadata: { job: 'first' } })
    expect(batch.request_counts).toEqual({ total: 20, completed: 20, failed: 0 })
    const answers = await rows(batch.output_file_id)
    expect(answers.map((row) => row.custom_id).sort()).toEqual(chatLines(20).map((line) => line['custom_id']))
    expect(answers.map((row) => row.custom_id)).not.toEqual(chatLines(20).map((line) => line['custom_id']))
    expect(answers[0]?.response).toMatchObject({
      status_code: 200,
      body: { model: 'gpt-5-mini-2025-08-07', service_tier: 'default' },
    })
    expect((await client.files.retrieve(batch.output_file_id ?? '')).purpose).toBe('batch_output')
  })

  test('uploads from a buffer, a read stream and a streaming file', async () => {
    const { client } = await trial()
    const folder = await mkdtemp(join(tmpdir(), 'emulator-sdk-'))
    const path = join(folder, 'lines.jsonl')
    const bytes = jsonl(chatLines(300))
    await writeFile(path, bytes)
    const streaming = toStreamingFile(createReadStream(path), 'streamed.jsonl')
    const uploads = [await toFile(bytes, 'buffer.jsonl'), createReadStream(path), streaming]
    for (const file of uploads) {
      const uploaded = await client.files.create({ file, purpose: 'batch' })
      expect(uploaded).toMatchObject({ bytes: bytes.length, purpose: 'batch', status: 'processed' })
      const back = Buffer.from(await (await client.files.content(uploaded.id)).arrayBuffer())
      expect(back.equals(bytes)).toBe(true)
      expect(await client.files.waitForProcessing(uploaded.id)).toMatchObject({ id: uploaded.id })
    }
    await rm(folder, { recursive: true })
  })

  test('pages through files and deletes them', async () => {
    const { client } = await trial()
    const ids: string[] = []
    for (let index = 0; index < 5; index++) {
      const file = await client.files.create({
        file: await toFile(jsonl([chatLine('a')]), `f${index}.jsonl`),
        purpose: 'batch',
      })
      ids.push(file.id)
    }
    const seen: string[] = []
    for await (const file of client.files.list({ limit: 2, purpose: 'batch' })) seen.push(file.id)
    expect(seen).toEqual(ids.toReversed())
    const ascending = await client.files.list({ limit: 3, order: 'asc' })
    expect(ascending.data.map((file) => file.id)).toEqual(ids.slice(0, 3))
    expect(await client.files.delete(ids[0] ?? '')).toEqual({ id: ids[0], object: 'file', deleted: true })
    await expect(client.files.retrieve(ids[0] ?? '')).rejects.toBeInstanceOf(NotFoundError)
    expect((await client.files.list()).data).toHaveLength(4)
  })

  test('honours an expiry asked for at upload', async () => {
    const { client, emulator } = await trial()
    const file = await client.files.create({
      file: await toFile(jsonl([chatLine('a')]), 'a.jsonl'),
      purpose: 'batch',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    })
    expect(file.expires_at).toBe(file.created_at + 3600)
    emulator.advance(3601)
    await expect(client.files.retrieve(file.id)).rejects.toBeInstanceOf(NotFoundError)
  })

  test('lists batches newest first, page by page', async () => {
    const { client, submit } = await trial()
    const ids: string[] = []
    for (let index = 0; index < 5; index++) ids.push((await submit([chatLine(`a${index}`)])).id)
    const seen: string[] = []
    for await (const batch of client.batches.list({ limit: 2 })) seen.push(batch.id)
    expect(seen).toEqual(ids.toReversed())
  })

  test('cancels a batch and finds what it had finished', async () => {
    const { client, submit, emulator, rows } = await trial({ latency: { medianSeconds: 1000, sigma: 0 } })
    const { id } = await submit(chatLines(40))
    emulator.advance(200)
    const running = await client.batches.retrieve(id)
    expect(running.status).toBe('in_progress')
    expect(running.output_file_id).toBeNull()
    expect(running.request_counts?.completed).toBeGreaterThan(0)
    expect((await client.batches.cancel(id)).status).toBe('cancelling')
    expect((await client.batches.cancel(id)).status).toBe('cancelling')
    emulator.advance(120)
    const batch = await client.batches.retrieve(id)
    expect(batch.status).toBe('cancelled')
    const [finished, unfinished] = [await rows(batch.output_file_id), await rows(batch.error_file_id)]
    expect(finished.length).toBeGreaterThan(0)
    expect(finished.length + unfinished.length).toBe(40)
    expect(batch.request_counts).toEqual({ total: 40, completed: finished.length, failed: unfinished.length })
    expect(new Set(unfinished.map((row) => row.error?.code))).toEqual(new Set(['batch_cancelled']))
    expect((await client.batches.cancel(id)).status).toBe('cancelled')
    expect(Number((await emulator.bill()).nanoUsd)).toBeGreaterThan(0)
  })

  test('is told 409 when it cancels a finished batch, and retries that as it always does', async () => {
    const { submit, ended, emulator } = await trial()
    const { id } = await submit(chatLines(2))
    await ended(id)
    const eager = new OpenAI({ baseURL: emulator.baseUrls.openai, apiKey: 'sk-test', maxRetries: 2 })
    await expect(eager.batches.cancel(id)).rejects.toBeInstanceOf(ConflictError)
    expect((await emulator.log()).acts.filter((act) => act.act === 'cancel')).toHaveLength(3)
  })

  test('uploads in parts', async () => {
    const { client } = await trial()
    const bytes = jsonl(chatLines(100))
    const middle = Math.floor(bytes.length / 2)
    const upload = await client.uploads.create({
      bytes: bytes.length,
      filename: 'parts.jsonl',
      mime_type: 'application/jsonl',
      purpose: 'batch',
    })
    const second = await client.uploads.parts.create(upload.id, { data: await toFile(bytes.subarray(middle), 'b') })
    const first = await client.uploads.parts.create(upload.id, { data: await toFile(bytes.subarray(0, middle), 'a') })
    await expect(client.uploads.complete(upload.id, { part_ids: [first.id] })).rejects.toBeInstanceOf(BadRequestError)
    const done = await client.uploads.complete(upload.id, { part_ids: [first.id, second.id] })
    expect(done.status).toBe('completed')
    const back = Buffer.from(await (await client.files.content(done.file?.id ?? '')).arrayBuffer())
    expect(back.equals(bytes)).toBe(true)
    const other = await client.uploads.create({
      bytes: 10,
      filename: 'x.jsonl',
      mime_type: 'application/jsonl',
      purpose: 'batch',
    })
    expect((await client.uploads.cancel(other.id)).status).toBe('cancelled')
    await expect(client.uploads.complete(other.id, { part_ids: [] })).rejects.toBeInstanceOf(BadRequestError)
  })

  test('parses a structured answer of the chat and of the responses endpoint', async () => {
    const { client } = await trial()
    const schema = {
      type: 'object',
      properties: { label: { enum: ['card', 'transfer'] }, score: { type: 'integer', minimum: 1, maximum: 5 } },
      required: ['label', 'score'],
      additionalProperties: false,
    }
    const chat = await client.chat.completions.create({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'Where is my card?' }],
      response_format: { type: 'json_schema', json_schema: { name: 'label', strict: true, schema } },
    })
    const said = JSON.parse(chat.choices[0]?.message.content ?? '') as { label: string; score: number }
    expect(['card', 'transfer']).toContain(said.label)
    expect(said.score).toBeGreaterThanOrEqual(1)
    const response = await client.responses.create({
      model: 'gpt-5-mini',
      input: 'Where is my card?',
      text: { format: { type: 'json_schema', name: 'label', strict: true, schema } },
    })
    expect(['card', 'transfer']).toContain((JSON.parse(response.output_text) as { label: string }).label)
  })

  test('gets the same embedding for the same text, as numbers and as base64', async () => {
    const { client } = await trial()
    const model = 'text-embedding-3-small'
    const plain = await client.embeddings.create({
      model,
      input: ['llama', 'alpaca'],
      dimensions: 8,
      encoding_format: 'float',
    })
    const packed = await client.embeddings.create({ model, input: 'llama', dimensions: 8 })
    const [llama, alpaca] = plain.data.map((each) => each.embedding)
    expect(llama).toHaveLength(8)
    expect(alpaca).not.toEqual(llama)
    packed.data[0]?.embedding.forEach((value, index) => expect(value).toBeCloseTo(llama?.[index] ?? 9, 6))
    expect(Math.hypot(...(llama ?? []))).toBeCloseTo(1, 6)
    expect(plain.usage.total_tokens).toBe(4)
    const full = await client.embeddings.create({ model: 'text-embedding-3-large', input: 'llama' })
    expect(full.data[0]?.embedding).toHaveLength(3072)
  })

  test('lists models', async () => {
    const { client } = await trial()
    const names = (await client.models.list()).data.map((model) => model.id)
    expect(names).toContain('gpt-5-mini-2025-08-07')
    await expect(client.models.retrieve('gpt-99')).rejects.toBeInstanceOf(NotFoundError)
  })

  test('reads the cost and usage reports', async () => {
    const { client, submit, ended, emulator } = await trial()
    const { id } = await submit(chatLines(7))
    await ended(id, 7200)
    const start = Math.floor(emulator.now() / 1000) - 2 * 86_400
    const report = await client.admin.organization.usage.costs({ start_time: start, group_by: ['line_item'] })
    const results = report.data.flatMap((bucket) => bucket.results) as {
      line_item: string
      amount: { value: number }
    }[]
    expect(results.map((result) => result.line_item)).toEqual([
      'gpt-5-mini-2025-08-07 batch, input',
      'gpt-5-mini-2025-08-07 batch, output',
    ])
    const bill = await emulator.bill()
    expect(results.reduce((sum, result) => sum + result.amount.value, 0)).toBeCloseTo(Number(bill.usd), 9)
    const usage = await client.admin.organization.usage.completions({ start_time: start, group_by: ['model'] })
    expect(usage.data.flatMap((bucket) => bucket.results)).toMatchObject([
      { num_model_requests: 7, model: 'gpt-5-mini-2025-08-07' },
    ])
  })

  test('throws the class that belongs to each status', async () => {
    const { client, submit, emulator } = await trial()
    const wrong = new OpenAI({ baseURL: emulator.baseUrls.openai, apiKey: 'sk-wrong', maxRetries: 0 })
    await expect(wrong.files.list()).rejects.toBeInstanceOf(AuthenticationError)
    await expect(client.batches.retrieve('batch_none')).rejects.toBeInstanceOf(NotFoundError)
    await expect(submit(chatLines(1), '/v1/nonsense' as '/v1/responses')).rejects.toBeInstanceOf(BadRequestError)
    const cases = [
      ['forbidden', PermissionDeniedError],
      ['storm-429', RateLimitError],
      ['storm-500', InternalServerError],
      ['storm-503', InternalServerError],
      ['resets', APIConnectionError],
    ] as const
    for (const [scenario, error] of cases) {
      emulator.setScenario(scenario)
      await expect(client.batches.list()).rejects.toBeInstanceOf(error)
    }
  })

  test('keeps the batches of one project from another', async () => {
    const { submit, emulator } = await trial()
    const { id } = await submit(chatLines(1))
    const other = new OpenAI({
      baseURL: emulator.baseUrls.openai,
      apiKey: 'sk-test',
      project: 'proj_other',
      maxRetries: 0,
    })
    await expect(other.batches.retrieve(id)).rejects.toBeInstanceOf(NotFoundError)
    expect((await other.batches.list()).data).toEqual([])
  })
})
