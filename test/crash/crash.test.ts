import { expect, test } from 'vitest'
import { killAtRandom, killAtStep, seeded, twentyAtOnce } from './trials.ts'

// A bounded seed of `npm run crash`.

test.for(['uploaded', 'sent', 'collected', 'delivering'] as const)(
  'killed at "%s", the job comes home as if nothing had been',
  { timeout: 90_000 },
  async (step) => {
    const { faults } = await killAtStep(step, 1)
    expect(faults).toEqual([])
  },
)

test.for(['anthropic', 'gemini', 'vertex', 'mistral', 'together', 'xai'] as const)(
  'killed with an unsure purchase at %s, and while collecting, nothing is bought twice',
  { timeout: 180_000 },
  async (vendor) => {
    for (const step of ['sent', 'collecting'] as const) {
      const { faults } = await killAtStep(step, 1, { vendor })
      expect(faults).toEqual([])
    }
  },
)

// Where purchases bear a mark, and where none tells ours from others.
test.for(['openai', 'anthropic'] as const)(
  'killed at six random moments at %s, nothing is lost and nothing bought twice',
  { timeout: 180_000 },
  async (vendor) => {
    for await (const { faults } of killAtRandom(6, seeded(24), { vendor })) expect(faults).toEqual([])
  },
)

test('twenty starts under one key buy once', { timeout: 120_000 }, async () => {
  const { faults } = await twentyAtOnce(seeded(7))
  expect(faults).toEqual([])
})
