import { UsageError } from '../domain/errors.ts'
import { HOUR, MINUTE, SECOND } from '../kit/clock.ts'

/** What somebody knows of their work before any of it is a file. */
export interface Situation {
  /** How long an answer may take, ms. */
  readonly latencyMs: number
  /** USD a month, at standard prices. */
  readonly monthlySpend: number
  /** Share of that spend, 0 to 1, for which nobody waits. */
  readonly offlineShare: number
}

/** One way to buy the part that can wait. */
export interface Advised {
  readonly way: string
  /** Of the standard price. */
  readonly multiplier: number
  /** It answers in time by its vendors' own promise. */
  readonly fits: boolean
  /** USD a month saved on the part that can wait. */
  readonly saved: number
  /** What it promises, who sells it, and what is wrong with it. */
  readonly promise: string
}

export interface Advice {
  readonly recommended: string
  readonly reason: string
  readonly ways: readonly Advised[]
  /** When the half-price lane is the wrong tool whatever the figures say. */
  readonly notWhen: readonly string[]
}

interface Way {
  readonly way: string
  readonly multiplier: number
  readonly promisedMs: number
  readonly promise: string
}

/** Dearest last. Multipliers and promises are those of the vendors' pages; sources stand in the catalogue and limits. */
const ways: readonly Way[] = [
  {
    way: 'batch',
    multiplier: 0.5,
    promisedMs: 24 * HOUR,
    promise: 'within 24 h, half of them within 10 minutes; OpenAI, Anthropic, Gemini, Vertex and most others',
  },
  {
    way: 'flex',
    multiplier: 0.5,
    promisedMs: 15 * MINUTE,
    promise: '1 to 15 minutes when there is room, refused when there is none; Gemini, Vertex, OpenAI (winding down)',
  },
  {
    way: 'completion-window-8h',
    multiplier: 0.6,
    promisedMs: 8 * HOUR,
    promise: 'within 8 h; OpenAI only, and its wire field is unpublished in the API reference',
  },
  {
    way: 'completion-window-2h',
    multiplier: 0.7,
    promisedMs: 2 * HOUR,
    promise: 'within 2 h; OpenAI only, and its wire field is unpublished in the API reference',
  },
  {
    way: 'standard',
    multiplier: 1,
    promisedMs: 30 * SECOND,
    promise: 'seconds to minutes; cached prefixes at a tenth',
  },
  {
    way: 'priority',
    multiplier: 1.8,
    promisedMs: 5 * SECOND,
    promise: 'seconds, before others; OpenAI, Gemini, Vertex',
  },
]

/** What the vendors of a way to buy promise, ms; undefined for a way that nobody advises. */
export const promisedBy = (name: string): number | undefined => ways.find(({ way }) => way === name)?.promisedMs

/**
 * Which price the part of somebody's work that can wait should be bought at: the most saving that answers in time.
 * Spend × share × discount is what is saved: 5,000 USD × 30 % × 50 % = 750 USD a month.
 * @throws UsageError for a share outside 0 and 1, or a negative spend
 */
export function advise({ latencyMs, monthlySpend, offlineShare }: Situation): Advice {
  if (!(offlineShare >= 0 && offlineShare <= 1))
    throw new UsageError(`A share of ${offlineShare} is not within 0 and 1.`, 'Three tenths are 0.3.')
  if (!(monthlySpend >= 0)) throw new UsageError(`A monthly spend of ${monthlySpend} is no amount.`)
  const deferred = monthlySpend * offlineShare
  const advised = ways.map(({ promisedMs, ...way }) => ({
    ...way,
    fits: promisedMs <= latencyMs,
    saved: round(deferred * (1 - way.multiplier)),
  }))
  const best = advised.find(({ fits }) => fits) ?? (advised.at(-1) as Advised)
  return { recommended: best.way, reason: reasonOf(best, deferred), ways: advised, notWhen }
}

const notWhen = [
  'the answer is wanted within the hour and nothing else may be paid for it: one batch in ten takes longer',
  'there are only a handful of requests: waiting costs more than they do',
  'each step needs the answer of the one before it: every step waits anew',
  'the prompts share a long prefix on a model whose batch lane has no cache discount (GPT-4.1, GPT-4o): standard calls with a warm cache can cost less',
]

function reasonOf({ way, saved }: Advised, deferred: number): string {
  if (deferred === 0) return 'Nothing of it can wait, so there is nothing to save by waiting.'
  if (way === 'priority') return 'Only priority answers that fast; nothing can be saved by waiting.'
  if (way === 'standard') return 'Nothing cheaper answers in time; what a cache saves is all there is to save.'
  const month = `${way} saves ${saved.toLocaleString('en-US')} USD a month on the part that can wait`
  const elsewhere = way === 'flex' ? '; at a vendor without it, batch lands in time mostly' : ''
  return `${month}${elsewhere}.${saved < WORTHWHILE ? ' That may be less than the work of moving it.' : ''}`
}

/** USD a month below which moving the work is hardly worth a day of somebody's time. */
const WORTHWHILE = 50

const round = (usd: number): number => Math.round(usd * 100) / 100
