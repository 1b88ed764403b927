import {
  type Collected,
  emptyResult,
  NO_OUTCOME,
  RESULT_BYTES,
  RESULTS_VERSION,
  USAGE_BYTES,
  upstreamId,
  writeResult,
} from '../../delivery/result-index.ts'
import { dialectOf } from '../../dialects/dialect-of.ts'
import { emptyTally, outcomes, reasonCode, type Tally } from '../../domain/outcome.ts'
import type { Commit, SubmissionRow } from '../../stores/contract.ts'
import type { Flight } from '../shards/flight.ts'
import { moveSubmission } from '../shards/move.ts'

/**
 * Rows that the vendor's validation threw out, written as if they had come back: an error row each and a result index
 * that speaks of them alone. So delivery knows one kind of result, not two.
 */
export async function failRows(
  flight: Flight,
  submission: SubmissionRow | undefined,
  rows: readonly { readonly row: number; readonly code: string | null; readonly message: string }[],
): Promise<{ change: Pick<Commit, 'submissions'>; tally: Tally }> {
  const { ports, job, shard } = flight
  const tally = { ...emptyTally(), failed: rows.length }
  if (submission === undefined) throw new Error(`Shard ${shard.id}: rows were refused before anything was submitted.`)
  const folder = `jobs/${job.id}/${submission.id}`
  const index = new Uint8Array(shard.count * RESULT_BYTES)
  for (let row = 0; row < shard.count; row++) index[row * RESULT_BYTES] = NO_OUTCOME
  const view = new DataView(index.buffer)
  const lines: Buffer[] = []
  const { errorRow } = dialectOf(flight.manifest.groups[shard.group]?.endpoint ?? '')
  let offset = 0
  for (const { row, code, message } of rows) {
    const id = upstreamId(submission.key, row)
    const line = Buffer.concat([errorRow(JSON.stringify(id), code ?? 'invalid_request', message), Buffer.from('\n')])
    writeResult(view, row * RESULT_BYTES, {
      ...emptyResult(),
      outcome: outcomes.indexOf('failed'),
      reason: reasonCode.vendor_refused,
      file: 0,
      offset,
      length: line.length - 1,
      idAt: line.indexOf(id),
    })
    lines.push(line)
    offset += line.length
  }
  await put(flight, `${folder}/refused`, Buffer.concat(lines))
  await put(flight, `${folder}/index`, index)
  await put(flight, `${folder}/usage`, new Uint8Array(shard.count * USAGE_BYTES))
  const collected: Collected = {
    version: RESULTS_VERSION,
    index: `${folder}/index`,
    usage: `${folder}/usage`,
    files: [`${folder}/refused`],
    models: [],
    tiers: [],
    rows: { lines: rows.length, duplicates: 0, strangers: 0, missing: 0 },
    bytes: offset,
  }
  const now = ports.clock.now()
  return {
    change: { submissions: [moveSubmission(submission, 'refuse', { collected, endedAt: now, settledAt: now })] },
    tally,
  }
}

async function put({ ports }: Flight, name: string, bytes: Uint8Array): Promise<void> {
  const writer = await ports.blobs.put(name)
  await writer.write(bytes)
  await writer.commit()
}
