import { expect, test } from 'vitest'
import { neverBatch, savings, situations } from '../scripts/situations.ts'
import { advise } from '../src/index.ts'
import { durationOf } from '../src/kit/wall-time.ts'

const spend = { monthlySpend: 5000, offlineShare: 0.3 }

test.for(situations)('what may take $may is bought as docs/when-to-fly.md says', (one) => {
  const { recommended, reason, ways, notWhen } = advise({
    ...spend,
    latencyMs: durationOf(one.latency) as number,
    ...('model' in one ? { model: one.model } : {}),
  })
  expect(recommended).toBe(one.way)
  expect(reason).toContain(one.says)
  expect(notWhen).toEqual(neverBatch.map(({ when, why }) => `${when}: ${why}`))
  const saved = Object.fromEntries(ways.map((way) => [way.way, way.saved]))
  expect(saved).toEqual({
    ...Object.fromEntries(savings.map(({ way, saved: usd }) => [way, usd])),
    standard: 0,
    priority: expect.any(Number),
  })
})
