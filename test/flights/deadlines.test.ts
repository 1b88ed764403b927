import { describe, expect, test } from 'vitest'
import { HOUR } from '../../src/kit/clock.ts'
import { chats, field, idOf, outputLines } from './field.ts'
import { judge } from './judge.ts'

const SPEED = 300

describe.concurrent('a job with a deadline', () => {
  test.for([['stuck-in-progress'], ['stuck-finalizing'], ['stuck-validating'], ['counts-zero-until-end']])(
    'lands in time although the vendor is at %s',
    { timeout: 60_000 },
    async ([scenario], { expect, signal }) => {
      await using on = await field({ speed: SPEED, scenario: [`openai/${scenario}`] })
      const redeye = await on.open()
      const input = chats(400)
      const job = await redeye.submit(input, { by: new Date(redeye.now() + 2 * HOUR) })
      await job.wait({ signal })
      const receipt = await job.receipt()
      for await (const { at, type, data } of job.events({ follow: false }))
        if (type === 'decided') console.log(scenario, at, (data as { reason: string }).reason)
      console.log(scenario, JSON.stringify(receipt))
      expect(receipt.requests).toMatchObject({ total: 400, succeeded: 400 })
      expect(receipt.metDeadline).toBe(true)
      const lines = await outputLines(job)
      const { faults } = await judge(on.emulator, [{ ids: input.map(idOf), receipt, lines }])
      expect(faults).toEqual([])
    },
  )
})
