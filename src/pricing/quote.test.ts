import { describe, expect, test } from 'vitest'
import { picoPerToken } from '../domain/money.ts'
import type { Lane } from '../domain/usage.ts'
import { type QuotedLane, type QuoteGroup, type QuoteInput, quote, unpricedModels } from './quote.ts'

const at = Date.parse('2026-11-23T20:00:00Z')
const hour = 3_600_000

const group = (more: Partial<QuoteGroup> = {}): QuoteGroup => ({
  vendor: 'openai',
  model: 'gpt-6-sol',
  endpoint: '/v1/chat/completions',
  requests: 1000,
  inputTokens: { low: 400_000, high: 500_000 },
  outputTokens: { low: 50_000, high: 100_000 },
  ...more,
})

const quoted = (groups: QuoteGroup[], more: Partial<QuoteInput> = {}) =>
  quote({ at, groups, flyable: ['openai/batch'], ...more })

function lane(groups: QuoteGroup[], name: Lane = 'openai/batch', more: Partial<QuoteInput> = {}): QuotedLane {
  const found = quoted(groups, more).lanes.find((line) => line.lane === name)
  if (!found) throw new Error(`no ${name} in the quote`)
  return found
}

const notes = (more: Partial<QuoteGroup>, input: Partial<QuoteInput> = {}, name: Lane = 'openai/batch') =>
  lane([group(more)], name, input).notes.join('\n')

const whole = (model: string, vendor: string, input: number, requests: number, output = 0) =>
  lane(
    [
      group({
        model,
        vendor,
        requests,
        inputTokens: { low: input, high: input },
        outputTokens: { low: output, high: output },
      }),
    ],
    `${vendor}/batch`,
  ).usd

/** Of which only the prompts are not known exactly. */
const known: Partial<QuoteGroup> = { outputTokens: { low: 100_000, high: 100_000 } }

describe('a quote', () => {
  test('prices every lane the model has, low and high, beside the standard price', () => {
    const { lanes, pricesAsOf } = quoted([group(known)])
    expect(lanes.map(({ lane, flyable, usd }) => [lane, flyable, usd.low, usd.high, usd.standard])).toEqual([
      ['openai/batch', true, '0.9', '1', '2'],
      ['openai/flex', false, '0.9', '1', '2'],
      ['openai/standard', false, '1.8', '2', '2'],
      ['openai/priority', false, '3.6', '4', '2'],
    ])
    expect(lanes[0]?.tokens).toEqual({
      inputLow: 400_000,
      inputHigh: 500_000,
      outputLow: 100_000,
      outputHigh: 100_000,
      outputMost: 100_000,
    })
    expect(pricesAsOf).toBe('2026-09-23')
  })

  test('does not reckon with prompts and answers that are both short, or both long', () => {
    // Prompts of 0.4 to 0.5 USD, answers of 0.25 to 0.5: from 0.65 to 1, were it so.
    const { low, high, most } = lane([group()]).usd
    const middle = Math.sqrt(0.4 * 0.5) + Math.sqrt(0.25 * 0.5)
    expect(Number(low)).toBeCloseTo(middle - Math.hypot(Math.sqrt(0.4 * 0.5) - 0.4, Math.sqrt(0.25 * 0.5) - 0.25), 6)
    expect(Number(high)).toBeCloseTo(middle + Math.hypot(0.5 - Math.sqrt(0.4 * 0.5), 0.5 - Math.sqrt(0.25 * 0.5)), 6)
    expect(most).toBe('1')
  })

  test('adds up the endpoints of a model, and keeps models apart', () => {
    const { lanes } = quoted([
      group(known),
      group({ ...known, endpoint: '/v1/responses' }),
      group({ ...known, model: 'gpt-5' }),
    ])
    const batch = lanes.filter((line) => line.lane === 'openai/batch')
    expect(batch.map(({ model, usd }) => [model, usd.high])).toEqual([
      ['gpt-6-sol', '2'],
      ['gpt-5', '0.8125'],
    ])
  })

  test('says when it would land and how likely in time, as instants', () => {
    const landing = { 'openai/batch': { p50: 600, p90: 5400.4, onTime: 0.97 } }
    expect(lane([group()], 'openai/batch', { landing })).toMatchObject({
      lands: { p50: '2026-11-23T20:10:00.000Z', p90: '2026-11-23T21:30:00.000Z' },
      onTime: 0.97,
    })
    expect(lane([group()], 'openai/standard', { landing })).toMatchObject({
      lands: { p50: null, p90: null },
      onTime: null,
    })
  })

  test('passes on which limits bind and what the estimates rest on', () => {
    const line = lane(
      [group({ notes: ['A sample of 500.'] }), group({ notes: ['A sample of 500.'] })],
      'openai/batch',
      {
        limits: { 'openai/batch': ['3 submissions, by rows.'] },
      },
    )
    expect(line.limits).toEqual(['3 submissions, by rows.'])
    expect(line.notes.filter((note) => note === 'A sample of 500.')).toHaveLength(1)
  })

  test('charges long prompts at long rates: at both ends when the average is long, at the high end when one may be', () => {
    const tokens = { requests: 10, inputTokens: { low: 3_000_000, high: 3_000_000 }, outputTokens: { low: 0, high: 0 } }
    expect(lane([group({ model: 'gpt-5.4', ...tokens })]).usd).toMatchObject({ low: '7.5', high: '7.5' })
    const mixed = group({ model: 'gpt-5.4', ...tokens, requests: 1000, promptTokensMax: 300_000 })
    expect(lane([mixed]).usd).toMatchObject({ low: '3.75', high: '7.5' })
  })

  test('counts prompts as cache writes at the high end where the vendor may write unasked and charges for it', () => {
    const long = group({ inputTokens: { low: 2_000_000, high: 2_000_000 }, outputTokens: { low: 0, high: 0 } })
    expect(lane([long]).usd).toMatchObject({ low: '2', high: '2.5' })
    const short = group({ inputTokens: { low: 500_000, high: 500_000 }, outputTokens: { low: 0, high: 0 } })
    expect(lane([short]).usd).toMatchObject({ low: '0.5', high: '0.5' })
  })

  test('reproduces the worked examples', () => {
    expect(whole('text-embedding-3-small', 'openai', 1e11, 1e9)).toEqual({
      low: '1000',
      high: '1000',
      most: '1000',
      standard: '2000',
    })
    expect(whole('gemini-2.5-pro', 'gemini', 1e10, 1e6)).toEqual({
      low: '6250',
      high: '6250',
      most: '6250',
      standard: '12500',
    })
    expect(whole('gemini-2.5-pro', 'gemini', 1e10, 4e4)).toEqual({
      low: '12500',
      high: '12500',
      most: '12500',
      standard: '25000',
    })
    expect(whole('gpt-5', 'openai', 4.5e9, 1e6, 3e8)).toEqual({
      low: '4312.5',
      high: '4312.5',
      most: '4312.5',
      standard: '8625',
    })
  })

  test('brackets a price that the vendor left open', () => {
    const { usd, notes } = lane([group({ model: 'gpt-5.6-sol' })])
    expect(usd).toMatchObject({ low: '1.3', high: '2.75' })
    expect(notes.join(' ')).toContain('sure only until 2026-11-22')
  })
})

describe('without a price', () => {
  test('a quote shows null, never zero, and says so', () => {
    const result = quoted([group({ model: 'mystery' })])
    expect(result.lanes).toHaveLength(1)
    expect(result.lanes[0]).toMatchObject({ usd: { low: null, high: null, most: null, standard: null } })
    expect(result.lanes[0]?.notes[0]).toBe('No price is known for model "mystery" in openai/batch.')
    expect(result).toMatchObject({ recommended: null, pricesAsOf: null })
    expect(unpricedModels(result, 'openai/batch')).toEqual(['mystery'])
  })

  test('one unpriced model keeps the lane from being recommended', () => {
    const result = quoted([group(), group({ model: 'mystery' })])
    expect(result.recommended).toBeNull()
    expect(result.reason).toContain('no lane that can be flown has a price for every model')
    expect(unpricedModels(result, 'openai/batch')).toEqual(['mystery'])
  })

  test('a chat request to an embedding model has none: there is no price for its output', () => {
    expect(lane([group({ model: 'text-embedding-3-small' })]).usd.high).toBeNull()
  })
})

describe('the recommendation', () => {
  const flyable: Lane[] = ['openai/batch', 'openai/standard', 'openai/priority']
  const landing = {
    'openai/batch': { p50: 600, p90: 5400, onTime: 0.5 },
    'openai/standard': { p50: 300, p90: 400, onTime: 0.95 },
    'openai/priority': { p50: 100, p90: 200, onTime: 0.999 },
  }

  test('without a deadline is the cheapest lane that can be flown', () => {
    expect(quoted([group(known)], { flyable: ['openai/standard', 'openai/batch'] })).toMatchObject({
      recommended: 'openai/batch',
      reason: 'openai/batch is the cheapest lane: likely at most 1 USD against 2 at the standard price.',
    })
    expect(quoted([group()], { flyable: [] })).toMatchObject({ recommended: null })
  })

  test('with a deadline is the cheapest lane that meets it', () => {
    const result = quoted([group()], { flyable, landing, deadline: at + 2 * hour })
    expect(result.recommended).toBe('openai/standard')
    expect(result.reason).toContain('lands by 2026-11-23T22:00:00.000Z with a chance of 95 %')
  })

  test('is the likeliest lane when none is sure, and says what the chance is', () => {
    const result = quoted([group()], { flyable: ['openai/batch'], landing, deadline: at + 2 * hour })
    expect(result.recommended).toBe('openai/batch')
    expect(result.reason).toBe(
      'No lane is sure to land by 2026-11-23T22:00:00.000Z; openai/batch is the best there is, its chance is 50 %.',
    )
    expect(quoted([group()], { deadline: at + hour }).reason).toContain('its chance is not known')
  })
})

describe('the notes', () => {
  test('say when batch is the wrong tool', () => {
    expect(notes({}, { deadline: at + hour - 1 })).toContain('less than an hour away')
    expect(notes({}, { deadline: at + hour })).not.toContain('hour away')
    expect(notes({ requests: 9 })).toContain('9 requests are too few')
    expect(notes({ requests: 1 })).toContain('One request is too few')
    expect(notes({ requests: 10 })).not.toContain('too few')
  })

  test('name the cached share from which standard beats batch, where batch has no cache discount', () => {
    const million = { low: 2_000_000, high: 2_000_000 }
    const prompts = { requests: 1000, inputTokens: million, outputTokens: { low: 20_000, high: 20_000 } }
    // GPT-4.1: standard 2 / 0.5 cached / 8, batch 1 / – / 4. At share s: 4 − 3s + 0.16 = 2 + 0.08 → s = 0.693…
    expect(notes({ model: 'gpt-4.1', ...prompts })).toContain('more than 70 % of the input')
    expect(notes({ model: 'gpt-4.1', ...prompts, outputTokens: million })).not.toContain('shared prefix')
    expect(notes({ model: 'gpt-4.1', ...prompts, requests: 3000 })).not.toContain('shared prefix')
    expect(notes({ model: 'gpt-4o', ...prompts })).not.toContain('shared prefix')
    expect(notes({ model: 'gpt-5', ...prompts })).not.toContain('shared prefix')
    expect(notes({ model: 'gpt-4.1', ...prompts }, {}, 'openai/standard')).not.toContain('shared prefix')
  })

  test('say that cache reads are not counted, where there may be some and they would be cheaper', () => {
    const long = { inputTokens: { low: 2_000_000, high: 2_000_000 } }
    expect(notes({ model: 'gpt-5', ...long })).toContain('prompt cache are not counted')
    expect(notes({ model: 'gpt-5' })).not.toContain('prompt cache')
    expect(notes({ model: 'gpt-4.1', ...long })).not.toContain('prompt cache')
  })

  test('warn of shutdowns and price changes ahead, and of models already gone', () => {
    expect(notes({ model: 'gpt-5' })).toContain('gpt-5 is shut down on 2026-12-11. The vendor names gpt-6.1-sol')
    expect(notes({ model: 'gpt-4.1-nano' })).toContain('was shut down on 2026-10-23')
    expect(notes({ model: 'gemini-4-argon', vendor: 'gemini' }, {}, 'gemini/batch')).toContain(
      'From 2026-12-01 on gemini-4-argon costs 4/20',
    )
    expect(
      notes({ model: 'gemini-4-argon', vendor: 'gemini' }, { at: at + 30 * 24 * hour }, 'gemini/batch'),
    ).not.toContain('From 2026')
  })

  test('say what is uncertain about a price: old, inferred, a lane winding down or out of reach', () => {
    expect(notes({})).toContain('was read on 2026-09-23, 61 days ago')
    expect(notes({ model: 'gpt-6.2-sol' })).not.toContain('days ago')
    expect(notes({ model: 'claude-mythos-5-2', vendor: 'anthropic' }, {}, 'anthropic/batch')).toContain('inferred')
    expect(notes({}, {}, 'openai/flex')).toMatch(/not among the lanes[^]*being wound down/)
  })
})

test('amounts are exact: nano-dollars, rounded once', () => {
  const one = lane([group({ requests: 1, inputTokens: { low: 1, high: 1 }, outputTokens: { low: 0, high: 0 } })])
  expect(one.usd.high).toBe('0.000001')
  expect(picoPerToken(1)).toBe(1_000_000n)
})
