import { type NanoUsd, parseUsd, usd } from '../../domain/money.ts'
import { MINUTE } from '../../kit/clock.ts'
import type { BudgetRow, Commit, Committed, JobRow, NewEvent, ShardRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { commit, eventOf, type ShardFlight, slowLook, type Then } from '../shards/flight.ts'
import { keepShard, moveShard } from '../shards/move.ts'
import { worstOf } from './worst.ts'

/** A budget that covers a job: its own, or one of the home. */
export interface Wall extends Committed {
  /** Null: the job's own. */
  readonly name: string | null
  readonly limit: NanoUsd
  /** The command that moves it, with USD where the new amount goes. */
  readonly raise: string
}

/** The calendar month that counts now, as UTC has it. */
export const monthNow = ({ clock }: Pick<Ports, 'clock'>): string => new Date(clock.now()).toISOString().slice(0, 7)

/** All budgets that cover the job, with what counts against each now. */
export async function wallsOf(ports: Pick<Ports, 'store' | 'clock'>, { id, options }: JobRow): Promise<Wall[]> {
  const { store } = ports
  const { budget } = options as JobOptions
  const own = { name: null, raise: `redeye watch ${id} --budget USD` }
  const ofHome = await store.budgets({ month: monthNow(ports), jobId: id })
  return [
    ...(budget === null ? [] : [{ ...own, limit: parseUsd(budget), ...(await store.committed(id)) }]),
    ...ofHome.map(({ nanoUsd, ...state }) => ({
      name: budgetName(state),
      limit: nanoUsd,
      spent: state.spent,
      inAir: state.inAir,
      raise: raiseCommand(state),
    })),
  ]
}

export const leftOf = ({ limit, spent, inAir }: Pick<Wall, 'limit' | 'spent' | 'inAir'>): NanoUsd =>
  limit - spent - inAir

/** The wall that a step could pass; an unknown price could pass any. */
export const wallBefore = (walls: readonly Wall[], next: NanoUsd | null): Wall | undefined =>
  walls.find((wall) => next === null || next > leftOf(wall))

const tightestOf = (walls: readonly Wall[]): Wall | undefined =>
  walls.toSorted((a, b) => (leftOf(a) < leftOf(b) ? -1 : 1))[0]

/**
 * A budget is a wall: nothing is bought when what is spent, the worst of what is in the air and the worst of the step
 * itself could pass it. Null: it may be bought.
 * @param next  the worst of the step
 */
export async function overBudget(flight: ShardFlight, next = nextOf(flight)): Promise<Then | null> {
  const { ports, job, shard } = flight
  const wall = wallBefore(await wallsOf(ports, job), next)
  if (wall === undefined) return null
  if (shard.held !== 'budget')
    await commit(flight, {
      shards: [held(shard)],
      events: [eventOf(flight, 'held', { reason: 'budget', ...wallFacts(wall, next) })],
    })
  return slowLook(ports, MINUTE)
}

/** What a purchase of the shard of a flight may cost at most. */
export const nextOf = ({ ports, job, shard }: ShardFlight): NanoUsd | null => worstOf(ports, job, shard)

/**
 * What the commit of a purchase says of budgets: of two that looked at once only one goes through where there is room for
 * one, and the other looks again. The job's row must be as it was when its own budget was looked at.
 */
export const spending = ({ ports, job, options }: ShardFlight): Pick<Commit, 'job' | 'spends'> => ({
  ...(options.budget === null ? {} : { job: touched(job) }),
  spends: { jobId: job.id, month: monthNow(ports) },
})

/** The job's row as it was looked at, one revision on. */
export const touched = ({ id, state, rev }: JobRow) => ({ id, from: state, rev, set: {} })

const held = (shard: ShardRow) =>
  shard.state === 'held' ? keepShard(shard, { held: 'budget' }) : moveShard(shard, 'hold', { held: 'budget' })

/** What stands against a budget that a step could pass; amounts in decimal USD. */
export interface WallFacts {
  /** Of a budget of the home, its name. */
  readonly of?: string
  readonly budget: string
  readonly spent: string
  readonly inAir: string
  /** Null: its price is not known. */
  readonly next: string | null
  readonly raise: string
}

export const wallFacts = ({ name, limit, spent, inAir, raise }: Wall, next: NanoUsd | null): WallFacts => ({
  ...(name === null ? {} : { of: name }),
  budget: usd(limit),
  spent: usd(spent),
  inAir: usd(inAir),
  next: next === null ? null : usd(next),
  raise,
})

/** The wall that holds shards of a job now; undefined: none does, or it has been moved. */
export async function wallHolding(
  ports: Ports,
  job: JobRow,
  shards: readonly ShardRow[],
): Promise<WallFacts | undefined> {
  const shard = shards.find(({ held }) => held === 'budget')
  if (shard === undefined) return undefined
  const next = worstOf(ports, job, shard)
  const walls = await wallsOf(ports, job)
  // A policy reckons with averages, and keeps back what by itself might just fit.
  const wall = wallBefore(walls, next) ?? (shard.wakeAt === null ? tightestOf(walls) : undefined)
  return wall && wallFacts(wall, next)
}

/** In a sentence without its full stop. */
export function wallText({ of, budget, spent, inAir, next }: WallFacts): string {
  const which = of === undefined ? 'the budget' : `the budget of ${of}`
  const step = next === null ? 'the price of the next step is not known' : `the next step could cost ${next}`
  return `${which} is ${budget} USD; ${spent} is spent, up to ${inAir} is in the air, and ${step}`
}

/** As people call it: `team=search per month`. */
export const budgetName = ({ tag, value, per }: Omit<BudgetRow, 'nanoUsd'>): string =>
  `${tag === '' && value === '' ? 'all jobs' : `${tag}=${value}`}${per === 'month' ? ' per month' : ''}`

/** `USD` stands for the new amount. */
export function raiseCommand({ tag, value, per }: Omit<BudgetRow, 'nanoUsd'>): string {
  const tagged = `${tag}=${value}`
  const word = /^[\w=.,:/@+-]+$/.test(tagged) ? tagged : `'${tagged.replaceAll("'", "'\\''")}'`
  return `redeye budget USD${tag === '' && value === '' ? '' : ` --tag ${word}`}${per === 'month' ? ' --per month' : ''}`
}

/**
 * What a policy keeps back for want of money is held, so that everybody sees it, and is free again when it waits for
 * something else. It stays with the policy: nobody looks at it but that. Undefined: nothing changes.
 * @param kept.poor    shards that wait for money
 * @param kept.others  shards that are held, and need not be
 */
export async function holdUnfunded(
  ports: Ports,
  job: JobRow,
  { poor, others }: Record<'poor' | 'others', readonly ShardRow[]>,
): Promise<Commit | undefined> {
  const tightest = tightestOf(await wallsOf(ports, job))
  const stopped = tightest === undefined ? [] : poor
  if (stopped.length + others.length === 0) return undefined
  const events = stopped.slice(0, 1).map((shard): NewEvent => {
    const data = { reason: 'budget', ...wallFacts(tightest as Wall, worstOf(ports, job, shard)) }
    return { jobId: job.id, shardId: shard.id, at: ports.clock.now(), type: 'held', data }
  })
  return {
    job: touched(job),
    shards: [
      ...stopped.map((shard) => moveShard(shard, 'hold', { held: 'budget' })),
      ...others.map((shard) => moveShard(shard, 'release', { held: null })),
    ],
    events,
  }
}
