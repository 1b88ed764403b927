import { type Collected, emptyUsage, readUsage, USAGE_BYTES } from '../../delivery/result-index.ts'
import type { PriceQuery } from '../../pricing/price.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'

/** What an engine of the user's own adds to the question for a price; nothing, where a vendor answers it. */
export type EngineCharge = Pick<PriceQuery, 'rates' | 'work'>

/** @param usage  the usage records of the submission */
export function engineCharge(ports: Ports, submission: SubmissionRow, usage: Uint8Array<ArrayBuffer>): EngineCharge {
  const rates = ports.vendors.engine(submission.accountId)?.rates
  const { engineMs } = submission.collected as Collected
  if (rates === undefined || engineMs === undefined) return { rates }
  const view = new DataView(usage.buffer)
  const row = emptyUsage()
  let [inputTokens, outputTokens] = [0, 0]
  for (let at = 0; at < usage.length; at += USAGE_BYTES) {
    readUsage(view, at, row)
    if (!row.billed) continue
    inputTokens += row.input + row.cachedInput
    outputTokens += row.output
  }
  return { rates, work: { ms: engineMs, inputTokens, outputTokens } }
}
