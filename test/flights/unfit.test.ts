import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, test } from 'vitest'
import { BadInput, type LineProblem } from '../../src/index.ts'
import { chats, type Field, field, fly, jsonl, messages, outputLines, type RequestLine } from './field.ts'
import { judge } from './judge.ts'

const idsOf = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

/** Chat requests; those at `odd` say what Anthropic has no word for. */
const some = (count: number, first: number, odd: readonly number[] = []): RequestLine[] =>
  chats(count, { max_tokens: 300 }, first).map((line, index) =>
    odd.includes(index) ? { ...line, body: { ...line.body, logit_bias: { '50256': -100 } } } : line,
  )

/** Two files, the first without a final newline. */
async function twoFiles(on: Field, one: readonly object[], two: readonly object[]): Promise<string[]> {
  await writeFile(on.path('one.jsonl'), jsonl(one).trimEnd())
  await writeFile(on.path('two.jsonl'), jsonl(two))
  return [on.path('one.jsonl'), on.path('two.jsonl')]
}

const placesOf = (problems: readonly LineProblem[]): string[] =>
  problems.map(({ file, line, message }) => `${basename(file)}:${line}: ${message}`)

describe.concurrent('lines that are right and that their vendor cannot be given', () => {
  test('are named with their own file', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const problemsOf = async (input: string[], settings: object): Promise<string[]> => {
      const refused = await redeye.quote(input, settings).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(BadInput)
      return placesOf((refused as BadInput).problems)
    }
    const untold = await twoFiles(on, some(3, 0, [2]), some(3, 3, [0, 1]))
    expect(await problemsOf(untold, { model: 'claude-haiku-4-5' })).toEqual([
      expect.stringMatching(/^one\.jsonl:3: logit_bias/),
      expect.stringMatching(/^two\.jsonl:1: logit_bias/),
      expect.stringMatching(/^two\.jsonl:2: logit_bias/),
    ])
    const opus = { model: 'claude-opus-5' }
    const elsewhere = await twoFiles(on, messages(2, opus), messages(2, { ...opus, inference_geo: 'global' }, 2))
    expect(await problemsOf(elsewhere, { region: 'us' })).toEqual([
      expect.stringMatching(/^two\.jsonl:1: inference_geo is "global"/),
      expect.stringMatching(/^two\.jsonl:2: inference_geo is "global"/),
    ])
    const partly = await twoFiles(on, messages(2, opus), messages(1, { ...opus, inference_geo: 'us' }, 2))
    expect(await problemsOf(partly, { region: 'us' })).toEqual([
      expect.stringMatching(/^two\.jsonl:1: .*in all of them/),
    ])
    const large = await twoFiles(on, messages(2), messages(1, { system: 'x'.repeat(33_000_000) }, 2))
    expect(await problemsOf(large, {})).toEqual([
      expect.stringMatching(/^two\.jsonl:1: the request is 330\d+ bytes as a row; anthropic takes at most 32000000$/),
    ])
    expect((await on.emulator.log()).acts).toEqual([])
  })

  test('are set aside with the bad ones when asked to, and the rest is quoted and flown without them', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const [one, two] = [some(4, 0, [1, 3]), some(4, 4, [0])]
    const huge = messages(1, { system: 'x'.repeat(33_000_000) }, 8)
    // The only request of its model: nothing of it is left to be quoted or bought.
    const alone = chats(1, { model: 'claude-sonnet-5', logit_bias: { '50256': -100 } }, 9)
    const other = messages(3, {}, 10)
    // Of a third model, and worded for it before and after.
    const third = chats(2, { model: 'gemini-3.5-flash' }, 13)
    const haiku = (lines: readonly RequestLine[]) =>
      lines.map((line) => ({ ...line, body: { ...line.body, model: 'claude-haiku-4-5' } }))
    const input = await twoFiles(on, haiku(one), [...haiku(two), ...huge, ...alone, ...other, ...third])
    await writeFile(on.path('one.jsonl'), `no json\n${jsonl(haiku(one)).trimEnd()}`)
    const rejects: { line: string; problem: LineProblem }[] = []
    const settings = {
      skipInvalid: true,
      onReject: async (line: Uint8Array, problem: LineProblem) =>
        void rejects.push({ line: Buffer.from(line).toString(), problem }),
    }
    const fit = [...haiku(one), ...haiku(two), ...other, ...third].filter((_, index) => ![1, 3, 4].includes(index))
    const good = idsOf(fit)

    const quoted = async (...of: Parameters<typeof redeye.quote>) =>
      (await redeye.quote(...of)).lanes.map((lane) => ({
        ...lane,
        lands: null,
        notes: lane.notes.map((note) => note.replace(/\d+ days ago/, 'days ago')), // midnight may pass in between
      }))
    expect(await quoted(input, settings)).toEqual(await quoted(fit))
    expect(placesOf(rejects.map(({ problem }) => problem))).toEqual([
      expect.stringMatching(/^one\.jsonl:1: /),
      expect.stringMatching(/^one\.jsonl:3: logit_bias/),
      expect.stringMatching(/^one\.jsonl:5: logit_bias/),
      expect.stringMatching(/^two\.jsonl:1: logit_bias/),
      expect.stringMatching(/^two\.jsonl:6: logit_bias/),
      expect.stringMatching(/^two\.jsonl:5: the request is 330/),
    ])
    expect(rejects.map(({ line }) => line)).toEqual([
      'no json',
      ...[haiku(one)[1], haiku(one)[3], haiku(two)[0], alone[0], huge[0]].map((line) => JSON.stringify(line)),
    ])

    const job = await fly(redeye, input, settings)
    const lines = await outputLines(job)
    expect(idsOf(lines)).toEqual(good)
    const verdict = await judge(on.emulator, [{ ids: good, receipt: await job.receipt(), lines }])
    expect(verdict).toMatchObject({ faults: [], paidRows: good.length })
  })

  test('are set aside as rows where the input is a table, and refused where nothing else is left', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const rows = [{ text: 'short' }, { text: 'x'.repeat(33_000_000) }, { text: 'brief' }]
    const rejects: string[] = []
    const settings = {
      prompt: 'Say {{text}}',
      model: 'claude-haiku-4-5',
      skipInvalid: true,
      onReject: async (line: Uint8Array, problem: LineProblem) =>
        void rejects.push(`${problem.line} ${Buffer.from(line).subarray(0, 3)}`),
    }
    const job = await fly(redeye, rows, settings)
    expect(rejects).toEqual(['2 "xx'])
    expect((await job.receipt()).requests).toMatchObject({ total: 2, succeeded: 2 })
    const refused = redeye.submit(rows.slice(1, 2), settings)
    await expect(refused).rejects.toThrow(BadInput)
    expect(await redeye.jobs()).toHaveLength(1)
  })
})
