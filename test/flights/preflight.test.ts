import { describe, expect, test } from 'vitest'
import { PreflightRejected } from '../../src/index.ts'
import { chats, eventTypes, field, fly, idOf, outputLines } from './field.ts'
import { judge } from './judge.ts'

const input = (count: number, more: Readonly<Record<string, unknown>> = {}) => [
  ...chats(count - 100, { max_completion_tokens: 30 }),
  ...chats(100, { max_completion_tokens: 30, ...more }, count - 100),
]

/** Of a strict schema, every object has to be closed; this one is not. */
const loose = {
  type: 'json_schema',
  json_schema: {
    name: 'loose',
    strict: true,
    schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  },
}

describe.concurrent('of a job of a thousand requests or more', () => {
  test('one of every set of parameters goes ahead, and its answer is bought once', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const lines = input(1200, { temperature: 0.5 })
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 1200, succeeded: 1200 })
    expect(receipt.lanes.map(({ lane, requests }) => [lane, requests]).sort()).toEqual([
      ['openai/batch', 1198],
      ['openai/standard', 2],
    ])
    const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: await outputLines(job) }])
    expect(verdict.faults).toEqual([])
  })

  test('nothing else is sent when the vendor turns that one down, and its words are told', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const job = await redeye.submit(input(1200, { response_format: loose }))
    const error = await job.wait().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PreflightRejected)
    expect(error).toMatchObject({ code: 'preflight_rejected', exitCode: 2 })
    expect((error as Error).message).toMatch(/additionalProperties/)
    expect((await on.emulator.log()).purchases).toEqual([])
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 1, failed: 1, cancelled: 1198 })
    expect(await eventTypes(job)).toContain('preflight-rejected')
    expect((await on.emulator.bill()).nanoUsd).toBe(String(BigInt(Math.round(Number(receipt.usd.charged) * 1e9))))
  })

  test('all are sent at once where nobody wants that', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const receipt = await (await fly(redeye, input(1000), { preflight: false })).receipt()
    expect(receipt.lanes.map(({ lane, requests }) => [lane, requests])).toEqual([['openai/batch', 1000]])
  })
})

test('a job of fewer is sent at once', async () => {
  await using on = await field()
  const redeye = await on.open()
  const receipt = await (await fly(redeye, chats(200))).receipt()
  expect(receipt.lanes.map(({ lane, requests }) => [lane, requests])).toEqual([['openai/batch', 200]])
})
