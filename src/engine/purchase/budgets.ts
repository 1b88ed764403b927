import { UsageError } from '../../domain/errors.ts'
import { type NanoUsd, parseUsd, usd } from '../../domain/money.ts'
import type { Quote, QuotedBudget } from '../../pricing/quote.ts'
import type { BudgetRow, BudgetState, JobRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { budgetName, leftOf, monthNow, raiseCommand } from './budget.ts'

/** What a budget of the home is for. */
export interface BudgetOf {
  /** `team=search`: the jobs with that tag. Default: all jobs of the home. */
  readonly tag?: string
  /** `month`: anew in each calendar month, of UTC. Default `ever`. */
  readonly per?: 'month' | 'ever'
}

/** A budget of the home, with what counts against it; amounts in decimal USD. */
export interface BudgetStatus {
  readonly name: string
  /** Null: all jobs of the home. */
  readonly tag: string | null
  readonly per: 'month' | 'ever'
  /** Of a monthly one: `2026-11`. */
  readonly month: string | null
  readonly usd: string
  readonly spent: string
  /** The worst that all purchases on their way may cost. */
  readonly inAir: string
  /** Below zero where the budget was lowered. */
  readonly left: string
}

export async function budgetsOf(ports: Ports): Promise<BudgetStatus[]> {
  const month = monthNow(ports)
  return (await ports.store.budgets({ month })).map((state) => ({
    name: budgetName(state),
    tag: ofAll(state) ? null : `${state.tag}=${state.value}`,
    per: state.per,
    month: state.per === 'month' ? month : null,
    usd: usd(state.nanoUsd),
    spent: usd(state.spent),
    inAir: usd(state.inAir),
    left: usd(leftIn(state)),
  }))
}

/**
 * @param amount  decimal USD; null takes the budget away
 * @throws UsageError for a tag without a value, an amount that is none, and a budget that is not there to be taken away
 */
export async function setBudget({ store }: Ports, of: BudgetOf, amount: string | null): Promise<void> {
  const budget = { ...tagOf(of.tag), per: of.per ?? 'ever' } as const
  if (amount !== null) return store.saveBudget({ ...budget, nanoUsd: amountOf(amount) })
  if (await store.deleteBudget(budget)) return
  throw new UsageError(`There is no budget of ${budgetName(budget)}.`, 'See those that there are: redeye budget')
}

function tagOf(tag: string | undefined): Pick<BudgetRow, 'tag' | 'value'> {
  if (tag === undefined) return { tag: '', value: '' }
  const at = tag.indexOf('=')
  if (at < 1) throw new UsageError(`The tag ${tag} is not name=value.`, 'Say it as team=search.')
  return { tag: tag.slice(0, at), value: tag.slice(at + 1) }
}

function amountOf(text: string): NanoUsd {
  try {
    const amount = parseUsd(text)
    if (amount >= 0n) return amount
  } catch {
    // said below
  }
  throw new UsageError(`${text} is no amount in USD.`, 'Say it as a plain decimal: 2.50.')
}

const ofAll = ({ tag, value }: BudgetRow): boolean => tag === '' && value === ''
const leftIn = (state: BudgetState): NanoUsd => leftOf({ ...state, limit: state.nanoUsd })

/** Budgets of the home that would cover a job with these tags. */
export async function budgetsFor(
  ports: Pick<Ports, 'store' | 'clock'>,
  tags: JobRow['tags'],
): Promise<readonly BudgetState[]> {
  const states = await ports.store.budgets({ month: monthNow(ports) })
  return states.filter((state) => ofAll(state) || tags[state.tag] === state.value)
}

/** What a job may commit at most; null: nothing limits it. */
export function roomOf(budgets: readonly BudgetState[], { budget }: Pick<JobOptions, 'budget'>): NanoUsd | null {
  const rooms = [...budgets.map(leftIn), ...(budget === null ? [] : [parseUsd(budget)])]
  return rooms.length === 0 ? null : rooms.reduce((least, one) => (one < least ? one : least))
}

/** The quote with those budgets that could stop the job midway: its own stops it, too, but is its own. */
export function withBudgets(
  quote: Quote,
  budgets: readonly BudgetState[],
  { budget }: Pick<JobOptions, 'budget'>,
): Quote {
  const own = budget === null ? undefined : parseUsd(budget)
  const high = worstOf(quote)
  const most = own !== undefined && (high === null || own < high) ? own : high
  const passed = budgets
    .filter((state) => most === null || most > leftIn(state))
    .map(
      (state): QuotedBudget => ({
        name: budgetName(state),
        usd: usd(state.nanoUsd),
        left: usd(leftIn(state)),
        job: most === null ? null : usd(most),
        raise: raiseCommand(state),
      }),
    )
  return passed.length === 0 ? quote : { ...quote, budgets: passed }
}

/** The worst case of the lanes that would be flown; null: some price is not known. */
function worstOf({ lanes, recommended }: Quote): NanoUsd | null {
  const flown = lanes.filter(({ lane, flyable }) => (recommended === null ? flyable : lane === recommended))
  return flown.reduce<NanoUsd | null>(
    (sum, line) => (sum === null || line.usd.most === null ? null : sum + parseUsd(line.usd.most)),
    0n,
  )
}
