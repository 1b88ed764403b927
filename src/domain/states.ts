/**
 * The state tables: every state, what may happen to it, where it goes. One function moves; an empty cell is refused,
 * never ignored.
 */

export type SubmissionState =
  | 'prepared'
  | 'buying'
  | 'open'
  | 'cancelling'
  | 'ended'
  | 'collected'
  | 'settled'
  | 'dropped'
  | 'refused'
  | 'unsure'
  | 'candidate'
  | 'absent'
  | 'lost'

export type SubmissionEvent =
  | 'claim' // quota is ours, the intent is written: from here on money may flow
  | 'withhold' // the last byte never left: nothing was bought
  | 'drop' // cancelled before it was bought
  | 'accept'
  | 'refuse'
  | 'doubt' // we cannot know; never send again
  | 'find'
  | 'suspect'
  | 'ruleOut'
  | 'prove'
  | 'end' // expired and cancelled too: whatever they finished was paid for
  | 'cancel'
  | 'vanish'
  | 'collect'
  | 'settle'
  | 'appear' // a late arrival: flagged duplicate, then cancelled

type Moves<S extends string, E extends string> = Readonly<Record<S, Readonly<Partial<Record<E, S>>>>>

export const submissionMoves: Moves<SubmissionState, SubmissionEvent> = {
  prepared: { claim: 'buying', drop: 'dropped' },
  buying: { accept: 'open', refuse: 'refused', doubt: 'unsure', withhold: 'prepared' },
  unsure: { find: 'open', suspect: 'candidate', ruleOut: 'absent' },
  candidate: { prove: 'open', ruleOut: 'absent' }, // maybe a stranger's: polled, never cancelled
  open: { end: 'ended', cancel: 'cancelling', refuse: 'refused', vanish: 'lost' },
  cancelling: { end: 'ended', refuse: 'refused', vanish: 'lost' }, // the vendor decides when, not we
  ended: { collect: 'collected' },
  collected: { settle: 'settled' },
  absent: { appear: 'open' },
  settled: {},
  dropped: {},
  refused: {},
  lost: {},
}

export type ShardState = 'planned' | 'held' | 'flying' | 'settled'
export type ShardEvent = 'fly' | 'hold' | 'release' | 'settle'

export const shardMoves: Moves<ShardState, ShardEvent> = {
  planned: { fly: 'flying', hold: 'held', settle: 'settled' },
  held: { release: 'planned', fly: 'flying', settle: 'settled' },
  flying: { hold: 'held', release: 'planned', settle: 'settled' },
  settled: {},
}

/** Why a shard, or the job whose shards are all held, waits for something outside of us. */
export type HoldReason = 'quota' | 'budget' | 'credentials' | 'unsure' | 'billing' | 'vendor'

export type JobState = 'planned' | 'held' | 'flying' | 'landing' | 'landed' | 'cancelled' | 'failed'
export type JobEvent = 'fly' | 'hold' | 'release' | 'land' | 'deliver' | 'cancel' | 'fail' | 'reopen'

export const jobMoves: Moves<JobState, JobEvent> = {
  planned: { fly: 'flying', hold: 'held', land: 'landing', fail: 'failed' },
  held: { release: 'flying', fly: 'flying', land: 'landing', fail: 'failed' },
  flying: { hold: 'held', land: 'landing', fail: 'failed' },
  landing: { deliver: 'landed', cancel: 'cancelled', fail: 'failed', reopen: 'flying' },
  landed: { reopen: 'flying' }, // redeye retry: a new round of a landed job
  cancelled: { reopen: 'flying' },
  failed: {},
}

/** The state after `event`, or undefined where the table has no such cell. */
export function next<S extends string, E extends string>(moves: Moves<S, E>, state: S, event: E): S | undefined {
  return moves[state][event]
}

/** Submissions that may still cost quota at the vendor: from the intent to buy until the vendor says it ended. */
export const quotaHoldingStates: readonly SubmissionState[] = ['buying', 'unsure', 'candidate', 'open', 'cancelling']

/**
 * Submissions that may cost money which no ledger entry tells of yet: those, and what has ended or is lost until it is
 * settled.
 */
export const inAirStates: readonly SubmissionState[] = [...quotaHoldingStates, 'ended', 'collected', 'lost']

/** States in which the vendor may still be working for us, so somebody has to look. */
export const watchedStates: readonly SubmissionState[] = ['buying', 'unsure', 'candidate', 'open', 'cancelling']

export const terminalJobStates: readonly JobState[] = ['landed', 'cancelled', 'failed']
