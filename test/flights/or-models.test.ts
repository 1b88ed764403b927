import { describe, expect, test } from 'vitest'
import { HOUR } from '../../src/kit/clock.ts'
import { chats, field, fly, idOf, outputLines } from './field.ts'
import { judge } from './judge.ts'

const modelsOf = (lines: Awaited<ReturnType<typeof outputLines>>): Set<string> =>
  new Set(lines.map(({ response }) => String(response?.body['model'])))

describe('a job that several models may answer', () => {
  test('flies on the one that costs least, whatever vendor sells it, and its answers come in the dialect of the input', async () => {
    await using on = await field({ speed: 600 })
    const redeye = await on.open()
    const input = chats(40, { max_tokens: 60 })
    const settings = { model: 'claude-opus-5', orModels: ['gpt-5.4-mini', 'gemini/gemini-3.5-flash'] }
    const quote = await redeye.quote(input, settings)
    expect(new Set(quote.lanes.map(({ model }) => model))).toEqual(new Set(['claude-opus-5']))
    expect(new Set(quote.alternatives.map(({ lane }) => lane))).toEqual(new Set(['openai/batch', 'gemini/batch']))
    const job = await fly(redeye, input, settings)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 40, succeeded: 40 })
    expect(receipt.lanes.map(({ lane }) => lane)).toEqual(['openai/batch'])
    const lines = await outputLines(job)
    expect([...modelsOf(lines)].every((model) => model.startsWith('gpt-5.4-mini'))).toBe(true)
    const { faults, nanoUsd } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
    expect(nanoUsd.proven).toBe(nanoUsd.bill)
  })

  test('climbs on whichever is cheapest in time', { timeout: 90_000 }, async () => {
    await using on = await field({ speed: 60, scenario: ['gemini/stuck-pending:times=50'] })
    const redeye = await on.open()
    const input = chats(120, { max_tokens: 60 })
    const job = await fly(redeye, input, {
      model: 'gpt-5.4-mini',
      orModels: ['gemini/gemini-2.5-flash-lite'],
      ladder: ['batch', 'standard'],
      by: new Date(redeye.now() + 0.4 * HOUR),
    })
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ total: 120, succeeded: 120 })
    expect(receipt.metDeadline).toBe(true)
    // Submissions of the one, and requests one by one of the other: whatever was cheaper and still in time.
    expect(receipt.lanes.map(({ lane }) => lane)).not.toContain('openai/standard')
    expect(receipt.rescues.map(({ lane }) => lane)).toContain('gemini/batch')
    const lines = await outputLines(job)
    expect(lines.every(({ response }) => response?.status_code === 200)).toBe(true)
    const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
    expect(faults).toEqual([])
  })

  test('of vectors is refused, for those of different models do not compare', async () => {
    await using on = await field()
    const redeye = await on.open()
    const line = {
      custom_id: 'a',
      method: 'POST',
      url: '/v1/embeddings',
      body: { model: 'text-embedding-3-small', input: 'a' },
    }
    const refused = redeye.submit([line], { orModels: ['gemini-embedding-001'] })
    await expect(refused).rejects.toMatchObject({ code: 'usage' })
  })
})
