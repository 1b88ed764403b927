import { writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { BadInput, type LineProblem, UnreadableInput, UsageError } from '../../src/index.ts'
import { chats, field, fly, inPieces, jsonl, outputLines, type RequestLine } from './field.ts'
import { judge } from './judge.ts'

const idsOf = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

describe.concurrent('input', () => {
  test('of three files, plain, gzip and zstd, is one job in their order', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const parts = [chats(20), chats(20, {}, 20), chats(20, {}, 40)] as const
    await writeFile(on.path('a.jsonl'), jsonl(parts[0]).trimEnd()) // no final newline: the next file begins a line all the same
    await writeFile(on.path('b.jsonl'), gzipSync(jsonl(parts[1]))) // the name does not say that it is packed
    await writeFile(on.path('c.jsonl.zst'), zstdCompressSync(jsonl(parts[2])))
    const job = await fly(redeye, [on.path('a.jsonl'), on.path('b.jsonl'), on.path('c.jsonl.zst')])
    const lines = await outputLines(job)
    expect(idsOf(lines)).toEqual(idsOf(chats(60)))
    const verdict = await judge(on.emulator, [{ ids: idsOf(chats(60)), receipt: await job.receipt(), lines }])
    expect(verdict).toMatchObject({ faults: [], purchases: 1 })
  })

  test('packed and piped in pieces is taken as it comes', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, inPieces(gzipSync(jsonl(chats(50))), 13))
    expect(idsOf(await outputLines(job))).toEqual(idsOf(chats(50)))
  })

  test('flies a line of twenty megabytes and one of ten thousand levels', { timeout: 120_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'iVBORw0K'.repeat(5 << 19)}` } }
    const long = chats(1, { messages: [{ role: 'user', content: [image] }] })
    const deep = `{"custom_id":"deep","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5.4-mini","messages":[{"role":"user","content":"hi"}],"metadata":${'['.repeat(10_000)}${']'.repeat(10_000)}}}\n`
    const job = await fly(redeye, inPieces(`${jsonl(long)}${deep}${jsonl(chats(3, {}, 1))}`, 1 << 16))
    const lines = await outputLines(job)
    expect(idsOf(lines)).toEqual(['q-0', 'deep', 'q-1', 'q-2', 'q-3'])
    const verdict = await judge(on.emulator, [{ ids: idsOf(lines), receipt: await job.receipt(), lines }])
    expect(verdict).toMatchObject({ faults: [], paidRows: 5 })
  })

  test('with bad lines is refused whole: each is named with its file and line, and nothing is left behind', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const good = jsonl(chats(2))
    const line = (more: object): string => JSON.stringify({ ...chats(1, {}, 9)[0], ...more })
    const bad = [
      '{"custom_id": "broken", "url"',
      line({ custom_id: 'q-0' }),
      line({ custom_id: 7 }),
      line({ method: 'GET' }),
      line({ url: 'v1/responses' }),
      line({ body: 'text' }),
      line({ body: { model: 'gpt-5.4-mini' } }),
      line({ body: { messages: [] } }),
      line({ body: { model: 'gpt-5.4-mini', messages: [], stream: true } }),
      '["a list"]',
    ]
    await writeFile(on.path('one.jsonl'), good)
    // "\u0071-1" is "q-1": ids are compared as what they say, not as they are spelled.
    await writeFile(on.path('two.jsonl'), `${bad.join('\n')}\n${line({ custom_id: '@' }).replace('@', '\\u0071-1')}\n`)
    const refused = await redeye
      .submit([on.path('one.jsonl'), on.path('two.jsonl')], { key: 'bad' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInput)
    expect(refused).toMatchObject({ exitCode: 2, total: 11 })
    const { problems } = refused as BadInput
    expect(problems.map(({ file, line }) => `${file.split('/').at(-1)}:${line}`)).toEqual(
      Array.from({ length: 11 }, (_, index) => `two.jsonl:${index + 1}`),
    )
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('invalid JSON'),
      expect.stringContaining('q-0'),
      expect.stringContaining('"custom_id" must be a string'),
      expect.stringContaining('"method" must be "POST"'),
      expect.stringContaining('"url" must be a path'),
      expect.stringContaining('"body" must be an object'),
      expect.stringContaining('"body.messages" is missing'),
      expect.stringContaining('"body.model" is missing'),
      expect.stringContaining('a batch cannot stream'),
      expect.stringContaining('a JSON object is expected'),
      expect.stringMatching(/duplicate custom_id .*one\.jsonl:2/),
    ])
    expect(await redeye.jobs()).toEqual([])
    expect((await on.emulator.log()).acts).toEqual([])
    expect((await fly(redeye, chats(2), { key: 'bad' })).id).toMatch(/^job_/) // the key is free still
  })

  test('with bad lines flies without them when asked to, and hands them over as they were', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const text = `${jsonl(chats(3))}{"half":\n${jsonl(chats(3, {}, 3))}${jsonl(chats(1))}${jsonl(chats(1, {}, 6))}`
    const rejects: { line: string; problem: LineProblem }[] = []
    const job = await fly(redeye, inPieces(text), {
      skipInvalid: true,
      onReject: async (line, problem) => void rejects.push({ line: Buffer.from(line).toString(), problem }),
    })
    const requests: RequestLine[] = chats(7)
    expect(idsOf(await outputLines(job))).toEqual(idsOf(requests))
    expect(rejects.sort((a, b) => a.problem.line - b.problem.line)).toMatchObject([
      { line: '{"half":', problem: { line: 4 } },
      { line: JSON.stringify(requests[0]), problem: { line: 8 } },
    ])
  })

  test('that cannot be read at all says why, and leaves no job', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await writeFile(on.path('empty.jsonl'), '\uFEFF\r\n\n')
    await writeFile(on.path('cut.jsonl.gz'), gzipSync(jsonl(chats(500))).subarray(0, 700))
    await expect(redeye.submit(on.path('none.jsonl'))).rejects.toThrow(UnreadableInput)
    await expect(redeye.submit(on.path('empty.jsonl'))).rejects.toMatchObject({ exitCode: 2 })
    await expect(redeye.submit(on.path('cut.jsonl.gz'))).rejects.toThrow(UnreadableInput)
    await expect(redeye.submit(on.folder)).rejects.toThrow(UnreadableInput)
    await expect(redeye.submit([])).rejects.toMatchObject({ exitCode: 2 })
    await expect(redeye.submit(chats(1), { shardRequests: 0 })).rejects.toThrow(UsageError)
    expect(await redeye.jobs()).toEqual([])
  })
})
