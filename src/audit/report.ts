import type { LineProblem } from '../domain/errors.ts'
import { type NanoUsd, type PicoUsd, roundToNano, usd } from '../domain/money.ts'
import { DAY } from '../kit/clock.ts'
import { commandsFor } from './commands.ts'
import type { PriceBook } from './price-book.ts'
import { type Move, type PricedGroup, priceGroup, type Saving } from './price-group.ts'
import { daysOf, judgedGroups, type Rhythm, rhythmOf } from './rhythm.ts'
import { type Group, inputOf, type Tally } from './tally.ts'

/** What a log shows of calls that nobody waited for. USD are decimal strings; those `a month` are for 30 days. */
export interface AuditReport {
  readonly source: {
    readonly name: string
    readonly shape: string
    readonly from: string
    readonly until: string
    readonly days: number
    readonly lines: number
    /** Lines that were no billed call, by why. */
    readonly passedOver: Readonly<Record<string, number>>
    readonly problems: { readonly total: number; readonly first: readonly LineProblem[] }
  }
  readonly usd: {
    /** All of it, at the prices of our catalogue and the tiers it was bought in. */
    readonly paid: string
    readonly paidMonth: string
    /** Of it, bought at half price already. */
    readonly discounted: string
    readonly discountedShare: number
    /** Of it, bought at full price although nobody seems to wait. */
    readonly candidates: string
    /** What the plan comes to. */
    readonly savedMonth: string
    /** What the vendor's own cost report says of the same days; null without one. */
    readonly reported: string | null
  }
  /** By day, UTC. */
  readonly days: readonly {
    readonly day: string
    readonly discounted: string
    readonly candidates: string
    readonly rest: string
  }[]
  /** USD in each hour of the week, Monday 00:00 first, local time; null where the log tells of whole days only. */
  readonly week: readonly number[] | null
  readonly zone: string
  readonly groups: readonly AuditGroup[]
  readonly plan: readonly PlanStep[]
  readonly rule: {
    readonly text: string
    readonly monthlySpend: number
    readonly offlineShare: number
    readonly savedMonth: number
  }
  /** What is not in the figures. */
  readonly unpriced: readonly {
    readonly what: string
    readonly why: string
    readonly requests: number | null
    readonly tokens: number
  }[]
  /** What the figures rest on, in sentences. */
  readonly basis: readonly string[]
  readonly pricesAsOf: string | null
}

export interface AuditGroup {
  readonly name: string
  readonly lane: string
  readonly model: string
  readonly key: string
  readonly template: string
  readonly requests: number | null
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedShare: number
  readonly usd: { readonly paid: string; readonly paidMonth: string; readonly discounted: string }
  readonly confidence: Rhythm['confidence']
  readonly evidence: readonly string[]
  readonly question: string
  readonly savings: readonly { readonly move: Move; readonly usdMonth: string; readonly assumption: string }[]
}

export interface PlanStep {
  readonly move: Move
  readonly group: string
  readonly usdMonth: string
  readonly confidence: Rhythm['confidence']
  readonly assumption: string
  /** To be answered before it is moved. */
  readonly question: string
  /** What does it, with the file of requests to fill in. */
  readonly command: string
  /** What tells the price of a month of it beforehand; runs as it stands. */
  readonly check: string
}

export interface ReportOptions {
  readonly name: string
  readonly shape: string
  readonly zone: string
  readonly problems: AuditReport['source']['problems']
  /** The days that a report was asked for; a log covers those between its first and last line. */
  readonly window?: { readonly from: number; readonly until: number }
  /** Part of each prompt that is the same, 0 to 1, where the user says. */
  readonly sharedPrefix?: number
  /** The rule of thumb: spend a month × share that can wait → what that saves, in words and USD. */
  readonly rule: (monthlySpend: number, offlineShare: number) => { readonly saved: number }
  /** By the vendors' own cost reports. */
  readonly reported?: NanoUsd
  readonly notes?: readonly string[]
}

interface Judged {
  readonly group: Group
  readonly priced: PricedGroup
  readonly rhythm: Rhythm
}

/** Prices what was tallied, judges who waits, and says what to move first. */
export function reportOf(tally: Tally, book: PriceBook, options: ReportOptions): AuditReport {
  const { from, until } = options.window ?? { from: tally.from, until: tally.until }
  const days = daysOf(from, until)
  const judged: Judged[] = []
  const unpriced: AuditReport['unpriced'][number][] = []
  for (const group of [...tally.groups.values()].flatMap((each) => judgedGroups(each, tally))) {
    const priced = priceGroup(group, book, options.sharedPrefix)
    const no = (why: string) => ({ what: nameOf(group), why, requests: group.requests, tokens: tokensOf(group) })
    if (priced === undefined) unpriced.push(no(`no price is known for model "${group.model}"`))
    else {
      unpriced.push(...priced.unpriced.map(no))
      judged.push({ group, priced, rhythm: rhythmOf(group, tally) })
    }
  }
  judged.sort((a, b) => compare(b.priced.paid, a.priced.paid))
  const month = (pico: PicoUsd): string => text((pico * 30n * 1000n) / BigInt(Math.round(days * 1000)))
  const candidates = judged.filter(({ rhythm }) => isCandidate(rhythm))
  const sum = (of: (one: Judged) => PicoUsd, all = judged): PicoUsd => all.reduce((total, one) => total + of(one), 0n)
  const [paid, discounted] = [sum(({ priced }) => priced.paid), sum(({ priced }) => priced.discounted)]
  const waiting = sum(({ priced }) => priced.movable, candidates)
  const plan = planOf(judged, month, days)
  const saved = plan.reduce((total, { pico }) => total + pico, 0n)
  const source = {
    name: options.name,
    shape: options.shape,
    from: iso(from),
    until: iso(until),
    days: Math.round(days * 10) / 10,
    lines: tally.lines,
    passedOver: Object.fromEntries(tally.passedOver),
    problems: options.problems,
  }
  const pricesAsOf = judged.map(({ priced }) => priced.model.asOf).sort()[0] ?? null
  return {
    source,
    usd: {
      paid: text(paid),
      paidMonth: month(paid),
      discounted: text(discounted),
      discountedShare: shareOf(discounted, paid),
      candidates: text(waiting),
      savedMonth: month(saved),
      reported: options.reported === undefined ? null : usd(options.reported),
    },
    days: daysIn(judged),
    week: weekOf(judged),
    zone: options.zone,
    groups: judged.map((one) => groupOf(one, month)),
    plan: plan.map(({ step }) => step),
    rule: ruleOf(Number(month(paid - discounted)), shareOf(waiting, paid - discounted), Number(month(saved)), options),
    unpriced,
    basis: [
      ...reportedText(paid, options.reported),
      ...(options.notes ?? []),
      ...notesOn(tally, judged),
      ...leftOut(source, unpriced),
      ...(pricesAsOf === null ? [] : [`Prices as of ${pricesAsOf}; each day at the prices of that day.`]),
    ],
    pricesAsOf,
  }
}

/** What is moved counts from `medium` on: a guess is no plan. */
const isCandidate = ({ confidence }: Rhythm): boolean => confidence === 'high' || confidence === 'medium'

const cacheConfidence = { measured: 'high', told: 'medium', assumed: 'low' } as const
const sharedFirst = 'Do the prompts begin with what they share, unchanged to the letter?'

/** The most that one group saves by what is known of it: an assumed prefix is shown, but nothing is planned on it. */
function bestOf({ priced, rhythm }: Judged): Saving | undefined {
  const usable = priced.savings.filter(({ move }) => {
    if (move.endsWith('cache') && priced.shared.known === 'assumed') return false
    return isCandidate(rhythm) || move === 'cache'
  })
  return usable.reduce<Saving | undefined>(
    (best, each) => (best === undefined || each.pico > best.pico ? each : best),
    undefined,
  )
}

function planOf(judged: readonly Judged[], month: (pico: PicoUsd) => string, days: number) {
  return judged
    .flatMap((one) => {
      const best = bestOf(one)
      return best === undefined ? [] : [{ one, best }]
    })
    .sort((a, b) => compare(b.best.pico, a.best.pico))
    .map(({ one: { group, priced, rhythm }, best }) => ({
      pico: best.pico,
      step: {
        move: best.move,
        group: nameOf(group),
        usdMonth: month(best.pico),
        // A cache answers at once: there it does not matter who waits.
        confidence: best.move === 'cache' ? cacheConfidence[priced.shared.known] : rhythm.confidence,
        assumption: best.assumption,
        question: best.move === 'cache' ? sharedFirst : rhythm.question,
        ...commandsFor(best.move, { group, priced, saved: best.pico, days }),
      },
    }))
}

function groupOf({ group, priced, rhythm }: Judged, month: (pico: PicoUsd) => string): AuditGroup {
  const usage = [...group.parts.values()].map((part) => part.usage)
  const input = usage.reduce((sum, each) => sum + inputOf(each), 0)
  return {
    name: nameOf(group),
    lane: priced.model.vendor,
    model: priced.model.id,
    key: group.key,
    template: group.template,
    requests: group.requests,
    inputTokens: input,
    outputTokens: usage.reduce((sum, each) => sum + (each.output ?? 0), 0),
    cachedShare: ratio(
      usage.reduce((sum, each) => sum + (each.cachedInput ?? 0), 0),
      input,
    ),
    usd: { paid: text(priced.paid), paidMonth: month(priced.paid), discounted: text(priced.discounted) },
    ...rhythm,
    savings: priced.savings.map(({ move, pico, assumption }) => ({ move, usdMonth: month(pico), assumption })),
  }
}

function daysIn(judged: readonly Judged[]): AuditReport['days'] {
  const days = new Map<number, { discounted: PicoUsd; candidates: PicoUsd; rest: PicoUsd }>()
  for (const { priced, rhythm } of judged) {
    for (const [day, { discounted, movable }] of priced.days) {
      const sums = days.get(day) ?? { discounted: 0n, candidates: 0n, rest: 0n }
      sums.discounted += discounted
      sums[isCandidate(rhythm) ? 'candidates' : 'rest'] += movable
      days.set(day, sums)
    }
  }
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, { discounted, candidates, rest }]) => ({
      day: iso(day).slice(0, 10),
      discounted: text(discounted),
      candidates: text(candidates),
      rest: text(rest),
    }))
}

function weekOf(judged: readonly Judged[]): number[] | null {
  const week = Array.from({ length: 7 * 24 }, () => 0)
  for (const { group, priced } of judged) {
    if (group.widthMs >= DAY) return null
    const all = group.week.reduce((sum, each) => sum + each, 0)
    const paid = Number(text(priced.paid))
    if (all > 0) for (const [slot, part] of group.week.entries()) week[slot] = (week[slot] ?? 0) + (paid * part) / all
  }
  return week
}

function ruleOf(spend: number, share: number, planned: number, { rule }: ReportOptions): AuditReport['rule'] {
  const { saved } = rule(spend, share)
  const [whole, part] = [money(spend), `${Math.round(share * 1000) / 10} %`]
  return {
    monthlySpend: spend,
    offlineShare: share,
    savedMonth: saved,
    text:
      `The rule of thumb: 5,000 USD a month × 30 % that can wait × 50 % = 750 USD. Here: ${whole} USD a month still at full price ` +
      `× ${part} that nobody seems to wait for × 50 % = ${money(saved)} USD; group by group, the plan comes to ${money(planned)} USD.`,
  }
}

function notesOn(tally: Tally, judged: readonly Judged[]): string[] {
  const parts = judged.flatMap(({ group }) => [...group.parts.values()])
  const notes: string[] = []
  if (parts.some(({ tier }) => tier === ''))
    notes.push('Calls whose tier the log does not name are taken for standard ones.')
  if (judged.some(({ group }) => group.widthMs > 0))
    notes.push(
      'A report of sums does not tell the length of a prompt: long-context prices are used only where the report says so itself.',
    )
  if (!tally.namesUsers && !tally.namesSessions)
    notes.push('The log names neither users nor sessions, so that only the hours of the calls tell who waits.')
  for (const { group, priced } of judged.filter(({ group, priced }) => !group.model.endsWith(priced.model.id))) {
    const note = `${group.model} is priced as ${priced.model.id}.`
    if (!notes.includes(note)) notes.push(note)
  }
  return notes
}

/** What the vendors say themselves beside what we make of their usage. */
function reportedText(paid: PicoUsd, reported: NanoUsd | undefined): string[] {
  if (reported === undefined) return []
  const [ours, theirs] = [Number(text(paid)), Number(usd(reported))]
  const apart =
    ours === 0
      ? ''
      : `, ${Math.abs(Math.round((theirs / ours - 1) * 1000) / 10)} % ${theirs < ours ? 'less' : 'more'} than these figures`
  return [`The vendors' own cost reports say ${money(theirs)} USD for these days${apart}.`]
}

function leftOut(
  { passedOver, problems: { total, first } }: AuditReport['source'],
  unpriced: AuditReport['unpriced'],
): string[] {
  const passed = Object.entries(passedOver).map(([why, lines]) => `${count(lines)} ${why}`)
  return [
    ...(passed.length === 0 ? [] : [`Lines passed over: ${passed.join(', ')}.`]),
    ...(total === 0
      ? []
      : [`Lines that could not be read: ${count(total)}, the first at line ${first[0]?.line}: ${first[0]?.message}.`]),
    ...unpriced
      .slice(0, 10)
      .map(({ what, why, tokens }) => `${what}, ${count(tokens)} tokens, is in no figure: ${why}.`),
    ...(unpriced.length > 10 ? [`${count(unpriced.length - 10)} more groups are in no figure.`] : []),
  ]
}

export const nameOf = ({
  vendor,
  model,
  key,
  template,
}: Pick<Group, 'vendor' | 'model' | 'key' | 'template'>): string =>
  [vendor === '' || model.includes('/') ? model : `${vendor}/${model}`, key, template]
    .filter((part) => part !== '')
    .join(' · ')

const tokensOf = ({ parts }: Group): number =>
  [...parts.values()].reduce((sum, { usage }) => sum + inputOf(usage) + (usage.output ?? 0), 0)

const text = (pico: PicoUsd): string => usd(roundToNano(pico))
const iso = (at: number): string => new Date(at).toISOString()
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
const count = (value: number): string => value.toLocaleString('en-US')
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000)
const shareOf = (part: bigint, whole: bigint): number => ratio(Number(part), Number(whole))
const money = (value: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
