import { describe, test } from 'vitest'
import { killAtRandom, killAtStep, seeded, twentyAtOnce } from './trials.ts'

// A bounded seed of `npm run crash`. Most of a trial is waiting, so several are on their way at once.

describe.concurrent('a process that is killed', () => {
  test.for(['uploaded', 'collected', 'delivering'] as const)(
    'at "%s" is gone on from as if nothing had been',
    { timeout: 180_000 },
    async (step, { expect }) => {
      const { faults } = await killAtStep(step, 1)
      expect(faults).toEqual([])
    },
  )

  test.for([
    ['openai', 'sent'],
    ['anthropic', 'sent'],
    ['anthropic', 'collecting'],
    ['gemini', 'sent'],
    ['vertex', 'collecting'],
    ['mistral', 'sent'],
    ['together', 'collecting'],
    ['xai', 'sent'],
  ] as const)('at %s, at "%s", has bought nothing twice', { timeout: 180_000 }, async ([vendor, step], { expect }) => {
    const { faults } = await killAtStep(step, 1, { vendor })
    expect(faults).toEqual([])
  })

  // Where purchases bear a mark, and where none tells ours from others.
  test.for(['openai', 'anthropic'] as const)(
    'at %s, at three random moments, has lost nothing and bought nothing twice',
    { timeout: 180_000 },
    async (vendor, { expect }) => {
      for await (const { faults } of killAtRandom(3, seeded(24), { vendor })) expect(faults).toEqual([])
    },
  )
})

test('twenty starts under one key buy once', { timeout: 120_000 }, async ({ expect }) => {
  const { faults } = await twentyAtOnce(seeded(7))
  expect(faults).toEqual([])
})
