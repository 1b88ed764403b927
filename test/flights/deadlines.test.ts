import { describe, test } from 'vitest'
import { MINUTE } from '../../src/kit/clock.ts'
import { flyNight, nights } from '../chaos/nights.ts'
import { chats, field } from './field.ts'

// A bounded part of `npm run chaos`.
const some = [
  'openai: files that are not written',
  'openai: a night that is slow, and no flex',
  'anthropic: cancels that are never done',
  'gemini: batches that stay pending',
  'vertex: jobs that stay in the queue',
]

describe.concurrent('a job with a deadline', () => {
  test.for(nights.filter(({ vendor, trouble }) => some.includes(`${vendor}: ${trouble}`)))(
    'at $vendor lands in time on $trouble',
    { timeout: 120_000 },
    async (night, { expect, signal }) => {
      const { faults } = await flyNight(night, signal)
      expect(faults).toEqual([])
    },
  )
})

test('a deadline that no lane can be relied upon to meet is refused, with the earliest that can', async ({
  expect,
}) => {
  await using on = await field({ speed: 60 })
  const redeye = await on.open()
  const by = new Date(redeye.now() + 6 * MINUTE)
  const refused = redeye.submit(chats(5000), { by })
  await expect(refused).rejects.toMatchObject({ code: 'deadline_impossible', exitCode: 3 })
  await expect(refused).rejects.toThrow(/the earliest that can be is 20\d\d-/)
  const job = await redeye.submit(chats(5000), { by, bestEffort: true })
  expect((await job.receipt()).deadline).toBe(by.toISOString())
  expect((await on.emulator.log()).purchases).toEqual([])
})
