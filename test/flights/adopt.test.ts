import OpenAI, { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import { chats, type Field, field, jsonl, outputLines } from './field.ts'

const openaiAt = ({ emulator }: Field) =>
  new OpenAI({ apiKey: 'sk-test-flight', baseURL: emulator.baseUrls.openai, maxRetries: 0 })

/** A batch as a tool makes it that knows nothing of us. */
async function batchAt(on: Field, lines = chats(20)) {
  const openai = openaiAt(on)
  const file = await openai.files.create({
    file: await toFile(Buffer.from(jsonl(lines)), 'mine.jsonl'),
    purpose: 'batch',
  })
  const batch = await openai.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
  return { openai, batch }
}

describe('a batch that another tool has submitted', () => {
  test('becomes a job that lands with the very answers the vendor gave, in input order', async () => {
    await using on = await field()
    const { openai, batch } = await batchAt(on)
    const redeye = await on.open()
    const { job: id, created, input } = await redeye.adopt(`openai:${batch.id}`)
    expect({ created, input }).toEqual({ created: true, input: true })
    const job = redeye.job(id)
    const receipt = await job.wait()
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
    const done = await openai.batches.retrieve(batch.id)
    const text = await (await openai.files.content(done.output_file_id ?? '')).text()
    const theirs = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { custom_id: string })
    const ours = await outputLines(job)
    expect(ours.map(({ custom_id }) => custom_id)).toEqual(chats(20).map(({ custom_id }) => custom_id))
    expect(ours).toEqual(theirs.toSorted((a, b) => Number(a.custom_id.slice(2)) - Number(b.custom_id.slice(2))))
    const { bill, purchases } = { bill: await on.emulator.bill(), purchases: (await on.emulator.log()).purchases }
    console.log(JSON.stringify(bill).slice(0, 600), purchases.length, receipt.usd)
  })
})
