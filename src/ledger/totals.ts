import type { NanoUsd } from '../domain/money.ts'

/** What totals need of a ledger row; the store's rows have this shape. */
export interface LedgerLine {
  readonly submissionId: string
  readonly jobId: string
  readonly model: string
  readonly tier: string
  readonly kind: string
  readonly part: 'proven' | 'unproven' | 'duplicate'
  readonly tokens: number
  readonly nanoUsd: NanoUsd | null
  readonly standardNanoUsd: NanoUsd | null
  /** What caching saved of it; null: not known. Absent: nobody asked. */
  readonly cacheSaved?: NanoUsd | null
  readonly tags: Readonly<Record<string, string>>
  readonly at: number
}

/** Sums of one group of ledger rows, exact. */
export interface Totals {
  /** Computed from result rows we hold: what is called charged. */
  proven: NanoUsd
  /** Perhaps billed, rows never seen: an upper bound. */
  unproven: NanoUsd
  /** A second purchase, found and paid. */
  duplicate: NanoUsd
  /** The proven tokens at the standard price; null when that is unknown for some of them. */
  standard: NanoUsd | null
  /** What caching saved of the proven tokens; null when that is unknown for some of them. */
  cacheSaved: NanoUsd | null
  /** False when some row has no known price: `proven`, `unproven` or `duplicate` then lacks it. */
  priced: boolean
  /** Proven tokens by kind. */
  tokens: Record<string, number>
}

export const emptyTotals = (): Totals => ({
  proven: 0n,
  unproven: 0n,
  duplicate: 0n,
  standard: 0n,
  cacheSaved: 0n,
  priced: true,
  tokens: {},
})

/** What standard would have cost beyond what was charged; null when either is not known. */
export const savedOf = (totals: Totals): NanoUsd | null =>
  totals.priced && totals.standard !== null ? totals.standard - totals.proven : null

/** Ledger rows by the name that `group` gives each, summed. Groups stand in the order of their first row. */
export function totalsBy<Line extends LedgerLine>(
  lines: Iterable<Line>,
  group: (line: Line) => string,
): Map<string, Totals> {
  const groups = new Map<string, Totals>()
  for (const line of lines) {
    const name = group(line)
    const totals = groups.get(name) ?? emptyTotals()
    groups.set(name, totals)
    addLine(totals, line)
  }
  return groups
}

export function totalOf(lines: Iterable<LedgerLine>): Totals {
  const totals = emptyTotals()
  for (const line of lines) addLine(totals, line)
  return totals
}

function addLine(totals: Totals, line: LedgerLine): void {
  if (line.nanoUsd === null) totals.priced = false
  else totals[line.part] += line.nanoUsd
  if (line.part !== 'proven') return
  totals.tokens[line.kind] = (totals.tokens[line.kind] ?? 0) + line.tokens
  if (totals.standard === null || line.standardNanoUsd === null) totals.standard = null
  else totals.standard += line.standardNanoUsd
  if (totals.cacheSaved === null || line.cacheSaved === null) totals.cacheSaved = null
  else totals.cacheSaved += line.cacheSaved ?? 0n
}

/** Groupings for `totalsBy`. */
export const byModel = (line: LedgerLine): string => line.model
export const byTier = (line: LedgerLine): string => line.tier
/** UTC days, as vendors cut their reports. */
export const byDay = (line: LedgerLine): string => new Date(line.at).toISOString().slice(0, 10)
/** Whether a row was settled in a month, `2026-11`, in UTC. */
export const inMonth =
  (month: string) =>
  (line: LedgerLine): boolean =>
    byDay(line).startsWith(`${month}-`)
/** By the value of one tag; rows without it are the group named ''. */
export const byTag =
  (tag: string) =>
  (line: LedgerLine): string =>
    line.tags[tag] ?? ''
/** A ledger row knows its submission and tier; only the submission knows the vendor. */
export const byLane =
  (laneOf: (submissionId: string) => string | undefined) =>
  (line: LedgerLine): string => {
    const lane = laneOf(line.submissionId)
    // The tier that answered is what was charged, also where another was bought.
    return lane === undefined ? line.tier : `${lane.slice(0, lane.lastIndexOf('/'))}/${line.tier}`
  }

/**
 * Whether the books close: what we can prove was billed, and nothing was billed beyond what we say may have been.
 * Where nothing is unproven this asks for equality to the nano-dollar.
 * @returns `difference`: the vendor's bill less what is proven and duplicate; explained when between 0 and `unproven`
 */
export function booksClose(books: {
  readonly proven: NanoUsd
  readonly duplicate: NanoUsd
  readonly unproven: NanoUsd
  readonly bill: NanoUsd
}): { readonly closes: boolean; readonly difference: NanoUsd } {
  const difference = books.bill - books.proven - books.duplicate
  return { closes: difference >= 0n && difference <= books.unproven, difference }
}
