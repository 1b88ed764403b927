import { describe, expect, test } from 'vitest'
import { latencyText } from '../../src/cli/text/latency.ts'
import type { HourOfWeek, LaneLatency } from '../../src/index.ts'

const lane = (hours: readonly HourOfWeek[]): LaneLatency => ({
  account: 'acc_a',
  vendor: 'own',
  baseUrl: 'https://own.test/v1',
  lane: 'own/batch',
  submissions: 40,
  since: '2026-11-02T03:00:00.000Z',
  lines: [
    {
      model: 'm-1',
      requests: null,
      submissions: 40,
      p50: 640,
      p90: null,
      prior: { p50: 600, p90: 5400 },
      expired: 0.025,
      cancelled: 0.2,
    },
    {
      model: 'm-1',
      requests: { from: 10_001, to: null },
      submissions: 4,
      p50: 700,
      p90: 900,
      prior: null,
      expired: 0,
      cancelled: 0,
    },
  ],
  hours,
})
const each = (step: number, submissions: number, slowness: (day: number, hour: number) => number): HourOfWeek[] =>
  Array.from({ length: 7 * (24 / step) }, (_, at) => {
    const [day, hour] = [Math.floor((at * step) / 24), (at * step) % 24]
    return { day, hour, submissions, slowness: slowness(day, hour) }
  })

describe('doctor --latency', () => {
  test('a home that has flown nothing says so', () => {
    expect(latencyText([])).toBe('This home has no submission yet that has ended; quotes go by published figures.')
  })

  test('each line stands beside what is published; nine in ten of a few is not told', () => {
    expect(
      latencyText([lane([])])
        .split('\n')
        .slice(0, 5),
    ).toEqual([
      'own/batch, own at https://own.test/v1',
      '40 submissions since 2026-11-02',
      'model  requests   n      p50     p90  published p50 / p90  expired  cancelled',
      'm-1         all  40  10m 40s  longer         10m / 1h 30m    2.5 %       20 %',
      '        10,001+   4  11m 40s       –                    –        0          0',
    ])
  })

  test('the chart is as fine as there are submissions for, and fits the terminal', () => {
    const text = latencyText([lane(each(1, 5, (day, hour) => (day === 1 && hour === 14 ? 4 : 1)))])
    const tuesday = text.split('\n').find((line) => line.startsWith('Tue')) ?? ''
    expect(tuesday).toBe(`Tue  ${'▅ '.repeat(14)}█ ${'▅ '.repeat(9)}`.trimEnd())
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    const coarse = latencyText([lane(each(6, 3, () => 0.2))])
    expect(coarse).toContain('     00 06 12 18\nMon  ▁  ▁  ▁  ▁\n')
  })

  test('too few make no chart', () => {
    expect(latencyText([lane(each(12, 1, () => 1))])).toContain('Too few for a chart')
  })
})
