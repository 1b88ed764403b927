import { describe, test } from 'vitest'
import { chats, field, fly, messages, outputLines } from './field.ts'
import { judge } from './judge.ts'

const ids = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

describe.concurrent('a job on Vertex', () => {
  test('flies through the bucket that is named, and leaves nothing there', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const requests = chats(40, { max_tokens: 500 })
    const job = await fly(redeye, requests, { model: 'vertex/gemini-3.5-flash' })
    const lines = await outputLines(job)
    console.log(lines[0], await job.receipt())
    const { faults } = await judge(on.emulator, [{ ids: ids(requests), receipt: await job.receipt(), lines }])
    expect(faults).toEqual([])
  })
  test('claude', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const requests = messages(40)
    const job = await fly(redeye, requests, { model: 'vertex/claude-sonnet-4-6' })
    const lines = await outputLines(job)
    console.log(JSON.stringify(lines[0]), await job.receipt())
    const { faults } = await judge(on.emulator, [{ ids: ids(requests), receipt: await job.receipt(), lines }])
    expect(faults).toEqual([])
  })
})
