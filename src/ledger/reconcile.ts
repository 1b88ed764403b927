import { ALL_COSTS, type CostLine, type CostReport, dayBefore, SEARCHES } from '../domain/cost-report.ts'
import type { NanoUsd } from '../domain/money.ts'

/** What one submission was charged of one model and tier, and the days on which the vendor may have counted it. */
export interface OwnCharge {
  /** By the catalogue's id where it has one, as in the lines of the report. */
  readonly model: string
  readonly tier: string
  readonly part: 'proven' | 'unproven' | 'duplicate'
  /** null: no price is known here. */
  readonly nanoUsd: NanoUsd | null
  readonly tokens: number
  /** Ledger entries in it: each is rounded once. */
  readonly entries: number
  /** By the report's clocks: when it was bought, and when the last of it was settled. */
  readonly first: string
  readonly last: string
  /** It went ahead of its job, to be turned down first. */
  readonly ahead: boolean
}

/** Why a day's bill differs from what is charged here. The amounts of a line add up to its difference. */
export type Because =
  | 'timing' // counted on another day than it was bought on
  | 'rounding'
  | 'duplicate' // a second purchase, which `charged` leaves out
  | 'unproven' // billed of what nobody saw; `charged` leaves it out
  | 'unpriced' // the price of ours is not known here
  | 'late' // bought so recently that the report need not have it yet
  | 'outside' // may be counted on days that the report does not cover
  | 'credit'
  | 'price' // the same tokens at another price
  | 'elsewhere' // nothing of this home's: another key, program or home
  | 'missing' // charged here, and not in the report
/** Nothing but these is left unexplained. */
export const unexplained: readonly Because[] = ['missing']

export interface Reason {
  readonly because: Because
  readonly nanoUsd: NanoUsd
  /** Of `timing`: the other day. */
  readonly day?: string
}

/** One day of one model in one tier. */
export interface Comparison {
  readonly day: string
  /** null: it is no model's, or the report does not tell models apart. */
  readonly model: string | null
  /** The model, or what else is charged for. */
  readonly text: string
  /** null: the report does not tell tiers apart. */
  readonly tier: string | null
  /** Proven, of what was bought that day. */
  readonly charged: NanoUsd
  readonly billed: NanoUsd
  /** Part of `charged`: rows that went ahead of their jobs. */
  readonly ahead: NanoUsd
  readonly reasons: readonly Reason[]
}

/**
 * A vendor's report beside our own books, by day, model and tier. Which day a vendor counts a request on, the one it was
 * bought on, ran on, or ended on, no page says: any from purchase to settlement will do.
 * @param own   of this vendor only
 * @param today  by the report's clocks: what was settled that day or the day before may not be in it yet
 */
export function reconcile(
  report: CostReport,
  own: readonly OwnCharge[],
  today: string,
): { readonly lines: Comparison[]; readonly tellsModels: boolean; readonly tellsTiers: boolean } {
  const tellsModels = report.lines.length === 0 || report.lines.some(({ text }) => text !== ALL_COSTS)
  const tellsTiers = tellsModels && report.lines.some(({ tier }) => tier !== null && tier !== 'standard')
  const groups = new Map<string, Group>()
  const groupOf = (model: string | null, tier: string | null, text: string): Group => {
    const known = tellsModels ? model : null
    const told = tellsTiers && known !== null && known !== SEARCHES ? (tier ?? 'standard') : null
    const key = JSON.stringify([known, told, known === null ? text : ''])
    const group = groups.get(key) ?? new Group({ report, model: known, tier: told, text: known ?? text, today })
    groups.set(key, group)
    return group
  }
  for (const line of report.lines) groupOf(line.model, line.tier, line.text).billed(line)
  for (const charge of own) {
    if (charge.last < report.from || charge.first >= report.to) continue
    groupOf(charge.model, charge.tier, ALL_COSTS).charged(charge)
  }
  const lines = [...groups.values()].flatMap((group) => group.compare())
  return { lines: lines.sort(byDay), tellsModels, tellsTiers }
}

const byDay = (a: Comparison, b: Comparison): number =>
  order(a.day, b.day) || order(a.text, b.text) || order(a.tier ?? '', b.tier ?? '')
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Cell {
  charged: NanoUsd
  billed: NanoUsd
  ahead: NanoUsd
  /** Of the bill, what no charge of ours has been found for yet. */
  open: NanoUsd
  readonly reasons: { because: Because; nanoUsd: NanoUsd; day?: string }[]
}

interface GroupOf extends Pick<Comparison, 'model' | 'text' | 'tier'> {
  readonly report: CostReport
  readonly today: string
}

/** One model in one tier, over all days. */
class Group {
  readonly #of: GroupOf
  readonly #cells = new Map<string, Cell>()
  readonly #own: (OwnCharge & { left: NanoUsd })[] = []
  #lines = 0
  #tokens: { billed: number | null; charged: number } = { billed: 0, charged: 0 }

  constructor(of: GroupOf) {
    this.#of = of
  }

  billed({ day, nanoUsd, tokens }: CostLine): void {
    const cell = this.#cell(day)
    this.#lines++
    this.#tokens.billed = tokens === null || this.#tokens.billed === null ? null : this.#tokens.billed + tokens
    cell.billed += nanoUsd
    if (nanoUsd < 0n) cell.reasons.push({ because: 'credit', nanoUsd })
    else cell.open += nanoUsd
  }

  charged(charge: OwnCharge): void {
    this.#own.push({ ...charge, left: charge.nanoUsd ?? 0n })
    if (charge.part === 'unproven') return
    this.#tokens.charged += charge.tokens
    if (charge.part !== 'proven' || !this.#covers(charge.first)) return
    const cell = this.#cell(charge.first)
    cell.charged += charge.nanoUsd ?? 0n
    if (charge.ahead) cell.ahead += charge.nanoUsd ?? 0n
  }

  compare(): Comparison[] {
    this.#pair()
    this.#absorb()
    this.#explainOurs()
    const { model, text, tier } = this.#of
    return [...this.#cells].map(([day, { charged, billed, ahead, reasons }]) => ({
      day,
      model,
      text,
      tier,
      charged,
      billed,
      ahead,
      reasons: summed(reasons),
    }))
  }

  /** Gives each day's bill to what may have been counted that day, whose last day is nearest first. */
  #pair(): void {
    const firm = this.#own.filter(({ part, nanoUsd }) => part !== 'unproven' && nanoUsd !== null)
    for (const [day, cell] of this.#byDay()) {
      const able = firm.filter(({ first, last, left }) => left > 0n && first <= day && day <= last)
      able.sort((a, b) => order(a.last, b.last) || Number(b.first === day) - Number(a.first === day))
      for (const charge of able) {
        const share = least(charge.left, cell.open)
        if (share === 0n) break
        charge.left -= share
        cell.open -= share
        if (charge.part === 'duplicate') cell.reasons.push({ because: 'duplicate', nanoUsd: share })
        else if (charge.first !== day) {
          cell.reasons.push({ because: 'timing', nanoUsd: share, day: charge.first })
          if (this.#covers(charge.first))
            this.#cell(charge.first).reasons.push({ because: 'timing', nanoUsd: -share, day })
        }
      }
    }
  }

  /** What is left of the bill. */
  #absorb(): void {
    const tolerance = this.#tolerance()
    const repriced = this.#repriced()
    for (const [day, cell] of this.#byDay()) {
      const absorb = (because: Because, most: NanoUsd): void => {
        const nanoUsd = least(most, cell.open)
        if (nanoUsd > 0n) cell.reasons.push({ because, nanoUsd })
        cell.open -= nanoUsd
      }
      if (cell.open <= tolerance) absorb('rounding', cell.open)
      for (const charge of this.#own) {
        if (charge.first > day || day > charge.last) continue
        if (charge.nanoUsd === null) absorb('unpriced', cell.open)
        else if (charge.part === 'unproven') {
          const before = cell.open
          absorb('unproven', charge.left)
          charge.left -= before - cell.open
        }
      }
      absorb(repriced ? 'price' : 'elsewhere', cell.open)
    }
  }

  /** What is left of ours. */
  #explainOurs(): void {
    const tolerance = this.#tolerance()
    const repriced = this.#repriced()
    const { from, to } = this.#of.report
    const fresh = dayBefore(this.#of.today)
    for (const { part, left, first, last } of this.#own) {
      if (part !== 'proven' || left === 0n || !this.#covers(first)) continue
      const because =
        left <= tolerance
          ? 'rounding'
          : repriced
            ? 'price'
            : last >= to || first < from
              ? 'outside'
              : last >= fresh
                ? 'late'
                : 'missing'
      this.#cell(first).reasons.push({ because, nanoUsd: -left })
    }
  }

  /** Both count the same tokens: then what differs is their price. */
  #repriced(): boolean {
    const { billed, charged } = this.#tokens
    return billed !== null && billed > 0 && billed === charged
  }

  /** Half of the last decimal for each line of theirs, half a nano-dollar for each entry of ours. */
  #tolerance(): NanoUsd {
    const grain = 10n ** BigInt(9 - this.#of.report.decimals)
    const entries = this.#own.reduce((sum, charge) => sum + charge.entries, 0)
    return (grain * BigInt(this.#lines) + BigInt(entries) + 1n) / 2n
  }

  #covers(day: string): boolean {
    return day >= this.#of.report.from && day < this.#of.report.to
  }

  #byDay(): [string, Cell][] {
    return [...this.#cells].sort(([a], [b]) => order(a, b))
  }

  #cell(day: string): Cell {
    const cell = this.#cells.get(day) ?? { charged: 0n, billed: 0n, ahead: 0n, open: 0n, reasons: [] }
    this.#cells.set(day, cell)
    return cell
  }
}

const least = (a: NanoUsd, b: NanoUsd): NanoUsd => (a < b ? a : b)

/** Those of one kind, and of one other day, together. */
function summed(reasons: readonly Reason[]): Reason[] {
  const sums = new Map<string, Reason>()
  for (const reason of reasons) {
    const key = `${reason.because} ${reason.day ?? ''} ${reason.nanoUsd < 0n}`
    const sum = sums.get(key)
    sums.set(key, sum === undefined ? reason : { ...sum, nanoUsd: sum.nanoUsd + reason.nanoUsd })
  }
  return [...sums.values()]
}
