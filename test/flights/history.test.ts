import { describe, test } from 'vitest'
import type { Redeye } from '../../src/index.ts'
import { HOUR, SECOND } from '../../src/kit/clock.ts'
import { chats, field, fly } from './field.ts'

const input = chats(240)
const cut = { shardRequests: 20 }

const batchOf = async (redeye: Redeye) => {
  const { lanes } = await redeye.quote(chats(20), { by: new Date(redeye.now() + 2 * HOUR) })
  const line = lanes.find(({ lane }) => lane === 'openai/batch')
  if (line === undefined) throw new Error('batch is not quoted')
  return { ...line, seconds: (Date.parse(line.lands.p90 ?? '') - redeye.now()) / SECOND }
}

describe('what a home has flown', () => {
  test('tells its next quote when it lands, and on how many submissions that rests', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 120, sigma: 0 } })
    const redeye = await on.open()
    const before = await batchOf(redeye)
    expect(before.notes.join('\n')).toContain('is told by published figures, and none of this home yet')
    expect(await redeye.latency()).toEqual([])
    await fly(redeye, input, cut)
    const after = await batchOf(redeye)
    expect(after.notes.join('\n')).toContain('published figures and 12 submissions of this home')
    expect(after.seconds).toBeLessThan(before.seconds)
    expect(after.onTime).toBeGreaterThan(before.onTime ?? 1)
    const [told, ...others] = await redeye.latency()
    expect(others).toEqual([])
    expect(told).toMatchObject({ lane: 'openai/batch', vendor: 'openai', submissions: 12 })
    expect(told?.lines).toMatchObject([{ model: 'gpt-5.4-mini', requests: { from: 11, to: 100 }, submissions: 12 }])
  })
})
