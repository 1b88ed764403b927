import { expect, test } from 'vitest'
import { lastJson, Night } from './night.ts'

const night = new Night()

const long = ['--prompt-tokens', '250000']
const requests = ['--requests', '1M', '--input-tokens', '4.5B', '--output-tokens', '300M']
const cached = [...requests, '--cached-share', '0.8']

/** What was worked out by hand, USD; each is asked of the command line. */
const examples: readonly (readonly [name: string, model: string, flags: readonly string[], usd: object])[] = [
  ['10B tokens in prompts up to 200K', 'gemini-2.5-pro', ['--input-tokens', '10B'], { standard: 12_500, batch: 6250 }],
  [
    '10B tokens in longer prompts',
    'gemini-2.5-pro',
    ['--input-tokens', '10B', ...long],
    { standard: 25_000, batch: 12_500 },
  ],
  ['50B tokens', 'text-embedding-3-large', ['--input-tokens', '50B'], { standard: 6500, batch: 3250 }],
  // Often told as 26 and 13: that is 1.3B tokens here, or 0.2B of the larger model.
  [
    '100B tokens, not 26 and 13 USD',
    'text-embedding-3-small',
    ['--input-tokens', '100B'],
    { standard: 2000, batch: 1000 },
  ],
  ['1.3B tokens', 'text-embedding-3-small', ['--input-tokens', '1.3B'], { standard: 26, batch: 13 }],
  ['0.2B tokens', 'text-embedding-3-large', ['--input-tokens', '0.2B'], { standard: 26, batch: 13 }],
  ['1M requests, no cache', 'gpt-5', requests, { standard: 8625, batch: 4312.5 }],
  ['1M requests, 90 % of the shared part cached', 'gpt-5', cached, { standard: 4575, batch: 2287.5 }],
  ['the same, where batch has no cache discount', 'gpt-4o', cached, { standard: 9750, batch: 7125 }],
  ['the same, where the cached part is not halved', 'gemini-2.5-pro', cached, { standard: 4575, batch: 2512.5 }],
  ['the same, writes left out', 'claude-sonnet-4-6', cached, { standard: 8280, batch: 4140 }],
  [
    '1B in and 200M out, windows included',
    'gpt-6.2-sol',
    ['--input-tokens', '1B', '--output-tokens', '200M'],
    { standard: 4000, batch: 2000, 'completion-window-2h': 2800, 'completion-window-8h': 2400 },
  ],
]

test.for(examples)('redeye quote: %s of %s', async ([, model, flags, usd]) => {
  const asked = await night.redeye(['quote', '--model', model, ...flags, '--json'])
  expect(asked.stderr).toBe('')
  const { lanes } = lastJson(asked) as { lanes: { lane: string; usd: { low: string; high: string } }[] }
  const quoted = Object.keys(usd).map((tier) => {
    const found = lanes.find(({ lane }) => lane.endsWith(`/${tier}`))
    return [tier, Number(found?.usd.low), Number(found?.usd.high)]
  })
  expect(quoted).toEqual(Object.entries(usd).map(([tier, price]) => [tier, price, price]))
})
