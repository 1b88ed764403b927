import { UsageError } from './errors.ts'
import { type NanoUsd, readAmount } from './money.ts'
import type { Tier } from './usage.ts'

/** A vendor's own account of what it charged, whatever it came as. */
export interface CostReport {
  /** Those whose charges it holds, all of them. */
  readonly vendors: readonly string[]
  /** Whose midnight cuts its days: an IANA name. */
  readonly zone: string
  /** The first day that it covers, and the day after the last: YYYY-MM-DD. */
  readonly from: string
  readonly to: string
  /** Decimals of a dollar to which it is exact; nine at most. */
  readonly decimals: number
  readonly lines: readonly CostLine[]
}

export interface CostLine {
  readonly vendor: string
  readonly day: string
  /** As the vendor calls it; null: it is charged for something else than a model's work. */
  readonly model: string | null
  /** null: the vendor does not say. */
  readonly tier: Tier | null
  /** Below zero: a credit. */
  readonly nanoUsd: NanoUsd
  /** null: the vendor does not say. */
  readonly tokens: number | null
  /** What is charged for, in the vendor's words. */
  readonly text: string
}

/** What searches are charged under, by whichever name a vendor has for them. */
export const SEARCHES = 'web search'
/** The text of a line that is a day's sum, whatever for. */
export const ALL_COSTS = 'all costs'

/**
 * An amount of a report, which is in USD.
 * @param shift  2 where it is in cents
 * @throws UsageError where it is none: a report is read whole or not at all
 */
export function amountOf(value: unknown, currency: string | null | undefined, shift = 0) {
  if (currency && currency.toUpperCase() !== 'USD')
    throw new UsageError(`The report is in ${currency}; prices here are in USD.`)
  const amount = readAmount(value, shift)
  if (amount === undefined)
    throw new UsageError(
      `The report has ${JSON.stringify(value)} for an amount.`,
      'It should be a number with a decimal point.',
    )
  return amount
}

/** The report that lines make: it covers the days that they name. undefined: there are none. */
export function reportOf(
  lines: readonly (CostLine & { readonly decimals: number })[],
  of: Pick<CostReport, 'vendors' | 'zone'>,
): CostReport | undefined {
  const days = lines.map(({ day }) => day).sort()
  const [from, last] = [days[0], days.at(-1)]
  if (from === undefined || last === undefined) return undefined
  const decimals = lines.reduce((most, line) => Math.max(most, line.decimals), 2) // cents, where all happen to be whole
  return { ...of, from, to: dayAfter(last), decimals: Math.min(9, decimals), lines }
}

export const dayAfter = (day: string): string => shifted(day, 1)
export const dayBefore = (day: string): string => shifted(day, -1)
const shifted = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

/** The day at `at` (epoch ms) by the clocks of a zone. */
export function dayIn(zone: string, at: number): string {
  if (zone === 'UTC') return new Date(at).toISOString().slice(0, 10)
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at)
}
