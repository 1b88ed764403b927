import { KEY_LENGTH } from '../../delivery/result-index.ts'
import { base32, derivedId, digestOf } from '../../kit/ids.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { ShardFlight } from '../shards/flight.ts'

/**
 * First part of every upstream id of one purchase. Two purchases of one shard differ; the same purchase is found again
 * by a restored backup, since nothing in it is random but the home.
 */
export const keyOf = (homeId: string, shardId: string, purchase: number): string =>
  base32(digestOf(homeId, shardId, purchase), KEY_LENGTH)

/** The purchase of a shard that is about to be made, as it begins. */
export function submissionRow(
  { ports, shard }: Pick<ShardFlight, 'ports' | 'shard'>,
  { state, fileId }: Pick<SubmissionRow, 'state' | 'fileId'>,
): SubmissionRow {
  const now = ports.clock.now()
  return {
    id: derivedId('sub', shard.id, shard.purchase),
    jobId: shard.jobId,
    shardId: shard.id,
    accountId: shard.accountId,
    lane: shard.lane,
    model: shard.model,
    purchase: shard.purchase,
    key: keyOf(ports.store.homeId, shard.id, shard.purchase),
    state,
    vendorState: null,
    remoteId: null,
    fileId,
    rows: shard.count,
    inputs: shard.inputs,
    tokens: shard.tokens,
    bytes: shard.bytes,
    worstNanoUsd: null,
    sentAt: null,
    sendBy: null,
    createdAt: now,
    openedAt: state === 'open' ? now : null,
    endedAt: null,
    settledAt: null,
    collectBy: null,
    counts: null,
    collected: null,
    progress: null,
    cancelWanted: false,
    abandoned: false,
    duplicate: false,
    error: null,
  }
}
