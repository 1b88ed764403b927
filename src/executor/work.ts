import type { Call, SyncLane, Verdict } from '../providers/contract.ts'
import type { LaneGate } from './lane-gate.ts'
import type { Pace } from './pacing.ts'
import type { Unproven } from './read-journal.ts'

/** One request, as the lane's vendor wants its body. */
export interface SourceRow {
  readonly row: number
  /** Its own: held until the request is answered. */
  readonly body: Uint8Array
  readonly endpoint: string
  readonly model: string
  /** At most; what is unproven of it is counted so. */
  readonly inputTokens: number
  readonly outputMax: number
}

export interface Work {
  readonly lane: SyncLane
  readonly call: Call
  /** Our id of a row in the results. */
  readonly idOf: (row: number) => string
  /** In the order in which they should go. Rows that earlier runs have answered are passed over. */
  readonly source: AsyncIterable<SourceRow>
  /** Path of this run's journal: one that is not there yet, on a local disk. */
  readonly journal: string
  /** Journals of the earlier runs of the same rows. */
  readonly earlier?: readonly string[]
  /** Ends the run: nothing new starts, and what is in flight has `graceMs` to come in. */
  readonly signal?: AbortSignal
  /** Real time. Default 10 s. */
  readonly graceMs?: number
  /** Asked before each start, and every 200 ms while it says no: leases, budgets, hours, the load of an engine. */
  readonly mayStart?: (unproven: Readonly<Unproven>) => boolean
  /** Asked before each start of a row: no longer wanted, it is passed over. */
  readonly isWanted?: (row: number) => boolean
  /** Shared with other runs on the lane; else the run has one of its own, of `pace` and `concurrency`. */
  readonly gate?: LaneGate
  readonly pace?: Pace
  readonly concurrency?: { readonly start?: number; readonly max?: number }
  /** Tries of one request that the vendor could not carry out. Refusals for want of room are not counted. Default 5. */
  readonly triesMax?: number
  /** Real time between two views of the progress. Default 1 s. */
  readonly progressMs?: number
  readonly random?: () => number
  /** Called for each answer of this run: what it took, in ms of our clock. */
  readonly onAnswer?: (row: number, ms: number) => void
}

/** Where a run is. Answers count once they are on the disk. */
export interface Progress {
  /** Rows with a final outcome, those of earlier runs included. */
  readonly answered: number
  readonly succeeded: number
  readonly inFlight: number
  /** Rows that wait for another try. */
  readonly waiting: number
  /** Requests that may be in flight now. */
  readonly window: number
  /** Of this run: tokens of the answers, and the tiers that gave them, in the vendor's words. */
  readonly tokens: { readonly input: number; readonly output: number }
  readonly tiers: Readonly<Record<string, number>>
  /** This run's share of the time in which requests were in flight on the lane, our clock. */
  readonly engineMs: number
  /** Attempts, of earlier runs too, that may be paid for and have left nothing. What is in flight is not among them. */
  readonly unproven: Readonly<Unproven>
  /** Why nothing starts: until then the vendor wants to be left alone, or `mayStart` says no. Our clock. */
  readonly pausedUntil: number | null
  readonly held: boolean
  /** Refusals without an answer since. */
  readonly trouble: Trouble | null
}

export interface Trouble {
  readonly why: (Verdict & { kind: 'again' })['why'] | 'unreachable'
  /** Of the first. Our clock. */
  readonly since: number
  readonly times: number
  readonly message: string
}

export type Ended =
  | { readonly kind: 'finished'; readonly progress: Progress }
  /** By the signal. */
  | { readonly kind: 'stopped'; readonly progress: Progress }
  | {
      readonly kind: 'halted'
      readonly why: 'credentials' | 'billing'
      readonly message: string
      readonly progress: Progress
    }
