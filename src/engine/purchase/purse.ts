import type { Unproven } from '../../executor/read-journal.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import { leased, type SyncFlight, type Then } from '../shards/flight.ts'
import { keepSubmission } from '../shards/move.ts'
import { nextOf, overBudget, spending, wallBefore, wallsOf } from './budget.ts'
import { worstOfCalls } from './worst.ts'

/**
 * What a run may spend. It begins with the worst of each request called once; a call that may be paid for and has left
 * nothing is called again, which no budget has room for yet. So nothing starts until that, too, is counted.
 */
export class Purse {
  readonly #flight: SyncFlight
  readonly #submission: SubmissionRow
  /** Calls without an answer that are counted. */
  #counted = 0
  #counts: bigint | null
  /** What it wants and there is no room for. */
  #lacks: bigint | null | undefined
  /** Some budget covers the job, as far as that is known. */
  #walled: boolean

  private constructor(flight: SyncFlight, submission: SubmissionRow, walled: boolean) {
    this.#flight = flight
    this.#submission = submission
    this.#counts = submission.worstNanoUsd
    this.#walled = walled
  }

  static async of(flight: SyncFlight, submission: SubmissionRow): Promise<Purse> {
    return new Purse(flight, submission, (await wallsOf(flight.ports, flight.job)).length > 0)
  }

  get isEmpty(): boolean {
    return this.#lacks !== undefined
  }

  covers({ attempts }: Unproven): boolean {
    return !this.#walled || attempts <= this.#counted
  }

  /** Counts what may have been paid for nothing, where the budgets have room for it. */
  async count(unproven: Unproven): Promise<void> {
    if (unproven.attempts <= this.#counted) return
    const { ports, options, shard } = this.#flight
    const job = (await ports.store.job(shard.jobId)) ?? this.#flight.job
    const flight = { ...this.#flight, job, options: { ...options, budget: (job.options as JobOptions).budget } }
    const once = nextOf(flight)
    const again = worstOfCalls(ports, job, shard, unproven)
    const worstNanoUsd = once === null || again === null ? null : once + again
    const more = worstNanoUsd === null ? null : worstNanoUsd - (this.#counts ?? 0n)
    const walls = await wallsOf(ports, job)
    this.#walled = walls.length > 0
    this.#lacks = wallBefore(walls, more) === undefined ? undefined : more
    if (this.#lacks !== undefined) return
    const submissions = [keepSubmission(this.#submission, { worstNanoUsd })]
    if (!(await ports.store.commit(leased(flight, { submissions, ...spending(flight) })))) return // at the next look
    this.#counted = unproven.attempts
    this.#counts = worstNanoUsd
  }

  /** Where it is empty, the shard is held. */
  async wait(): Promise<Then | null> {
    return this.#lacks === undefined ? null : overBudget(this.#flight, this.#lacks)
  }
}
