import { describe, expect, test } from 'vitest'
import { chats, field, fly, idOf, messages, outputLines, outputText } from './field.ts'
import { judge } from './judge.ts'

const bodyOf = ({ response }: { response: unknown }) => (response as { body: { choices: unknown } }).body.choices

/** Two thirds of them ask what another one asks, some of them far from it. */
const input = () => {
  const lines = chats(200)
  return [
    ...lines,
    ...lines.map((line) => ({ ...line, custom_id: `again-${line.custom_id}` })),
    ...lines.toReversed().map((line) => ({ ...line, custom_id: `once-more-${line.custom_id}` })),
  ]
}

describe.concurrent('identical requests', () => {
  test('are bought once with --dedupe, and each has the answer in its place', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = input()
    const quote = await redeye.quote(lines, { dedupe: true })
    expect(quote.spared).toMatchObject([{ what: 'identical', requests: 400, isUsed: true }])
    const job = await fly(redeye, lines, { dedupe: true })
    const receipt = await job.receipt()
    expect(receipt).toMatchObject({ identical: 400, requests: { total: 600, succeeded: 600 } })
    expect(receipt.lanes).toMatchObject([{ lane: 'openai/batch', requests: 200 }])
    const out = await outputLines(job)
    const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: out }])
    expect(verdict).toMatchObject({ faults: [], paidRows: 200 })
    for (let at = 0; at < 200; at++) {
      expect(bodyOf(out[200 + at] as never)).toEqual(bodyOf(out[at] as never))
      expect(bodyOf(out[599 - at] as never)).toEqual(bodyOf(out[at] as never))
    }
  })

  test('are bought each by itself otherwise, and the quote says what that costs', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = input()
    const [each, once] = [await redeye.quote(lines), await redeye.quote(lines, { dedupe: true })]
    const [spared] = each.spared ?? []
    expect(spared).toMatchObject({ what: 'identical', requests: 400, isUsed: false })
    const high = ({ lanes }: typeof each) => Number(lanes.find(({ lane }) => lane === 'openai/batch')?.usd.high)
    expect(high(once) / high(each)).toBeCloseTo(1 / 3, 1)
    const receipt = await (await fly(redeye, lines)).receipt()
    expect(receipt.identical).toBeUndefined()
    expect((await on.emulator.tally()).executions).toBe(600)
  })

  test('fly again once, when the one that is bought fails', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'openai/rows-429:0.3' })
    const redeye = await on.open()
    const lines = input()
    const job = await redeye.submit(lines, { dedupe: true, retries: 0 })
    await job.wait()
    const before = await job.receipt()
    expect(before.requests.failed).toBeGreaterThan(0)
    expect(before.requests.failed % 3).toBe(0)
    on.emulator.setScenario([])
    await job.retry()
    await job.wait()
    const receipt = await job.receipt()
    expect(receipt).toMatchObject({ identical: 400, requests: { succeeded: 600 } })
    const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: await outputLines(job) }])
    expect(verdict).toMatchObject({ faults: [], paidRows: 200 })
  })
})

test('single requests of a job with --dedupe cannot be withdrawn, for others may take their answers', async () => {
  await using on = await field()
  const job = await (await on.open()).submit(input(), { dedupe: true })
  await expect(job.cancel({ ids: ['q-1'] })).rejects.toMatchObject({ code: 'usage', exitCode: 2 })
})

describe.concurrent('with --reuse', () => {
  test('a job takes what earlier jobs have had answered, and pays for the rest alone', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const earlier = await fly(redeye, chats(100))
    const lines = chats(150).map((line) => ({ ...line, custom_id: `new-${line.custom_id}` }))
    const quote = await redeye.quote(lines, { reuse: true })
    expect(quote.spared).toMatchObject([{ what: 'reused', requests: 100, isUsed: true }])
    const job = await fly(redeye, lines, { reuse: true })
    const receipt = await job.receipt()
    expect(receipt).toMatchObject({ reused: { rows: 100, from: [earlier.id] }, requests: { succeeded: 150 } })
    const out = await outputLines(job)
    const verdict = await judge(on.emulator, [
      { ids: chats(100).map(idOf), receipt: await earlier.receipt(), lines: await outputLines(earlier) },
      { ids: lines.map(idOf), receipt, lines: out },
    ])
    expect(verdict).toMatchObject({ faults: [], paidRows: 150 })
    expect((await redeye.recompute()).differences).toEqual([])
    const first = await outputLines(earlier)
    for (const [at, line] of first.entries()) expect(bodyOf(out[at] as never)).toEqual(bodyOf(line as never))
  })

  test('a job of which all is answered already lands without a purchase', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = messages(30)
    await fly(redeye, lines)
    const bought = (await on.emulator.log()).purchases.length
    const job = await fly(redeye, [...lines, ...lines.map((line) => ({ ...line, custom_id: `b-${line.custom_id}` }))], {
      reuse: true,
    })
    expect(await job.receipt()).toMatchObject({ usd: { charged: '0' }, requests: { total: 60, succeeded: 60 } })
    expect((await on.emulator.log()).purchases.length).toBe(bought)
    expect(await outputText(job)).toContain('"b-q-29"')
  })

  test('an answer counts only for the same model, and nothing is taken unasked', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    await fly(redeye, chats(20))
    const other = await fly(redeye, chats(20), { reuse: true, model: 'gpt-5.4-nano' })
    expect((await other.receipt()).reused).toBeNull()
    const unasked = await fly(redeye, chats(20))
    expect((await unasked.receipt()).reused).toBeNull()
    expect((await on.emulator.tally()).executions).toBe(60)
  })
})

test('a table says what each row has cost, and nothing for answers that were not bought', async () => {
  await using on = await field()
  const redeye = await on.open()
  const rows = Array.from({ length: 10 }, (_, row) => ({ text: `review ${row % 5}` }))
  const settings = { prompt: 'Sentiment of: {{text}}', model: 'gpt-5.4-mini', withCost: true }
  const job = await fly(redeye, rows, { ...settings, dedupe: true })
  const costs = (await outputText(job))
    .trim()
    .split('\n')
    .map((line) => Number((JSON.parse(line) as Record<string, unknown>)['_usd']))
  expect(costs.slice(0, 5).every((cost) => cost > 0)).toBe(true)
  expect(costs.slice(5)).toEqual([0, 0, 0, 0, 0])
  const again = await fly(redeye, rows, { ...settings, reuse: true })
  expect(await again.receipt()).toMatchObject({ reused: { rows: 10 }, usd: { charged: '0' } })
  expect((await outputText(again)).match(/"_usd":0/g)).toHaveLength(10)
})
