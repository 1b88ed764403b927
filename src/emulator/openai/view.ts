import type { Json } from '../json.ts'
import type { Totals } from '../row-table.ts'
import type { Moment } from './course.ts'
import type { BatchRecord, Desk, FileRecord, UploadRecord } from './desk.ts'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export function fileView(file: FileRecord): Json {
  return {
    object: 'file',
    id: file.id,
    purpose: file.purpose,
    filename: file.filename,
    bytes: file.bytes,
    created_at: seconds(file.createdAt),
    ...(file.expiresAt === null ? {} : { expires_at: file.expiresAt }),
    status: 'processed',
    status_details: null,
  }
}

export function uploadView(desk: Desk, upload: UploadRecord): Json {
  const createdAt = Math.floor(upload.createdAt / 1000)
  const expired = upload.status === 'pending' && desk.clock.seconds() >= createdAt + 3600
  return {
    id: upload.id,
    object: 'upload',
    bytes: upload.bytes,
    created_at: createdAt,
    expires_at: createdAt + 3600,
    filename: upload.filename,
    purpose: upload.purpose,
    status: expired ? 'expired' : upload.status,
    file: upload.file ? fileView(upload.file) : null,
  }
}

/** A batch as the wire shows it at one moment, with the lies a scenario asks for. */
export function batchView(batch: BatchRecord, moment: Moment, totals: Totals | null, now: number): Json {
  const { course, scan } = batch
  const started = moment.inProgressAt !== null
  const lines = scan?.lines ?? 0
  const usage = totals && moment.terminal && moment.status !== 'failed' ? usageView(totals) : null
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    model: started ? (scan?.model?.snapshot ?? null) : null,
    errors: moment.status === 'failed' ? { object: 'list', data: course.failure } : null,
    input_file_id: batch.inputFileId,
    completion_window: '24h',
    status: statusWord(batch, moment, now),
    ...resultIds(batch, moment, now),
    created_at: seconds(course.createdAt),
    in_progress_at: seconds(moment.inProgressAt),
    expires_at: seconds(course.expiresAt),
    finalizing_at: seconds(moment.finalizingAt),
    completed_at: seconds(moment.completedAt),
    failed_at: seconds(moment.failedAt),
    expired_at: seconds(moment.expiredAt),
    cancelling_at: seconds(moment.cancellingAt),
    cancelled_at: seconds(moment.cancelledAt),
    request_counts: countsView(batch, moment, totals, lines),
    usage,
    metadata: batch.metadata,
  }
}

function statusWord(batch: BatchRecord, moment: Moment, now: number): string {
  const { statusWord } = batch.faults
  if (statusWord && moment.status === 'in_progress' && now < (moment.inProgressAt ?? 0) + statusWord.seconds * 1000) {
    return statusWord.word
  }
  return moment.status
}

function resultIds(batch: BatchRecord, moment: Moment, now: number): Json {
  const { faults, results } = batch
  if (!moment.terminal) {
    if (faults.idsEarly && moment.inProgressAt !== null) {
      return { output_file_id: `file-early${batch.id.slice(6, 23)}`, error_file_id: null }
    }
    return { output_file_id: null, error_file_id: null }
  }
  const endedAt = moment.completedAt ?? moment.expiredAt ?? moment.cancelledAt ?? moment.failedAt ?? 0
  const late = now < endedAt + (faults.outputIdLateSeconds ?? 0) * 1000
  const absent = faults.emptyStringIds && moment.status !== 'failed' ? '' : null
  return {
    output_file_id: (late ? null : results?.outputFileId) ?? absent,
    error_file_id: (late ? null : results?.errorFileId) ?? absent,
  }
}

function countsView(batch: BatchRecord, moment: Moment, totals: Totals | null, lines: number): Json {
  const zero = { total: 0, completed: 0, failed: 0 }
  if (!totals || moment.status === 'validating' || moment.status === 'failed') return zero
  if (batch.faults.counts === 'zero-until-end' && !moment.terminal) return zero
  if (moment.status === 'cancelling' && moment.inProgressAt === null) return zero
  const unexecuted = moment.status === 'expired' || moment.status === 'cancelled' ? lines - moment.executed : 0
  const { succeeded, failed } = totals
  if (batch.faults.counts === 'wrong' && moment.terminal) {
    return { total: lines + 7, completed: Math.max(0, succeeded - 3), failed: failed + unexecuted + 5 }
  }
  return { total: lines, completed: succeeded, failed: failed + unexecuted }
}

function usageView({ usage }: Totals): Json {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.outputTokens,
  }
}
