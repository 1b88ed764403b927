import { describe, expect, test } from 'vitest'
import { eventText, isLoud } from '../../src/cli/text/events.ts'
import { progressFacts, progressTimes } from '../../src/cli/text/progress.ts'
import { costText, quoteText } from '../../src/cli/text/quote.ts'
import { outcomeText, receiptText } from '../../src/cli/text/receipt.ts'
import type { JobEvent, JobStatus, Quote, Receipt } from '../../src/index.ts'

const at = (minutes: number): number => Date.UTC(2026, 10, 24, 20, minutes)
const iso = (minutes: number): string => new Date(at(minutes)).toISOString()

const lane = (name: `${string}/batch` | `${string}/standard`, flyable: boolean): Quote['lanes'][number] => ({
  lane: name,
  model: 'm-1',
  flyable,
  usd: { low: '0.10', high: '0.25', most: '0.4', standard: '0.5' },
  tokens: { inputLow: 1, inputHigh: 2, outputLow: 3, outputHigh: 4 },
  lands: { p50: iso(20), p90: iso(90) },
  onTime: null,
  limits: [],
  notes: ['One note.'],
})
const quote: Quote = {
  lanes: [lane('own/batch', true), lane('own/standard', false)],
  recommended: 'own/batch',
  reason: 'It is the cheapest.',
  alternatives: [],
  climb: null,
  earliest: null,
  pricesAsOf: '2026-11-01',
}
const receipt: Receipt = {
  job: 'job_a',
  state: 'flying',
  requests: {
    total: 2000,
    succeeded: 1200,
    failed: 3,
    expired: 0,
    cancelled: 0,
    missing: 1,
    invalid: 0,
    truncated: 0,
    discarded: 0,
  },
  usd: {
    quotedLow: '0.1',
    quotedHigh: '0.25',
    asQuoted: 'below',
    charged: '0.0123456',
    unproven: '0',
    duplicate: '0',
    standard: null,
    saved: null,
  },
  tokens: {},
  lanes: [],
  reused: null,
  rescues: [],
  submissions: 2,
  createdAt: iso(0),
  landedAt: null,
  deadline: null,
  metDeadline: null,
  outputs: [],
}
const status: JobStatus = {
  receipt,
  held: null,
  heldBy: null,
  atVendor: { rows: 800, done: 150 },
  shards: { total: 2, settled: 1, held: 0 },
  submissions: { open: 1, settled: 1 },
  attendants: [],
  error: null,
  key: null,
  tags: {},
  region: null,
  round: 0,
  quote,
  lands: null,
}
const event = (type: string, data: unknown, shard: string | null = 'shd_1'): JobEvent => ({
  seq: 1,
  at: iso(1),
  type,
  shard,
  submission: null,
  data,
})

describe('the words', () => {
  test('progress counts outcomes, rows done at the vendor and cost so far', () => {
    expect(progressFacts(status)).toBe(
      '1,200 succeeded · 3 failed · 1 missing of 2,000 · at the vendor 150 of 800 rows done · 0.0123 USD',
    )
    expect(progressFacts({ ...status, held: 'budget' })).toContain('held (budget)')
  })

  test('progress says when the job lands, by the quote, and how long it has flown', () => {
    expect(progressTimes(status, at(5))).toBe('lands in 15m–1h 25m · 5m so far')
    expect(progressTimes(status, at(30))).toBe('lands within 1h · 30m so far')
    expect(progressTimes(status, at(95))).toBe('later than nine in ten such jobs · 1h 35m so far')
    expect(progressTimes({ ...status, quote: null }, at(5))).toBe('5m so far')
  })

  test('what flies tells better than the quote when the job lands', () => {
    const flying = { ...status, lands: { p50: iso(100), p90: iso(190) } }
    expect(progressTimes(flying, at(95))).toBe('lands in 5m–1h 35m · 1h 35m so far')
  })

  test('a quote marks the lane to take and those that are for comparison', () => {
    const lines = quoteText(quote, at(0)).split('\n')
    expect(lines[1]).toBe('→  own/batch     m-1    0.1–0.25          0.5  20m–1h 30m')
    expect(lines[2]).toMatch(/^- {2}own\/standard/)
    expect(lines.slice(4)).toEqual([
      'It is the cheapest.',
      'Lanes marked "-" are for comparison: --ladder names those that the job may fly on.',
      '· One note.',
      '· Prices as of 2026-11-01.',
    ])
    expect(costText(quote)).toBe('0.1–0.25 USD')
  })

  test('a job in one line', () => {
    expect(outcomeText(receipt)).toBe(
      'job_a flying: 1,200 succeeded · 3 failed · 1 missing of 2,000 requests, 0.0123 USD',
    )
  })

  test('rows are said where requests are more than one', () => {
    const requests = (of: Receipt): string | undefined =>
      receiptText(of)
        .split('\n')
        .find((line) => line.includes('requests'))
        ?.trim()
    const counted = 'requests     2,000: 1,200 succeeded · 3 failed · 1 missing'
    expect(requests(receipt)).toBe(counted)
    expect(requests({ ...receipt, rows: 9000 })).toBe(`${counted} (9,000 rows at the vendor)`)
    expect(eventText(event('retry', { round: 1, requests: 2, rows: 5, shards: 1 }))).toBe(
      'round 1: 2 requests (5 rows) fly again',
    )
    expect(eventText(event('submitted', { requests: 2, shards: 1 }))).toBe('submitted: 2 requests in 1 shard')
  })

  test('events are told in sentences, unknown ones as they are', () => {
    expect(eventText(event('ended', { vendorState: 'expired', counts: { total: 5, completed: 3, failed: 0 } }))).toBe(
      'ended as "expired" (3 of 5 done, 0 failed)',
    )
    expect(eventText(event('settled', { succeeded: 3, failed: 0, missing: 2, again: 2 }))).toBe(
      'settled: 3 succeeded · 2 missing; 2 fly again',
    )
    expect(eventText(event('held', { reason: 'budget', budget: '1', spent: '0.5', inAir: '0', next: '0.75' }))).toBe(
      'held by the budget of 1 USD: 0.5 is spent, the next step could cost 0.75',
    )
    expect(eventText(event('novelty', { a: 1 }))).toBe('novelty {"a":1}')
  })

  test('of a hold, the shard is told while flying, and its job not again', () => {
    expect(isLoud(event('held', { reason: 'budget' }))).toBe(true)
    expect(isLoud(event('held', { reason: 'budget' }, null))).toBe(false)
    expect(isLoud(event('vendor-state', {}))).toBe(false)
  })
})
