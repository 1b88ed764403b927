import { momentOf } from './course.ts'
import type { BatchRecord, Desk } from './desk.ts'
import type { Scan } from './execute.ts'
import type { AccountFaults, BatchError } from './faults.ts'
import type { Scope } from './scope.ts'

/** The highest published limit; a scenario sets a lower one. */
const enqueuedTokensDefault = 15_000_000_000
const enqueuedEmbeddingRequestsDefault = 1_000_000

/**
 * Whether the queue of a model is too full for one more batch, judged at the end of its validation. The vendor never
 * says so at create: the batch is accepted and fails a few seconds later.
 */
export function tokenQuotaError(
  desk: Desk,
  batch: BatchRecord,
  scan: Scan,
  scope: Scope,
  account: AccountFaults,
): readonly BatchError[] | null {
  const embeds = batch.endpoint === '/v1/embeddings'
  const limit = embeds
    ? (account.enqueuedRequestsMax ?? enqueuedEmbeddingRequestsDefault)
    : (account.enqueuedTokensMax ?? enqueuedTokensDefault)
  let waiting = scan.enqueuedTokens
  for (const other of desk.batches.values()) {
    if (other === batch || other.scope !== batch.scope || other.scan?.model?.entry !== scan.model?.entry) continue
    if ((other.endpoint === '/v1/embeddings') === embeds) waiting += stillEnqueued(other, batch.course.validatedAt)
  }
  if (waiting <= limit) return null
  const unit = embeds ? 'requests' : 'tokens'
  const message = `Enqueued ${embeds ? 'request' : 'token'} limit reached for ${scan.model?.entry.id} in organization ${scope.organization}. Limit: ${limit.toLocaleString('en-US')} enqueued ${unit}. Please try again once some in_progress batches have been completed.`
  return [{ code: embeds ? 'request_limit_exceeded' : 'token_limit_exceeded', message, param: null, line: null }]
}

function stillEnqueued(other: BatchRecord, at: number): number {
  if (!other.scan) return 0
  const moment = momentOf(other.course, other.scan.lines, at)
  if (moment.status === 'failed') return 0
  if (!moment.terminal) return other.scan.enqueuedTokens
  const endedAt = moment.completedAt ?? moment.expiredAt ?? moment.cancelledAt ?? 0
  // The queue is not always emptied when a batch ends: it has stayed full for hours with nothing running.
  return at < endedAt + (other.faults.quotaReleaseLagSeconds ?? 0) * 1000 ? other.scan.enqueuedTokens : 0
}
