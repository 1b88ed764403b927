import { GoogleGenAI, JobState } from '@google/genai'
import { GoogleGenAI as GoogleGenAI2 } from 'genai-sdk-2'
import { describe, expect, test } from 'vitest'
import { bucket, claude, claudeLines, flash, lines, type Trial, tokenOf, trial } from './vertex-trial.ts'

const options = (on: Trial, token?: string) => ({
  vertexai: true,
  project: 'proj',
  location: 'us-central1',
  httpOptions: { baseUrl: on.emulator.baseUrls.vertex },
  googleAuthOptions: { authClient: tokenOf(token) },
})

/** Both generations of the client, seen as the newer one; what tests call is the same in both. */
const generations: [string, (on: Trial, token?: string) => GoogleGenAI][] = [
  ['3.x', (on, token) => new GoogleGenAI(options(on, token))],
  ['2.x', (on, token) => new GoogleGenAI2(options(on, token) as never) as unknown as GoogleGenAI],
]

const dest = `gs://${bucket}/out`

describe.each(generations)('the official @google/genai client %s in its Vertex mode, unmodified', (_, make) => {
  test('flies a job from bucket to bucket', async () => {
    const on = await trial()
    const client = make(on)
    const src = await on.put(lines(20))
    const created = await client.batches.create({ model: 'gemini-3.5-flash', src, config: { displayName: 'j', dest } })
    expect(created).toMatchObject({ state: JobState.JOB_STATE_PENDING, displayName: 'j', model: flash })
    on.emulator.advance(7200)
    const job = await client.batches.get({ name: created.name ?? '' })
    expect(job).toMatchObject({ state: JobState.JOB_STATE_SUCCEEDED, completionStats: { successfulCount: '20' } })
    expect(await on.rows(job.outputInfo?.gcsOutputDirectory)).toHaveLength(20)
    expect(Number((await on.emulator.bill()).vendors['vertex']?.nanoUsd)).toBeGreaterThan(0)
  })

  test('flies a job of Claude', async () => {
    const on = await trial()
    const client = make(on)
    const src = await on.put(claudeLines(3))
    const created = await client.batches.create({ model: 'anthropic/claude-sonnet-4-6', src, config: { dest } })
    expect(created).toMatchObject({ model: claude })
    on.emulator.advance(7200)
    const job = await client.batches.get({ name: created.name ?? '' })
    const rows = await on.rows(job.outputInfo?.gcsOutputDirectory)
    expect(rows.map((row) => row.custom_id).toSorted()).toEqual(['c-1', 'c-2', 'c-3'])
  })

  test('lists jobs page by page and by filter, and stops', async () => {
    const on = await trial()
    const client = make(on)
    const src = await on.put(lines(1))
    const names: (string | undefined)[] = []
    for (let index = 0; index < 5; index++) {
      const config = { displayName: `job-${index}`, dest }
      names.push((await client.batches.create({ model: flash, src, config })).name)
    }
    const seen: (string | undefined)[] = []
    for await (const job of await client.batches.list({ config: { pageSize: 2 } })) seen.push(job.name)
    expect(seen).toEqual(names.toReversed())
    const found = await client.batches.list({ config: { filter: 'display_name="job-3"' } })
    expect(found.page.map((job) => job.name)).toEqual([names[3]])
  })

  test('cancels a job and finds what it had finished, then deletes it', async () => {
    const on = await trial({ latency: { medianSeconds: 1000, sigma: 0 } })
    const client = make(on)
    const { name = '' } = await client.batches.create({ model: flash, src: await on.put(lines(40)), config: { dest } })
    on.emulator.advance(200)
    expect((await client.batches.get({ name })).state).toBe(JobState.JOB_STATE_RUNNING)
    await expect(client.batches.delete({ name })).rejects.toMatchObject({ status: 400 })
    await client.batches.cancel({ name })
    expect((await client.batches.get({ name })).state).toBe(JobState.JOB_STATE_CANCELLING)
    on.emulator.advance(120)
    const job = await client.batches.get({ name })
    expect(job).toMatchObject({ state: JobState.JOB_STATE_CANCELLED, error: { message: 'Job is cancelled.' } })
    const rows = await on.rows(job.outputInfo?.gcsOutputDirectory)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.length).toBeLessThan(40)
    expect((await on.emulator.log()).purchases[0]?.billed).toBe(rows.length)
    expect((await client.batches.delete({ name })).done).toBe(true)
    await expect(client.batches.get({ name })).rejects.toMatchObject({ status: 404 })
  })

  test('throws an ApiError with the status', async () => {
    const on = await trial()
    await expect(make(on, 'ya29.wrong').batches.list()).rejects.toMatchObject({ status: 401 })
    const client = make(on)
    await expect(client.batches.get({ name: '123' })).rejects.toMatchObject({ status: 404 })
    const src = await on.put(lines(1))
    await expect(client.batches.create({ model: 'nope', src })).rejects.toThrow('does not support batch prediction')
    await expect(client.batches.create({ model: flash, src: 'bq://p.d.t' })).rejects.toMatchObject({ status: 400 })
  })

  test('calls a model and counts tokens', async () => {
    const on = await trial()
    const client = make(on)
    const said = await client.models.generateContent({ model: 'gemini-3.5-flash', contents: 'hello' })
    expect(said.text).toMatch(/\w/)
    expect(said.usageMetadata?.trafficType).toBe('ON_DEMAND')
    expect((await client.models.countTokens({ model: 'gemini-3.5-flash', contents: 'hello' })).totalTokens).toBe(2)
  })
})
