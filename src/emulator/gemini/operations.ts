import type { Json } from '../json.ts'
import type { Totals } from '../row-table.ts'
import type { Moment, Phase } from './course.ts'
import type { BatchRecord } from './desk.ts'
import { problem, statusOf } from './errors.ts'
import { timestamp } from './proto-json.ts'

const states: Record<Phase, string> = {
  queued: 'PENDING',
  pending: 'PENDING',
  running: 'RUNNING',
  // The wire has no word for it: a batch that is being cancelled looks as it did before.
  cancelling: 'RUNNING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  cut: 'EXPIRED',
}

const ended = {
  cancelled: problem('CANCELLED', 'The operation was cancelled.'),
  expired: problem('DEADLINE_EXCEEDED', 'The batch expired before it could be processed.'),
}

/**
 * A batch as the wire shows it at one moment: an operation, with the batch as its metadata.
 * @param output  the result, where it may be told
 */
export function operationView(
  batch: BatchRecord,
  moment: Moment,
  totals: Totals | null,
  now: number,
  by: 'get' | 'list',
  output?: Json,
): Json {
  const { faults, method } = batch
  const kind = method === 'embed' ? 'EmbedContentBatch' : 'GenerateContentBatch'
  const type = `type.googleapis.com/google.ai.generativelanguage.v1main.${kind}`
  const { word, done } = stateOf(batch, moment, now)
  const places = output ? placesOf(batch, output, `${type}Output`) : {}
  const error = errorOf(batch, moment)
  return {
    name: `batches/${batch.id}`,
    metadata: {
      '@type': type,
      model: `models/${batch.modelName}`,
      ...(batch.displayName === undefined ? {} : { displayName: batch.displayName }),
      ...(batch.input.kind === 'file' ? { inputConfig: { fileName: `files/${batch.input.fileId}` } } : {}),
      ...(places.metadata ? { output: places.metadata } : {}),
      createTime: timestamp(batch.course.createdAt),
      ...(moment.endedAt === null ? {} : { endTime: timestamp(moment.endedAt) }),
      ...(method === 'embed' && moment.terminal ? {} : { updateTime: timestamp(updatedAt(batch, moment)) }),
      batchStats: statsOf(batch, moment, totals, faults.counts === 'stale-in-list' && by === 'list'),
      state: `${faults.statePrefix ?? 'BATCH_STATE_'}${word}`,
      name: `batches/${batch.id}`,
      ...(batch.priority === undefined ? {} : { priority: batch.priority }),
    },
    ...(done ? { done: true } : {}),
    ...(error ? { error: statusOf(error) } : places.response ? { response: places.response } : {}),
  }
}

function stateOf(batch: BatchRecord, moment: Moment, now: number): { word: string; done: boolean } {
  const odd = batch.faults.stateWord
  const since = odd?.done ? moment.endedAt : moment.startedAt
  if (odd && since !== null && now < since + odd.seconds * 1000 && moment.terminal === odd.done) {
    return { word: odd.word, done: odd.done }
  }
  return { word: states[moment.phase], done: moment.terminal }
}

/** Output stands in two places, the same in both. */
function placesOf({ faults }: BatchRecord, output: Json, type: string): { metadata?: Json; response?: Json } {
  return {
    ...(faults.outputOnlyIn === 'response' ? {} : { metadata: output }),
    ...(faults.outputOnlyIn === 'metadata' ? {} : { response: { '@type': type, ...output } }),
  }
}

function errorOf(batch: BatchRecord, moment: Moment) {
  if (moment.phase === 'failed') return batch.problem ?? problem('INTERNAL', 'Internal error encountered.')
  if (moment.phase === 'cancelled' && !batch.faults.cancelledKeepsOutput) return ended.cancelled
  if (moment.phase === 'expired') return ended.expired
  return undefined
}

function updatedAt(batch: BatchRecord, moment: Moment): number {
  return moment.endedAt ?? moment.startedAt ?? batch.course.createdAt
}

/** Counters are text, and those that are zero are left out. */
function statsOf(batch: BatchRecord, moment: Moment, totals: Totals | null, stale: boolean): Json {
  const lines = batch.scan?.lines ?? 0
  let total = lines
  let succeeded = totals?.succeeded ?? 0
  let failed = totals?.failed ?? 0
  if (moment.phase === 'failed' && batch.course.failure?.keepsLines !== true) {
    succeeded = 0
    failed = lines
  }
  if (moment.phase === 'expired') {
    succeeded = 0
    failed = 0
  }
  // Lines that got lost are in no count but the total.
  const lost = moment.phase === 'expired' || !totals ? 0 : moment.executed - totals.succeeded - totals.failed
  let pending = lines - succeeded - failed - lost
  if (batch.faults.counts === 'wrong' && moment.terminal) {
    total += 7
    succeeded = Math.max(0, succeeded - 3)
    failed += 5
    pending = 0
  }
  if (stale) {
    succeeded = 0
    failed = 0
    pending = total
  }
  return counters({
    requestCount: total,
    successfulRequestCount: succeeded,
    failedRequestCount: failed,
    pendingRequestCount: pending,
  })
}

function counters(counts: Readonly<Record<string, number>>): Json {
  return Object.fromEntries(
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => [name, String(count)]),
  )
}
