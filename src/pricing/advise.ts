import { UsageError } from '../domain/errors.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../kit/clock.ts'
import { builtIn, catalogue, type ModelRow, type PriceBook } from './catalogue.ts'
import { sellerOf } from './what-if.ts'

/** What somebody knows of their work before any of it is a file. */
export interface Situation {
  /** How long an answer may take, ms. */
  readonly latencyMs: number
  /** USD a month, at standard prices. */
  readonly monthlySpend: number
  /** Share of that spend, 0 to 1, for which nobody waits. */
  readonly offlineShare: number
  /** `vendor/model`, or a name of the catalogue: not every model is sold on every lane. */
  readonly model?: string
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
    way: 'batch at 20 % off',
    multiplier: 0.8,
    promisedMs: 24 * HOUR,
    promise: 'within 24 h; DeepInfra, and some models of xAI',
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

/** How the part that can wait is bought, by how long it can: the first that is long enough. */
const cells = [
  { uptoMs: 100, way: 'priority' },
  { uptoMs: MINUTE - 1, way: 'standard' },
  { uptoMs: HOUR - 1, way: 'flex' },
  { uptoMs: Number.POSITIVE_INFINITY, way: 'batch' },
] as const

/**
 * Which price the part of somebody's work that can wait should be bought at, by how long an answer may take and what
 * there is to save. Spend × share × discount is what is saved: 5,000 USD × 30 % × 50 % = 750 USD a month.
 * @throws UsageError for a share outside 0 and 1, a negative spend, or a model that has no row
 */
export function advise(situation: Situation, prices: PriceBook = builtIn): Advice {
  const { latencyMs, monthlySpend, offlineShare, model } = situation
  if (!(offlineShare >= 0 && offlineShare <= 1))
    throw new UsageError(`A share of ${offlineShare} is not within 0 and 1.`, 'Three tenths are 0.3.')
  if (!(monthlySpend >= 0)) throw new UsageError(`A monthly spend of ${monthlySpend} is no amount.`)
  const deferred = monthlySpend * offlineShare
  const advised = ways.map(({ promisedMs, ...way }) => ({
    ...way,
    fits: promisedMs <= latencyMs,
    saved: round(deferred * (1 - way.multiplier)),
  }))
  const { way } = cells.find(({ uptoMs }) => latencyMs <= uptoMs) ?? cells[3]
  const row = model === undefined ? undefined : sellerOf(model, prices).row
  const unsold = row === undefined || way === 'standard' || row.prices[way] !== null ? '' : whyUnsold(row, way)
  const recommended = unsold === '' ? way : 'standard'
  const { saved } = advised.find((one) => one.way === recommended) as Advised
  return {
    recommended,
    reason: deferred === 0 ? NOTHING : `${unsold}${reasons[recommended](latencyMs)}${savedText(recommended, saved)}`,
    ways: advised,
    notWhen,
  }
}

const NOTHING = 'Nothing of it can wait, so there is nothing to save by waiting.'

const notWhen = [
  'somebody waits for the answer: an hour is promised to nobody',
  'you are still trying prompts out: a loop of debugging wants its answer now',
  'the deadline is less than an hour away: one batch in ten takes longer',
  'each step needs the answer of the one before it: every step waits anew',
]

const reasons = {
  priority: () => 'Only priority is answered before all others, for 1.7 to 2.5 times the price.',
  standard: () =>
    'Nothing cheaper answers in time: standard, with what the prompts share in a warm cache, and the smallest model that is good enough.',
  flex: () =>
    'flex answers within 1 to 15 minutes when there is room, and what it turns away goes to standard; GPT-6.2, GPT-4.1 and Claude have none.',
  batch: (latencyMs: number) =>
    latencyMs < DAY
      ? 'batch lands within the hour nine times in ten, and what would be late climbs to flex or standard before the deadline.'
      : 'batch is promised within 24 hours.',
} satisfies Record<(typeof cells)[number]['way'], (latencyMs: number) => string>

function whyUnsold({ id, provider, modality, notes }: ModelRow, way: 'batch' | 'flex' | 'priority'): string {
  const note = notes.find(
    (text) => text.toLowerCase().startsWith(way) || new RegExp(`\\b${way}\\b.*not`, 'i').test(text),
  )
  const none = way === 'flex' && catalogue.providers[provider]?.flexMultiplier === null
  const why = none
    ? `${provider} sells no flex`
    : (note?.replace(/\.$/, '') ??
      (modality === 'embedding' ? 'embeddings have none' : 'its vendor lists no price for it'))
  return `${id} is not sold on ${way}: ${why}. `
}

function savedText(way: string, saved: number): string {
  if (saved <= 0) return ''
  const month = ` ${way} saves ${saved.toLocaleString('en-US')} USD a month on the part that can wait.`
  return `${month}${saved < WORTHWHILE ? ' That may be less than the work of moving it.' : ''}`
}

/** USD a month below which moving the work is hardly worth a day of somebody's time. */
const WORTHWHILE = 50

const round = (usd: number): number => Math.round(usd * 100) / 100
