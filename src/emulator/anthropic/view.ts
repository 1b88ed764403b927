import type { Json } from '../json.ts'
import type { Moment } from './course.ts'
import type { BatchRecord } from './desk.ts'
import type { Totals } from './rows.ts'

const retentionMs = 29 * 86_400_000

/** From when on the results are gone. The object itself stays. */
function archivedAt({ course, faults }: BatchRecord): number {
  const after = faults.archiveAfterSeconds
  return course.createdAt + (after === undefined ? retentionMs : after * 1000)
}

/** Whether the results can be had at this moment. */
export function hasResults(batch: BatchRecord, { endedAt }: Moment, now: number): boolean {
  if (endedAt === null || now >= archivedAt(batch)) return false
  return now >= endedAt + (batch.faults.resultsLateSeconds ?? 0) * 1000
}

/** A batch as the wire shows it at one moment, with the lies a scenario asks for. */
export function batchView(
  batch: BatchRecord,
  moment: Moment,
  totals: Totals | null,
  now: number,
  origin: string,
): Json {
  const { course, faults, id } = batch
  const time = (at: number | null) => (at === null ? null : timeView(at, faults.offsetTimes ?? false))
  const archived = moment.endedAt !== null && now >= archivedAt(batch)
  const url = `/v1/messages/batches/${id}/results`
  return {
    id,
    type: 'message_batch',
    processing_status: statusWord(batch, moment, now),
    request_counts: countsView(batch, moment, totals),
    ended_at: time(moment.endedAt),
    created_at: time(course.createdAt),
    expires_at: time(course.expiresAt),
    archived_at: time(archived ? archivedAt(batch) : null),
    cancel_initiated_at: time(moment.cancelInitiatedAt),
    results_url: hasResults(batch, moment, now) ? `${faults.relativeUrl ? '' : origin}${url}` : null,
  }
}

/** RFC 3339 with microseconds, in one of the two forms that have been seen. */
function timeView(at: number, offset: boolean): string {
  const micros = String(Math.floor(at * 1000) % 1000).padStart(3, '0')
  return `${new Date(at).toISOString().slice(0, -1)}${micros}${offset ? '+00:00' : 'Z'}`
}

function statusWord({ faults, course }: BatchRecord, { status }: Moment, now: number): string {
  const strange = faults.statusWord
  if (strange && status === 'in_progress' && now < course.createdAt + strange.seconds * 1000) return strange.word
  return status
}

/** All requests stand in `processing` until the batch has ended. */
function countsView(
  { faults, rows }: BatchRecord,
  { status, executed, canceledShare }: Moment,
  totals: Totals | null,
): Json {
  const ended = status === 'ended'
  if (!totals || (!ended && faults.counts !== 'gradual')) {
    return { processing: rows, succeeded: 0, errored: 0, canceled: 0, expired: 0 }
  }
  const { succeeded, errored } = totals
  const left = rows - executed
  if (!ended) return { processing: left, succeeded, errored, canceled: 0, expired: 0 }
  const canceled = canceledOf(left, canceledShare)
  if (faults.counts === 'wrong') {
    return {
      processing: 0,
      succeeded: Math.max(0, succeeded - 3),
      errored: errored + 5,
      canceled,
      expired: left - canceled,
    }
  }
  return { processing: 0, succeeded, errored, canceled, expired: left - canceled }
}

/** How many of the requests that were never run were cancelled; the others expired. */
export function canceledOf(left: number, canceledShare: number): number {
  return Math.round(left * canceledShare)
}
