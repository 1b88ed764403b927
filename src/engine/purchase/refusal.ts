import { emptyTally } from '../../domain/outcome.ts'
import { type HoldReason, quotaHoldingStates, type SubmissionState } from '../../domain/states.ts'
import { MINUTE, SECOND } from '../../kit/clock.ts'
import type { Refusal } from '../../providers/contract.ts'
import type { Commit, Move, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { buysNothing } from '../options.ts'
import { commit, eventOf, type Flight, type ShardFlight, slowLook, type Then } from '../shards/flight.ts'
import { keepShard, moveShard, moveSubmission } from '../shards/move.ts'
import { ordinalsOf, recut, type ShardRoom, subShard } from '../shards/plan.ts'
import type { ShardTally } from '../shards/tally.ts'
import { failRows } from './fail-rows.ts'
import { learnedQuota } from './quota.ts'

const FILE_TRIES_MAX = 3
/** Refusals of the passing kind in a row, after which a job says so and waits for a person. */
const PATIENCE = 6
/** Refusals for want of quota, more than an hour of them, after which a shard is cut although it should fit. */
const STUBBORN = 8

export const backOff = (refusals: number): number => Math.min(15 * MINUTE, 30 * SECOND * 2 ** Math.min(refusals, 10))

/** What to do about a refusal by its kind, whether it came at once or late. Nothing was bought. */
export async function refused(flight: Flight, submission: SubmissionRow | undefined, refusal: Refusal): Promise<Then> {
  const { shard, ports } = flight
  ports.log.warn({ shard: shard.id, code: refusal.code, kind: refusal.kind }, `refused: ${refusal.message}`)
  if (submission !== undefined && buysNothing(flight.options)) return refusedForGood(flight, submission, refusal)
  switch (refusal.kind) {
    case 'quota':
      return quotaRefused(flight, submission, refusal)
    case 'rate':
      return later(flight, submission, refusal, Math.max(refusal.retryAfterMs ?? 0, 30 * SECOND))
    case 'file':
      if (shard.refusals + 1 < FILE_TRIES_MAX)
        return later(flight, submission, refusal, 2 * SECOND * 2 ** shard.refusals)
      return hold(flight, submission, refusal, 'vendor')
    case 'rows':
      return rowsRefused(flight, submission, refusal)
    case 'whole':
    case 'too_large':
      return bisect(flight, submission, refusal)
    case 'credentials':
      return hold(flight, submission, refusal, 'credentials')
    case 'billing':
      return hold(flight, submission, refusal, 'billing')
    case 'unavailable':
      if (shard.refusals + 1 < PATIENCE)
        return later(flight, submission, refusal, refusal.retryAfterMs ?? backOff(shard.refusals))
      return hold(flight, submission, refusal, 'vendor')
  }
}

/** Back-pressure: the learned limit is remembered, the shard waits for room, or is cut smaller when it alone is over. */
async function quotaRefused(flight: Flight, submission: SubmissionRow | undefined, refusal: Refusal): Promise<Then> {
  const { ports, shard } = flight
  const others = await ports.store.submissions({ accountId: shard.accountId, states: quotaHoldingStates })
  const inUse = others
    .filter(({ model, lane, id }) => model === shard.model && lane === shard.lane && id !== submission?.id)
    .reduce((sum, { tokens }) => sum + tokens, 0)
  // An upload is refused for want of storage, which says nothing about the queue. Without a stated figure and with
  // nothing of ours in use, the queue is simply not released yet.
  const learns = submission !== undefined && (refusal.limit !== undefined || inUse > 0)
  const quotas = learns ? [learnedQuota(flight, refusal, inUse)] : []
  const limit = refusal.limit ?? (submission === undefined || inUse > 0 ? undefined : stepBelow(flight))
  const alone = limit !== undefined && (limit.unit === 'tokens' ? shard.tokens : shard.inputs) > limit.max
  // With nothing of ours in the way for so long, the vendor counts more in it than we do.
  const stubborn = submission !== undefined && inUse === 0 && shard.refusals >= STUBBORN
  if ((alone || stubborn) && shard.count > 1) {
    const within =
      limit === undefined ? {} : limit.unit === 'tokens' ? { tokensMax: limit.max } : { inputsMax: limit.max }
    return replace(flight, submission, refusal, within, quotas)
  }
  if (alone && stubborn)
    return rowsRefused(flight, submission, {
      ...refusal,
      rows: [{ row: 0, code: refusal.code, message: refusal.message }],
    })
  const wakeAt = ports.clock.now() + backOff(shard.refusals)
  await commit(flight, {
    ...refusalMoves(flight, submission, refusal),
    quotas,
    shards: [
      moveOrKeep(shard, 'hold', {
        held: 'quota',
        refusals: shard.refusals + 1,
        purchase: nextPurchase(shard, submission),
      }),
    ],
    events: [eventOf(flight, 'refused', facts(refusal), submission)],
  })
  return wakeAt
}

/**
 * Alone in the queue and refused without a figure: the account may be of a kind that has less than this shard. It may
 * also be something else, so this decides how large the pieces are, and is not remembered.
 */
function stepBelow({ lane, shard }: Flight): Refusal['limit'] {
  const max = lane.limits.enqueuedTokensSteps?.(shard.model).findLast((step) => step < shard.tokens)
  return max === undefined ? undefined : { unit: 'tokens', max }
}

/** The vendor named rows: they fail with its words, the rest flies again. */
async function rowsRefused(flight: Flight, submission: SubmissionRow | undefined, refusal: Refusal): Promise<Then> {
  const { shard, ports, job, input: manifest, options } = flight
  const named = new Map(
    (refusal.rows ?? []).filter(({ row }) => row >= 0 && row < shard.count).map((row) => [row.row, row]),
  )
  if (named.size === 0) return bisect(flight, submission, refusal)
  const ordinalAt = await ordinalsOf(ports, shard)
  const rest: number[] = []
  for (let row = 0; row < shard.count; row++) if (!named.has(row)) rest.push(ordinalAt(row))
  const of = { jobId: job.id, manifest, options, deadline: job.deadline, round: shard.round }
  const failed = await failRows(flight, submission, [...named.values()])
  const children = rest.length === 0 ? [] : [await subShard(ports, of, shard, Uint32Array.from(rest))]
  await commit(flight, {
    ...failed.change,
    insertShards: children,
    shards: [
      moveShard(shard, 'settle', {
        held: null,
        tally: { own: failed.tally, again: emptyTally() } satisfies ShardTally,
      }),
    ],
    events: [eventOf(flight, 'refused', { ...facts(refusal), rows: named.size, again: rest.length }, submission)],
  })
  return null
}

/** Nothing of it ran, and nothing is bought anew: each row fails, by its own words or by those about all. */
async function refusedForGood(flight: Flight, submission: SubmissionRow, refusal: Refusal): Promise<Then> {
  const { code, message } = refusal
  const named = new Map((refusal.rows ?? []).map((row) => [row.row, row]))
  const rows = Array.from({ length: flight.shard.count }, (_, row) => named.get(row) ?? { row, code, message })
  const { change, tally } = await failRows(flight, submission, rows)
  const [move] = change.submissions as [Move<SubmissionRow, SubmissionState>]
  const error = { code, message: message.slice(0, 500) }
  await commit(flight, {
    submissions: [{ ...move, set: { ...move.set, error } }],
    shards: [moveShard(flight.shard, 'settle', { held: null, tally: { own: tally, again: emptyTally() } })],
    events: [eventOf(flight, 'refused', { ...facts(refusal), rows: rows.length, again: 0 }, submission)],
  })
  return null
}

/** No row is named: halves, until the one that kills its shard is alone and fails. */
async function bisect(flight: Flight, submission: SubmissionRow | undefined, refusal: Refusal): Promise<Then> {
  // An upload is not looked into: when it is refused for what it is, no smaller one will do.
  if (submission === undefined && (refusal.kind === 'whole' || flight.shard.count === 1))
    return hold(flight, submission, refusal, 'vendor')
  if (flight.shard.count > 1) return replace(flight, submission, refusal, {}, [])
  return rowsRefused(flight, submission, {
    ...refusal,
    rows: [{ row: 0, code: refusal.code, message: refusal.message }],
  })
}

async function replace(
  flight: Flight,
  submission: SubmissionRow | undefined,
  refusal: Refusal,
  within: ShardRoom,
  quotas: Commit['quotas'] & object,
): Promise<Then> {
  const { ports, job, input: manifest, options, shard } = flight
  const children = await recut(
    ports,
    { jobId: job.id, manifest, options, deadline: job.deadline, round: shard.round },
    shard,
    within,
  )
  await commit(flight, {
    ...refusalMoves(flight, submission, refusal),
    quotas,
    insertShards: children,
    shards: [moveShard(shard, 'settle', { held: null, tally: null })],
    events: [eventOf(flight, 'recut', { ...facts(refusal), into: children.length }, submission)],
  })
  return null
}

/** A passing trouble: prepare and buy again after a pause, under a new key when this one reached the vendor. */
async function later(
  flight: Flight,
  submission: SubmissionRow | undefined,
  refusal: Refusal,
  pauseMs: number,
): Promise<Then> {
  const { shard, ports } = flight
  await commit(flight, {
    ...refusalMoves(flight, submission, refusal),
    shards: [keepShard(shard, { refusals: shard.refusals + 1, purchase: nextPurchase(shard, submission) })],
    events: [eventOf(flight, 'refused', facts(refusal), submission)],
  })
  return ports.clock.now() + pauseMs
}

/** Waits for a person or the vendor: `wakeAt` is only a slow second look. */
export async function hold(
  flight: ShardFlight,
  submission: SubmissionRow | undefined,
  refusal: Refusal,
  reason: HoldReason,
): Promise<Then> {
  const { shard, ports } = flight
  await commit(flight, {
    ...refusalMoves(flight, submission, refusal),
    shards: [moveOrKeep(shard, 'hold', { held: reason, refusals: 0, purchase: nextPurchase(shard, submission) })],
    events: [eventOf(flight, 'held', { reason, ...facts(refusal) }, submission)],
  })
  return slowLook(ports, 5 * MINUTE)
}

const moveOrKeep = (shard: ShardRow, event: 'hold', set: Partial<Omit<ShardRow, 'id' | 'state'>>) =>
  shard.state === 'held' ? keepShard(shard, set) : moveShard(shard, event, set)

const nextPurchase = (shard: ShardRow, submission: SubmissionRow | undefined): number =>
  submission === undefined ? shard.purchase : shard.purchase + 1

const facts = (refusal: Refusal): object => ({
  kind: refusal.kind,
  code: refusal.code,
  message: refusal.message.slice(0, 500),
})

/** The submission's own move, where there is one. */
export function refusalMoves(
  flight: ShardFlight,
  submission: SubmissionRow | undefined,
  refusal: Refusal,
): { submissions?: Commit['submissions'] & object } {
  if (submission === undefined) return {}
  const error = { code: refusal.code, message: refusal.message }
  return { submissions: [moveSubmission(submission, 'refuse', { error, endedAt: flight.ports.clock.now() })] }
}
