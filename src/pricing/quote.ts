import { isDeepStrictEqual } from 'node:util'
import type { EngineRates } from '../domain/engine-settings.ts'
import { type NanoUsd, roundToNano, usd } from '../domain/money.ts'
import { dearestAsked, dearestInput, type Lane, laneOf, type Tier, tierOf, type Usage } from '../domain/usage.ts'
import type { QuotedCache } from './cache-notes.ts'
import { cachedInput, isKept, type SharedPrompt } from './cache-worth.ts'
import { builtIn, type ModelRow, type PriceBook, ratesOf } from './catalogue.ts'
import { costOf } from './cost.ts'
import { laneNotes, modelNotes } from './notes.ts'
import { type Price, priceFor, residency, whyRefused } from './price.ts'
import { type Range, sumOf } from './range.ts'
import { type LaneFigures, recommend } from './recommend.ts'
import type { SparedQuote } from './spared.ts'
import type { Template } from './template.ts'

export type { Range } from './range.ts'

/** Requests of one vendor, model and endpoint. Tokens are those of all requests of the group together. */
export interface QuoteGroup {
  readonly vendor: string
  readonly model: string
  readonly endpoint: string
  readonly requests: number
  readonly inputTokens: Range
  readonly outputTokens: Range
  /** What all of it comes to at worst, for budgets: more than is likely. Default: the high ends. */
  readonly most?: { readonly input: number; readonly output: number }
  /** Tokens of each prompt, where they are known and alike; else the average is taken. */
  readonly promptTokens?: number
  /** Share of the input, 0 to 1, that is known to be read from a cache; the rest is plain input. */
  readonly cachedShare?: number
  /** Beginnings that the prompts share, where they are counted on to be read from a cache. */
  readonly shared?: SharedPrompt
  /** The longest prompt, where known: decides about long-context rates at the high end. Default: the average. */
  readonly promptTokensMax?: number
  /** They run where the vendor's data-residency price applies. */
  readonly resident?: boolean
  /** What the engine of the user's own costs that they would run on; it has a line of its own. */
  readonly rates?: EngineRates
  /** Requests ask for their prompts to be cached, which may be written at more than plain input. */
  readonly asksCache?: boolean
  /** What the estimates rest on, in sentences (an assumed max_tokens, the size of the sample). */
  readonly notes?: readonly string[]
}

export interface QuoteInput {
  /** When the requests would be sent, epoch ms. */
  readonly at: number
  readonly deadline?: number | null
  readonly groups: readonly QuoteGroup[]
  /** Default: the catalogue as it came. */
  readonly prices?: PriceBook
  /** Lanes that can be bought. All that have a price are quoted; only these are recommended. */
  readonly flyable: readonly Lane[]
  /** Seconds from `at` until the job lands, the chance to meet the deadline, and what tells so; a lane may be absent. */
  readonly landing?: Readonly<
    Partial<Record<Lane, { p50: number; p90: number; onTime: number | null; notes?: readonly string[] }>>
  >
  /** The lane that everything can climb to when it gets late. */
  readonly lastResort?: Lane | undefined
  /** The earliest deadline that can be relied upon, epoch ms; null: no lane is there to be relied upon. */
  readonly earliest?: number | null
  /** The limits of a lane that this job meets, in sentences. */
  readonly limits?: Readonly<Partial<Record<Lane, readonly string[]>>>
}

/** One lane for one model. Money is in decimal USD, null where no price is known. */
export interface QuotedLane {
  readonly lane: Lane
  readonly model: string
  readonly flyable: boolean
  /**
   * Nineteen jobs in twenty cost between `low` and `high`. `most`: what it cannot pass as far as requests say so, which
   * is what budgets go by. `standard`: what the tokens of `high` cost at the standard price.
   */
  readonly usd: {
    readonly low: string | null
    readonly high: string | null
    readonly most: string | null
    readonly standard: string | null
  }
  readonly tokens: {
    readonly inputLow: number
    readonly inputHigh: number
    readonly outputLow: number
    readonly outputHigh: number
    /** That `usd.most` reckons with. Quotes of old have none. */
    readonly outputMost?: number
  }
  readonly lands: { readonly p50: string | null; readonly p90: string | null }
  /** Chance to meet the deadline, 0 to 1; null without a deadline, or where nothing is known of the lane. */
  readonly onTime: number | null
  readonly limits: readonly string[]
  readonly notes: readonly string[]
  /** Why the price that there is does not count, with its source. */
  readonly refused?: string
}

export interface Quote {
  readonly lanes: readonly QuotedLane[]
  readonly recommended: Lane | null
  readonly reason: string
  /** What all of it would cost with other models that may answer. */
  readonly alternatives: readonly QuotedLane[]
  /** With a deadline: what all of it would cost on the lane that it can climb to. */
  readonly climb: {
    readonly lane: Lane
    readonly usd: { readonly low: string | null; readonly high: string | null }
  } | null
  /** ISO 8601: the earliest deadline that can be relied upon, where there is a lane for that. */
  readonly earliest: string | null
  /** The day of the oldest price used; null when none is known. */
  readonly pricesAsOf: string | null
  /** What is expected of beginnings that prompts share. Absent: none are known, or none can be read from a cache. */
  readonly cache?: QuotedCache
  /** Requests that are not bought, or need not be. Absent: none are known. */
  readonly spared?: readonly SparedQuote[]
  /** Budgets of the home that could stop the job midway. Absent: none. */
  readonly budgets?: readonly QuotedBudget[]
  /** Requests that a pilot of this input has bought: their answers are there, and the amounts are of the others. */
  readonly pilot?: { readonly requests: number }
  /** By group of the input, what quotes of later jobs learn from. */
  readonly learns?: readonly Learnable[]
}

/** Amounts in decimal USD. */
export interface QuotedBudget {
  readonly name: string
  readonly usd: string
  readonly left: string
  /** What the job may cost at most; null: some price is not known. */
  readonly job: string | null
  /** The command that raises it, with USD where the new amount goes. */
  readonly raise: string
}

/** What was known of a group of requests when it was quoted, to be laid beside what it was billed. */
export interface Learnable {
  readonly vendor: string
  readonly model: string
  readonly requests: number
  /** Of all of them, as far as our tokenizer goes; null: none was counted. */
  readonly counted: number | null
  readonly template: Template
}

/** Tiers as they are shown: cheapest first. */
export const quotedTiers = [
  'batch',
  'flex',
  'completion-window-8h',
  'completion-window-2h',
  'standard',
  'priority',
] as const satisfies readonly Tier[]
/** And that of an engine of one's own, which nobody else sells. */
const allTiers = ['idle', ...quotedTiers] as const satisfies readonly Tier[]

/**
 * What each lane would cost and when it would land: pure figures, nothing is bought.
 * A model without a price gets a line with null money for each lane that could be bought; see `unpricedModels`.
 */
export function quote(input: QuoteInput): Quote {
  const quoted: { figures: LaneFigures; line: QuotedLane }[] = []
  const asOf: string[] = []
  for (const groups of byModel(input.groups)) {
    const { vendor, model } = groups[0]
    const row = (input.prices ?? builtIn).find(model, vendor)
    if (row) asOf.push(row.asOf)
    for (const tier of allTiers) {
      const lane = laneOf(vendor, tier)
      const listed = tier === 'idle' ? groups[0].rates !== undefined : row !== undefined && ratesOf(row, tier) !== null
      if (listed || input.flyable.includes(lane)) quoted.push(quoteLane(input, groups, row, lane))
    }
  }
  const { recommended, reason } = recommend(
    quoted.map(({ figures }) => figures),
    input,
  )
  const lanes = quoted.map(({ line }) => line)
  return {
    lanes,
    recommended,
    reason,
    alternatives: [],
    climb: climbOf(quoted, input),
    earliest: input.earliest == null ? null : new Date(input.earliest).toISOString(),
    pricesAsOf: asOf.sort()[0] ?? null,
  }
}

function climbOf(quoted: readonly { figures: LaneFigures }[], { lastResort }: QuoteInput): Quote['climb'] {
  if (lastResort === undefined) return null
  const parts = quoted.filter(({ figures }) => figures.lane === lastResort)
  const total = (end: 'low' | 'high'): string | null => print(sum(parts.map(({ figures }) => figures[end])))
  return { lane: lastResort, usd: { low: total('low'), high: total('high') } }
}

/** Models of a quote that have no price in a lane, by name: what a job must refuse unless told otherwise. */
export const unpricedModels = (quote: Quote, lane: Lane): string[] =>
  quote.lanes.filter((line) => line.lane === lane && line.usd.high === null).map((line) => line.model)

type Groups = readonly [QuoteGroup, ...QuoteGroup[]]

function byModel(groups: readonly QuoteGroup[]): Groups[] {
  const models = new Map<string, [QuoteGroup, ...QuoteGroup[]]>()
  for (const group of groups) {
    const key = JSON.stringify([group.vendor, group.model])
    const same = models.get(key)
    if (same) same.push(group)
    else models.set(key, [group])
  }
  return [...models.values()]
}

function quoteLane(input: QuoteInput, groups: Groups, row: ModelRow | undefined, lane: Lane) {
  const { vendor, model } = groups[0]
  const tier = tierOf(lane)
  const landing = input.landing?.[lane]
  const flyable = input.flyable.includes(lane)
  const figures: LaneFigures = {
    lane,
    ...likelyCost(groups.map((group) => costsOf(group, row, tier, input.at))),
    standard: likelyCost(groups.map((group) => costsOf(group, row, 'standard', input.at))).high,
    onTime: landing?.onTime ?? null,
    flyable,
  }
  const worst = groups.map((group) => costAt(atMost(group), row, tier, input.at, 'high'))
  const most = sum(worst.flatMap(({ prompts, answers }) => [prompts, answers]))
  const from = (seconds: number | undefined): string | null =>
    seconds === undefined ? null : new Date(input.at + Math.round(seconds) * 1000).toISOString()
  const tokens = tokensOf(groups)
  const requests = groups.reduce((all, group) => all + group.requests, 0)
  const resident = groups.some((group) => group.resident === true)
  const price = priceFor({
    model: row ?? model,
    vendor,
    tier,
    at: input.at,
    resident,
    rates: groups[0].rates,
  })
  const refused = row === undefined || tier === 'idle' ? undefined : whyRefused(row, tier, input.at)
  const cacheCounted = groups.some(({ cachedShare, shared }) => cachedShare !== undefined || shared !== undefined)
  const priced = figures.high !== null
  const facts = { lane, model, row, price, priced, refused, flyable, requests, tokens, cacheCounted }
  const line: QuotedLane = {
    lane,
    model,
    flyable,
    usd: { low: print(figures.low), high: print(figures.high), most: print(most), standard: print(figures.standard) },
    tokens,
    lands: { p50: from(landing?.p50), p90: from(landing?.p90) },
    onTime: figures.onTime,
    limits: input.limits?.[lane] ?? [],
    notes: [
      ...laneNotes(facts, input),
      ...modelNotes(facts, input),
      ...residencyNotes(groups, row),
      ...(landing?.notes ?? []),
      ...estimateNotes(groups),
    ],
    ...(refused === undefined ? {} : { refused }),
  }
  return { figures, line }
}

function tokensOf(groups: Groups): QuotedLane['tokens'] {
  const total = (of: (group: QuoteGroup) => number): number => groups.reduce((all, group) => all + of(group), 0)
  return {
    inputLow: total((group) => group.inputTokens.low),
    inputHigh: total((group) => group.inputTokens.high),
    outputLow: total((group) => group.outputTokens.low),
    outputHigh: total((group) => group.outputTokens.high),
    outputMost: total((group) => atMost(group).outputTokens.high),
  }
}

const estimateNotes = (groups: Groups): string[] => [...new Set(groups.flatMap((group) => group.notes ?? []))]

function residencyNotes(groups: Groups, row: ModelRow | undefined): string[] {
  const multiplier = row && groups.some(({ resident }) => resident === true) ? residency(row, groups[0].vendor) : 1
  if (multiplier === 1) return []
  return [`The data-residency price applies: ${Math.round(multiplier * 100 - 100)} % above the price elsewhere.`]
}

const print = (nano: NanoUsd | null): string | null => (nano === null ? null : usd(nano))
const sum = (parts: readonly (NanoUsd | null)[]): NanoUsd | null =>
  parts.reduce((all, part) => (all === null || part === null ? null : all + part), 0n)

function atMost(group: QuoteGroup): QuoteGroup {
  const { inputTokens, outputTokens, most } = group
  if (most === undefined) return group
  return {
    ...group,
    inputTokens: { ...inputTokens, high: Math.max(inputTokens.high, most.input) },
    outputTokens: { ...outputTokens, high: Math.max(outputTokens.high, most.output) },
  }
}

/** What prompts and answers cost; null: no price is known. */
interface Costs {
  readonly prompts: NanoUsd | null
  readonly answers: NanoUsd | null
  readonly price: Price | undefined
}

const costsOf = (group: QuoteGroup, row: ModelRow | undefined, tier: Tier, at: number) => ({
  low: costAt(group, row, tier, at, 'low'),
  high: costAt(group, row, tier, at, 'high'),
  cached: group.shared !== undefined,
})

/**
 * Nineteen jobs in twenty cost between the two. What a vendor makes of prompts and how long its answers are have nothing to
 * do with each other, so seldom are both low, or both high. But where the price itself is open, it is so for both; and
 * prompts are found in a cache or they are not, with nothing in between.
 */
function likelyCost(
  groups: readonly { readonly low: Costs; readonly high: Costs; readonly cached: boolean }[],
): Pick<LaneFigures, 'low' | 'high'> {
  const rangeOf = (part: 'prompts' | 'answers') => ({
    low: sum(groups.map(({ low }) => low[part])),
    high: sum(groups.map(({ high }) => high[part])),
  })
  const [prompts, answers] = [rangeOf('prompts'), rangeOf('answers')]
  const plain = { low: sum([prompts.low, answers.low]), high: sum([prompts.high, answers.high]) }
  const open = groups.some(
    ({ low, high, cached }) => cached || !isDeepStrictEqual(low.price?.perToken, high.price?.perToken),
  )
  if (plain.low === null || plain.high === null || open || isKnown(prompts) || isKnown(answers)) return plain
  const both = sumOf([numeric(prompts), numeric(answers)])
  return { low: BigInt(Math.round(both.low)), high: BigInt(Math.round(both.high)) }
}

type NanoRange = Pick<LaneFigures, 'low' | 'high'>
const isKnown = ({ low, high }: NanoRange): boolean => low === high
const numeric = ({ low, high }: NanoRange): Range => ({ low: Number(low), high: Number(high) })

function costAt(group: QuoteGroup, row: ModelRow | undefined, tier: Tier, at: number, reading: 'low' | 'high'): Costs {
  const { vendor, model, requests, resident = false, rates } = group
  const average = group.promptTokens ?? group.inputTokens[reading] / Math.max(1, requests)
  const promptTokens = reading === 'high' ? Math.max(average, group.promptTokensMax ?? 0) : average
  const price = priceFor({ model: row ?? model, vendor, tier, at, promptTokens, reading, resident, rates })
  if (price === undefined) return { prompts: null, answers: null, price }
  const { output = 0, ...prompts } = usageAt(group, row, price, promptTokens, reading)
  return { prompts: costOrNull(prompts, price), answers: costOrNull({ output }, price), price }
}

/** Prompts that are written to a cache at more than plain input, asked or unasked, count so at the high end. */
function usageAt(
  group: QuoteGroup,
  row: ModelRow | undefined,
  price: Price,
  promptTokens: number,
  end: 'low' | 'high',
): Usage {
  if (group.cachedShare !== undefined) {
    const cachedInput = Math.round(group.inputTokens[end] * group.cachedShare)
    const output = Math.round(group.outputTokens[end])
    return { input: Math.round(group.inputTokens[end]) - cachedInput, cachedInput, output }
  }
  const { shared } = group
  if (shared !== undefined && isKept(shared, price)) {
    // What is kept unasked may not be found at all: then prompts cost what they cost without.
    if (shared.writes !== null || end === 'low') {
      const hits = end === 'low' ? shared.hits.high : shared.hits.low
      return { ...cachedInput(group.inputTokens[end], shared, hits), output: Math.round(group.outputTokens[end]) }
    }
  }
  const cacheable = promptTokens >= (row?.minCacheableTokens ?? Number.POSITIVE_INFINITY)
  const dearest = group.asksCache === true ? dearestAsked : dearestInput
  const kind = end === 'high' && cacheable ? dearest(price.perToken) : 'input'
  return { [kind]: Math.round(group.inputTokens[end]), output: Math.round(group.outputTokens[end]) }
}

function costOrNull(usage: Usage, price: Price): NanoUsd | null {
  const kinds = Object.entries(usage) as [keyof Usage, number][]
  if (kinds.some(([kind, tokens]) => tokens > 0 && price.perToken[kind] === undefined)) return null
  return roundToNano(costOf(usage, price))
}
