import { describe, test } from 'vitest'
import { chats, field } from './field.ts'

const requests = chats(5, { model: 'gpt-6.2-sol' })

describe.concurrent('A completion window', () => {
  test('is quoted between batch and standard, for comparison', async ({ expect }) => {
    await using on = await field()
    const { lanes } = await (await on.open()).quote(requests)
    expect(lanes.map(({ lane, flyable }) => [lane, flyable])).toEqual([
      ['openai/batch', true],
      ['openai/completion-window-8h', false],
      ['openai/completion-window-2h', false],
      ['openai/standard', false],
      ['openai/priority', false],
    ])
    const high = lanes.map(({ usd }) => Number(usd.high))
    expect(high[2]).toBeGreaterThan(high[1] ?? 0)
    expect(high[3]).toBeGreaterThan(high[2] ?? 0)
    expect(lanes[1]?.notes.join()).toMatch(/wire field unpublished/i)
  })

  test('is refused for purchase without its wire field, and nothing is sent', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await expect(redeye.submit(requests, { ladder: ['completion-window-8h'] })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringMatching(/^Nothing was sent.*completionWindowField/),
    })
    expect((await on.emulator.log()).purchases).toEqual([])
  })
})
