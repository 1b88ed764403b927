import { isInvalid, isTruncated, outcomes, reasonCode } from '../domain/outcome.ts'
import { NO_FILE, NO_OUTCOME, type ResultRow } from './result-index.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')
const FAILED = outcomes.indexOf('failed')
const MISSING = outcomes.indexOf('missing')

const WITHDRAWN = reasonCode.withdrawn

/**
 * What stands before what: what was withdrawn · a whole answer · one that is cut off · one that fails its schema · one
 * that does so because it is cut off · none.
 */
const rank = (outcome: number, reason: number): number =>
  reason === WITHDRAWN ? 5 : outcome !== SUCCEEDED ? 0 : 4 - (isTruncated(reason) ? 1 : 0) - (isInvalid(reason) ? 2 : 0)

/** How rows or requests [first, first + count) ended: for each the submission that wins, and where its line lies. */
export class OutcomeWindow {
  readonly first: number
  readonly count: number
  /** Index into the flown list, -1: nothing was ever flown. */
  readonly winner: Int32Array
  readonly outcome: Uint8Array
  readonly reason: Uint8Array
  readonly file: Uint8Array
  readonly offset: Float64Array
  readonly length: Uint32Array
  readonly idAt: Uint32Array
  /** 1: the answer is that of another row, which asks the same. */
  readonly copied: Uint8Array

  constructor(first: number, count: number) {
    this.first = first
    this.count = count
    this.winner = new Int32Array(count).fill(-1)
    this.outcome = new Uint8Array(count).fill(MISSING)
    this.reason = new Uint8Array(count).fill(reasonCode.missing)
    this.file = new Uint8Array(count).fill(NO_FILE)
    this.offset = new Float64Array(count)
    this.length = new Uint32Array(count)
    this.idAt = new Uint32Array(count)
    this.copied = new Uint8Array(count)
  }

  /**
   * The better one wins; of whole answers the first in settle order, of those that are cut off the longest, else the
   * last. What was withdrawn has no line, whatever came of it.
   */
  offer(index: number, flown: number, outcome: number, reason: number, length = 0): boolean {
    if (this.winner[index] !== -1) {
      const held = rank(this.outcome[index] as number, this.reason[index] as number)
      const offered = rank(outcome, reason)
      if (offered < held || (offered === held && held === 4)) return false
      if (offered === held && held === 3 && length <= (this.length[index] as number)) return false
    }
    const discards = reason === WITHDRAWN && this.outcome[index] === SUCCEEDED
    this.winner[index] = flown
    this.outcome[index] = outcome
    this.reason[index] = discards ? reasonCode.discarded : reason
    this.file[index] = NO_FILE
    this.length[index] = 0
    return true
  }

  /** The same of what a result index says; without an outcome it says nothing. */
  offerResult(index: number, flown: number, { outcome, reason, file, offset, length, idAt }: ResultRow): void {
    if (outcome === NO_OUTCOME || !this.offer(index, flown, outcome, reason, length)) return
    this.file[index] = file
    this.offset[index] = offset
    this.length[index] = file === NO_FILE ? 0 : length
    this.idAt[index] = idAt
  }

  /** Ends as a row of this or of another window does. */
  copy(index: number, from: OutcomeWindow, at: number): void {
    this.winner[index] = from.winner[at] as number
    this.outcome[index] = from.outcome[at] as number
    this.reason[index] = from.reason[at] as number
    this.file[index] = from.file[at] as number
    this.offset[index] = from.offset[at] as number
    this.length[index] = from.length[at] as number
    this.idAt[index] = from.idAt[at] as number
  }
}

/**
 * Requests of which each is one or more of `rows`. A request ended as the first of its rows did that failed, else as the
 * first that has no answer; else all of them have one. Lines of rows that decide nothing are let go of.
 * @param first   of the requests
 * @param starts  by request: its first row, counted from the first of `rows`; and at last the number of rows
 */
export function requestsOf(rows: OutcomeWindow, first: number, starts: Uint32Array): OutcomeWindow {
  const requests = new OutcomeWindow(first, starts.length - 1)
  for (let index = 0; index < requests.count; index++) {
    const [from, to] = [starts[index] as number, starts[index + 1] as number]
    let decides = from
    for (let row = from + 1; row < to; row++)
      if (weight(rows.outcome[row] as number) > weight(rows.outcome[decides] as number)) decides = row
    requests.copy(index, rows, decides)
    requests.copied[index] = rows.copied[decides] as number
    if (rows.outcome[decides] === SUCCEEDED) continue
    for (let row = from; row < to; row++) if (row !== decides) rows.length[row] = 0
  }
  return requests
}

/** A row without an outcome is still to come, and its request with it. */
const weight = (outcome: number): number =>
  outcome === SUCCEEDED ? 0 : outcome === FAILED ? 2 : outcome === NO_OUTCOME ? 3 : 1
