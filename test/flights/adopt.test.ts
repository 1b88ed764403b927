import { describe, test } from 'vitest'
import { chats, contents, type Field, field, idOf, messages, outputLines } from './field.ts'
import { nano } from './judge.ts'
import { type ByOthers, byAnthropic, byGemini, byGeminiInline, byOpenai, byVertex } from './of-others.ts'

/** Taken over by a home, and followed to its end. */
async function followed(on: Field, vendor: string, { id }: ByOthers) {
  const redeye = await on.open()
  const adopted = await redeye.adopt(`${vendor}:${id}`)
  const job = redeye.job(adopted.job)
  const receipt = await job.wait()
  return { redeye, adopted, job, receipt }
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `q-${index}`)
const numberIn = (id = '') => Number(id.slice(id.indexOf('-') + 1))

describe.concurrent('a batch that others have made with the official client', () => {
  test('OpenAI: lands with the rows that the client reads, in the order of its input', async ({ expect }) => {
    await using on = await field()
    const theirs = await byOpenai(on)
    const { adopted, job, receipt } = await followed(on, 'openai', theirs)
    expect(adopted).toMatchObject({ created: true, own: false, input: true, requests: 20 })
    const rows = (await theirs.results()).toSorted((a, b) => numberIn(a.id) - numberIn(b.id))
    expect(await outputLines(job)).toEqual(rows.map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect(receipt).toMatchObject({ adopted: `openai:${theirs.id}`, requests: { total: 20, succeeded: 20 } })
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })

  test('Anthropic: lands with the rows that the client reads, in their order, for it gives no requests back', async ({
    expect,
  }) => {
    await using on = await field()
    const theirs = await byAnthropic(on)
    const { adopted, job, receipt } = await followed(on, 'anthropic', theirs)
    expect(adopted).toMatchObject({ created: true, input: false, requests: 20 })
    expect(await outputLines(job)).toEqual((await theirs.results()).map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect((await job.submissions())[0]).toMatchObject({ rows: 20, state: 'settled' })
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
  })

  test('Gemini: lands with the rows of its result file, in their order', async ({ expect }) => {
    await using on = await field()
    const theirs = await byGemini(on)
    const { adopted, job, receipt } = await followed(on, 'gemini', theirs)
    expect(adopted).toMatchObject({ created: true, input: false })
    expect(await outputLines(job)).toEqual((await theirs.results()).map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
  })

  test('Gemini: requests inside of the call, which nobody named, are told by their number', async ({ expect }) => {
    await using on = await field()
    const theirs = await byGeminiInline(on)
    const { job, receipt } = await followed(on, 'gemini', theirs)
    const lines = await outputLines(job)
    expect(lines.map(idOf as never)).toEqual(['0', '1', '2', '3', '4'])
    const answers = (await theirs.results()).map(({ row }) => (row as { response: unknown }).response)
    expect(lines.map(({ response }) => response)).toEqual(answers.map((answer) => JSON.parse(JSON.stringify(answer))))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('Vertex: rows without a name are told by what they echo, and come in the order of the input', async ({
    expect,
  }) => {
    await using on = await field({ cloud: true })
    const rows = contents(20).map(({ request: { model: _, ...request } }) => ({ request }))
    const theirs = await byVertex(on, rows)
    const { adopted, job, receipt } = await followed(on, 'vertex', theirs)
    expect(adopted).toMatchObject({ created: true, input: true, requests: 20 })
    const asked = new Map(
      (await theirs.results()).map(({ row }) => {
        const { request, response } = row as { request: { contents: unknown }; response: unknown }
        return [JSON.stringify(request.contents), response]
      }),
    )
    const lines = await outputLines(job)
    expect(lines.map(idOf as never)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
    expect(lines.map(({ response }) => response)).toEqual(
      rows.map(({ request }) => asked.get(JSON.stringify(request.contents))),
    )
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('Vertex: rows of Claude have names, and keep them', async ({ expect }) => {
    await using on = await field({ cloud: true })
    const rows = messages(10).map(({ custom_id, params: { model: _, ...request } }) => ({
      custom_id,
      request: { anthropic_version: 'vertex-2023-10-16', ...request },
    }))
    const { job, receipt } = await followed(on, 'vertex', await byVertex(on, rows, 'anthropic/claude-haiku-4-5'))
    expect((await outputLines(job)).map(idOf as never)).toEqual(ids(10))
    expect(receipt.requests).toMatchObject({ total: 10, succeeded: 10 })
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('OpenAI: without its input file it lands in the order of its results', async ({ expect }) => {
    await using on = await field()
    const theirs = await byOpenai(on, chats(12))
    const rows = await theirs.results()
    const headers = { authorization: 'Bearer sk-test-flight' }
    await fetch(`${on.emulator.baseUrls.openai}/files/${theirs.file}`, { method: 'DELETE', headers })
    const { adopted, job } = await followed(on, 'openai', theirs)
    expect(adopted).toMatchObject({ input: false, why: expect.stringContaining(theirs.file) })
    expect(await outputLines(job)).toEqual(rows.map(({ row }) => row))
  })
})
