import { describe, expect, test } from 'vitest'
import { chats, contents, field, fly, idOf, messages, outputLines } from './field.ts'
import { judge } from './judge.ts'

const vendors = [
  { vendor: 'openai', tiers: ['flex', 'standard', 'priority'], input: chats(60) },
  { vendor: 'anthropic', tiers: ['standard'], input: messages(60) },
  { vendor: 'gemini', tiers: ['flex', 'standard', 'priority'], input: contents(60) },
] as const

describe.each(
  vendors.flatMap(({ vendor, tiers, input }) => tiers.map((tier) => ({ lane: `${vendor}/${tier}`, tier, input }))),
)('a job that flies on $lane', ({ lane, tier, input }) => {
  test('comes home with an answer for each request, and the books close', async () => {
    await using on = await field({ speed: 60 })
    const redeye = await on.open()
    const job = await fly(redeye, [...input], { ladder: [tier] })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 60, succeeded: 60 })
    expect(receipt.lanes).toEqual([{ lane, requests: 60, usd: receipt.usd.charged }])
    const lines = await outputLines(job)
    const { faults, nanoUsd } = await judge(on.emulator, [{ ids: [...input].map(idOf), receipt, lines }])
    expect(faults).toEqual([])
    expect(nanoUsd).toMatchObject({ unproven: 0n, duplicate: 0n, proven: nanoUsd.bill })
  })
})
