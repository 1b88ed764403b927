import {
  type Collected,
  emptyResult,
  emptyUsage,
  RESULT_BYTES,
  type ResultRow,
  readResult,
  readUsage,
  USAGE_BYTES,
} from '../../delivery/result-index.ts'
import { isCutByLimit, isInvalid, outcomes, reasonCode, reasons } from '../../domain/outcome.ts'
import { HOUR, MINUTE } from '../../kit/clock.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import { readWhole } from '../rows/read-whole.ts'
import { asRows, type Route, routedFor } from '../rows/routing.ts'
import { recordsOf } from '../rows/rows.ts'
import { grownOf, isSteered } from '../shards/course.ts'
import type { Settling } from '../shards/flight.ts'
import { grownLimit, mostOf } from '../shards/growth.ts'
import { withdrawnIn } from '../shards/withdrawn.ts'

/**
 * What becomes of a row of a submission that has settled. `same`: it goes on in its round, for it has not been tried to
 * its end. `next`, `grown`: it flies in the next round, as it is or with twice the room for its answer.
 */
export type Fate = 'final' | 'withdrawn' | 'same' | 'next' | 'grown'

const SUCCEEDED = outcomes.indexOf('succeeded')

/** Shows how each row ended, and what becomes of it; `result` is reused. */
export async function eachFate(
  settling: Settling,
  submission: SubmissionRow,
  see: (result: ResultRow, fate: Fate, row: number) => void,
): Promise<void> {
  const { ports, shard, options } = settling
  const collected = submission.collected as Collected
  const bytes = await readWhole(ports, collected.index)
  const view = new DataView(bytes.buffer)
  const withdrawn = await withdrawnIn(ports, options, shard)
  const growing = await growingIn(settling, collected, view)
  const fateOf = ruleOf(settling, submission)
  const result = emptyResult()
  for (let at = 0; at < bytes.length; at += RESULT_BYTES) {
    const row = at / RESULT_BYTES
    readResult(view, at, result)
    see(result, withdrawn.has(row) ? 'withdrawn' : growing.has(row) ? 'grown' : fateOf(result), row)
  }
}

/**
 * Where a policy steers, what we cancelled or the vendor let expire has not been tried to its end, and goes on; what
 * failed and may do better is another try.
 */
function ruleOf({ job, shard, options }: Settling, { cancelWanted }: SubmissionRow): (result: ResultRow) => Fate {
  const retries = mayRetry(job, shard, options)
  const steers = isSteered(job) && !job.cancelWanted
  return ({ outcome, reason }) => {
    if (steers && ((cancelWanted && reason === reasonCode.batch_cancelled) || reason === reasonCode.batch_expired))
      return 'same'
    return retries && deservesRetry(reason, options) && (outcome !== SUCCEEDED || isInvalid(reason)) ? 'next' : 'final'
  }
}

export const mayRetry = (job: JobRow, shard: ShardRow, options: JobOptions): boolean =>
  !job.cancelWanted && shard.round < options.retriesMax

/** Whether a row that ended so deserves another round. */
export function deservesRetry(reason: number, options: JobOptions): boolean {
  if (isInvalid(reason)) return options.onInvalidAnswer === 'retry'
  return reasons[reason]?.retryable === true
}

/** Long enough for a vendor to have got over what it could not do, and longer each time. */
export const retryPause = (round: number): number => Math.min(HOUR, MINUTE * 2 ** round)

/** Rows whose answer was cut off by an output limit that can be raised. */
async function growingIn(
  { ports, job, shard, input, options }: Settling,
  collected: Collected,
  results: DataView<ArrayBuffer>,
): Promise<ReadonlySet<number>> {
  const cut = new Set<number>()
  if (options.onTruncated !== 'grow' || !mayRetry(job, shard, options)) return cut
  for (let row = 0; row < shard.count; row++) if (isCutByLimit(results.getUint8(row * RESULT_BYTES + 1))) cut.add(row)
  if (cut.size === 0) return cut
  const most = mostOf(routedFor(input, shard).routes[shard.group] as Route)
  const grown = grownOf(shard)
  const usages = new DataView((await readWhole(ports, collected.usage)).buffer)
  const usage = emptyUsage()
  let row = 0
  for await (const records of recordsOf(ports.blobs, asRows(input), shard)) {
    for (const { outputMax } of records) {
      const next = grownLimit(outputMax, grown + 1, most)
      // Where no limit was stated, the answer may be as long as the model's can be already.
      const { output } = readUsage(usages, row * USAGE_BYTES, usage)
      const room = next > grownLimit(outputMax, grown, most) && (outputMax > 0 || output < next)
      if (!room) cut.delete(row)
      row++
    }
  }
  return cut
}
