import { expect, test } from 'vitest'
import { knowledge, measure } from './measure.ts'

// The experiment itself is `npm run quotes`; of so few jobs one may well be outside, so only what is far off fails.
test('bills of generated jobs lie where they were quoted, the nearer the more was known', async () => {
  for (const number of [1, 4]) {
    const measured = await measure(1000, number, { requestsMin: 60, requestsMax: 60 })
    for (const what of knowledge) {
      const { low, high, actual } = measured[what]
      expect(actual, `${measured.job.name}, ${what}`).toBeGreaterThan(low / 1.5)
      expect(actual, `${measured.job.name}, ${what}`).toBeLessThan(high * 1.5)
    }
    const [cold, pilot, history] = knowledge.map((what) => measured[what].high / measured[what].low)
    expect(pilot).toBeLessThan(cold as number)
    expect(history).toBeLessThan(cold as number)
  }
}, 60_000)
