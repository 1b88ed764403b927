import type { Quote, QuotedLane } from '../../index.ts'
import { columns } from './columns.ts'
import { duration, money, some } from './figures.ts'

/** A quote for people: each lane, then what it rests on. */
export function quoteText(quote: Quote, now: number): string {
  const withDeadline = quote.lanes.some(({ onTime }) => onTime !== null)
  const head = ['', 'lane', 'model', 'USD ', 'at standard ', 'lands in', ...(withDeadline ? ['on time '] : [])]
  const rows = quote.lanes.map((line) => [
    line.lane === quote.recommended ? '→' : line.flyable ? ' ' : '-',
    line.lane,
    line.model,
    rangeText(line.usd),
    line.usd.standard === null ? 'unknown' : money(line.usd.standard),
    line.flyable ? landsText(line, now) : '',
    ...(withDeadline ? [line.onTime === null ? '' : `${Math.floor(line.onTime * 100)} %`] : []),
  ])
  const flown = quote.lanes.filter(({ flyable }) => flyable)
  const notes = new Set(flown.flatMap(({ limits, notes }) => [...limits, ...notes]))
  return [
    ...columns(head, rows),
    '',
    quote.reason,
    ...climbText(quote),
    ...quote.alternatives.map((line) => alternativeText(line, now)),
    ...(quote.pilot === undefined
      ? []
      : [`A pilot has bought ${some(quote.pilot.requests, 'request')} already; the amounts are of the others.`]),
    ...(quote.cache === undefined ? [] : [cacheText(quote.cache)]),
    ...(quote.spared ?? []).map(sparedText),
    ...(quote.budgets ?? []).map(budgetText),
    ...(flown.length < quote.lanes.length
      ? ['Lanes marked "-" are for comparison: --ladder names those that the job may fly on.']
      : []),
    ...[...notes].map((note) => `· ${note}`),
    ...(quote.pricesAsOf === null ? [] : [`· Prices as of ${quote.pricesAsOf}.`]),
  ].join('\n')
}

function alternativeText(line: QuotedLane, now: number): string {
  const { lane, model, usd, onTime } = line
  const chance = onTime === null ? '' : `, on time with a chance of ${Math.floor(onTime * 100)} %`
  return `Or all of it by ${model} on ${lane}: ${rangeText(usd)} USD, lands in ${landsText(line, now)}${chance}.`
}

/** What it costs if it has to climb, which is seldom; and by when it can be relied upon. */
function climbText({ climb, recommended, earliest }: Quote): string[] {
  if (climb === null || climb.lane === recommended) return []
  const by = earliest === null ? '' : `; no deadline before ${earliest} could be relied upon`
  return [`If all of it had to climb to ${climb.lane}, it would cost ${rangeText(climb.usd)} USD${by}.`]
}

function cacheText({ isMarked, prefixes, read, usd }: NonNullable<Quote['cache']>): string {
  const range = ({ low, high }: { low: number; high: number }): string =>
    `${Math.round(low * 100)} to ${Math.round(high * 100)} %`
  const saving =
    usd === null
      ? ''
      : usd.low.startsWith('-')
        ? `, which saves up to ${money(usd.high)} USD, or costs up to ${money(usd.low.slice(1))} more`
        : `, which saves ${rangeText(usd)} USD`
  const how = isMarked ? 'marked for the cache' : 'as the vendor keeps them'
  return `${some(prefixes, 'shared beginning')} of prompts, ${how}: ${range(read)} of the input is read from it${saving}.`
}

function sparedText({ what, requests, isUsed, usd }: NonNullable<Quote['spared']>[number]): string {
  const amount = usd === null ? '' : ` ${rangeText(usd)} USD`
  const who = `${some(requests, 'request')} ${requests === 1 ? 'asks' : 'ask'}`
  if (what === 'reused') return `${who} what earlier jobs have had answered: not bought again, which saves${amount}.`
  if (isUsed) return `${who} what another one asks: each is bought once, which saves${amount}.`
  return `${who} what another one asks: --dedupe would buy each once and save${amount}.`
}

function budgetText({ name, usd, left, job, raise }: NonNullable<Quote['budgets']>[number]): string {
  const may = job === null ? 'what this job costs is not known' : `this job may cost up to ${money(job)}`
  return `The budget of ${usd} USD for ${name} has ${money(left)} left, and ${may}: it would be held on its way, until \`${raise}\` gives it more.`
}

/** What the lanes that would be flown cost together. */
export function costText(quote: Quote): string {
  const flown = quote.lanes.filter(({ lane, flyable }) =>
    quote.recommended === null ? flyable : lane === quote.recommended,
  )
  const sum = (end: 'low' | 'high'): string | null =>
    flown.some(({ usd }) => usd[end] === null)
      ? null
      : String(flown.reduce((all, { usd }) => all + Number(usd[end]), 0))
  return `${rangeText({ low: sum('low'), high: sum('high') })} USD`
}

/** When the job is expected, epoch ms: half of such jobs by `p50`, nine in ten by `p90`. */
export function landing(quote: Quote | null): { readonly p50: number; readonly p90: number } | null {
  const flown = (quote?.lanes ?? []).filter(
    ({ lane, flyable, lands }) =>
      flyable && lands.p50 !== null && (quote?.recommended === null || lane === quote?.recommended),
  )
  if (flown.length === 0) return null
  const latest = (end: 'p50' | 'p90'): number => Math.max(...flown.map(({ lands }) => Date.parse(lands[end] ?? '')))
  return { p50: latest('p50'), p90: latest('p90') }
}

const rangeText = ({ low, high }: { low: string | null; high: string | null }): string =>
  low === null || high === null ? 'unknown' : low === high ? money(low) : `${money(low)}–${money(high)}`

function landsText({ lands }: QuotedLane, now: number): string {
  if (lands.p50 === null || lands.p90 === null) return 'unknown'
  return `${duration(Date.parse(lands.p50) - now)}–${duration(Date.parse(lands.p90) - now)}`
}
