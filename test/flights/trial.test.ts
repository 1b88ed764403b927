import { describe, expect, test } from 'vitest'
import { chats, field, fly, idOf, messages, outputLines } from './field.ts'
import { judge, nano } from './judge.ts'

describe('a trial', () => {
  test('says of each request what was asked, answered, used, and paid, and what all of them would cost', async () => {
    await using on = await field({ speed: 60 })
    const redeye = await on.open()
    const trial = await redeye.try(chats(50, { max_completion_tokens: 40 }), { requests: 3 })
    expect(trial.requests.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['q-0', 'succeeded'],
      ['q-1', 'succeeded'],
      ['q-2', 'succeeded'],
    ])
    for (const [index, { prompt, answer, tokens, usd, seconds, model }] of trial.requests.entries()) {
      expect(prompt).toBe(`Say something about the number ${index}.`)
      expect(answer).toEqual(expect.any(String))
      expect(tokens).toMatchObject({ input: expect.any(Number), output: expect.any(Number) })
      expect(seconds).toBeGreaterThanOrEqual(0)
      expect(model).toContain('gpt-5.4-mini')
      expect(nano(usd ?? '')).toBeGreaterThan(0n)
    }
    expect(trial.quote.lanes.map(({ lane }) => lane)).toContain('openai/batch')
    const paid = trial.requests.reduce((sum, { usd }) => sum + nano(usd ?? '0'), 0n)
    expect(Number(paid - BigInt((await on.emulator.bill()).nanoUsd))).toBeLessThanOrEqual(3)
  })

  test('made twice is bought once, and counts as bought when the same input flies', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const lines = chats(40)
    const first = await redeye.try(lines, { requests: 5 })
    expect((await redeye.try(lines, { requests: 4 })).job).toBe(first.job)
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 40, succeeded: 40 })
    expect(receipt.reused).toEqual({ rows: 5, from: [first.job] })
    expect((await on.emulator.log()).purchases.map(({ lines: bought }) => bought)).toEqual([35])

    const output = await outputLines(job)
    const tried = await redeye.job(first.job).receipt()
    expect(tried.requests).toMatchObject({ total: 5, succeeded: 5 })
    const landed = { ids: lines.map(idOf), receipt, lines: output }
    const { faults, nanoUsd } = await judge(on.emulator, [landed, { ids: null, receipt: tried, lines: null }])
    expect(faults).toEqual([])
    expect(nanoUsd).toMatchObject({ proven: nanoUsd.bill, unproven: 0n, duplicate: 0n })
  })

  test('of another model, or other lines, does not count', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    await redeye.try(chats(20), { requests: 2 })
    const job = await fly(redeye, chats(20), { model: 'gpt-5-mini' })
    expect((await job.receipt()).reused).toBeNull()
    expect((await (await fly(redeye, chats(21))).receipt()).reused).toBeNull()
  })

  test('flies translated, to the vendor of its model', async () => {
    await using on = await field({ speed: 60 })
    const redeye = await on.open()
    const lines = chats(30, { max_tokens: 100 })
    const trial = await redeye.try(lines, { requests: 2, model: 'claude-haiku-4-5' })
    expect(trial.requests.map(({ outcome, model }) => [outcome, model.startsWith('claude')])).toEqual([
      ['succeeded', true],
      ['succeeded', true],
    ])
    const job = await fly(redeye, lines, { model: 'claude-haiku-4-5' })
    expect((await job.receipt()).reused?.rows).toBe(2)
    expect((await outputLines(job)).map(idOf)).toEqual(lines.map(idOf))
  })

  test('shows what a vendor has against a request', async () => {
    await using on = await field({ speed: 60, scenario: 'anthropic/rows-400:share=1' })
    const redeye = await on.open()
    const { requests } = await redeye.try(messages(10), { requests: 1 })
    expect(requests[0]).toMatchObject({ outcome: 'failed', answer: null, error: expect.stringMatching(/invalid/) })
  })
})
