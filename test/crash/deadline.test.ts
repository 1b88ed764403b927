import { setTimeout as pause } from 'node:timers/promises'
import { describe, test } from 'vitest'
import type { JobEvent } from '../../src/index.ts'
import { HOUR } from '../../src/kit/clock.ts'
import { ground } from './ground.ts'
import { killAtStep } from './trials.ts'

const SPEED = 120

/** The lanes that the job was sent to, in the order in which it first was. */
function lanesIn(events: readonly JobEvent[]): string[] {
  const lanes = events.flatMap(({ type, data }) => {
    const { lane, to = lane } = data as { lane?: string; to?: string }
    return type === 'decided' && to !== undefined ? [to] : []
  })
  return [...new Set(lanes)]
}

describe.concurrent('a job in trouble', () => {
  test('killed on batch, waking late, it climbs to flex, finds none there, and lands on standard in time', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using place = await ground({
      speed: SPEED,
      hours: 1.5,
      scenario: ['openai/stuck-validating:times=always', 'openai/flex-drought:seconds=86400'],
    })
    const began = Date.now()
    const { signal } = await place.launch({ REDEYE_CRASH_AT: 'bought:20' }).end
    expect(signal).toBe('SIGKILL')
    await pause(Math.max(0, began + (0.4 * HOUR) / SPEED - Date.now()))
    const { receipt } = await place.untilHome()

    expect(receipt.requests).toMatchObject({ total: 100, succeeded: 100 })
    expect(receipt.metDeadline).toBe(true)
    expect(receipt.lanes.map(({ lane }) => lane)).toContain('openai/standard')
    await using home = await place.home()
    const events = await Array.fromAsync(home.job(receipt.job).events({ follow: false }))
    expect(lanesIn(events)).toEqual(['openai/batch', 'openai/flex', 'openai/standard'])
    expect((await place.judge(receipt)).faults).toEqual([])
  })

  test.for([
    ['running', { ladder: 'standard' }],
    ['collecting', { ladder: 'standard' }],
    ['steered', { hours: 1, speed: SPEED, scenario: 'openai/stuck-in-progress' }],
    ['settled', { hours: 1, speed: SPEED, scenario: 'openai/stuck-in-progress' }],
  ] as const)(
    'killed at "%s" of a run of calls, or of a rescue, it comes home',
    { timeout: 120_000 },
    async ([step, options], { expect }) => {
      const { faults } = await killAtStep(step, 1, options)
      expect(faults).toEqual([])
    },
  )
})
