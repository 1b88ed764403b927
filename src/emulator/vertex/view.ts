import type { Moment, Phase } from '../gemini/course.ts'
import { problem, statusOf } from '../gemini/errors.ts'
import { timestamp } from '../gemini/proto-json.ts'
import type { Json } from '../json.ts'
import type { Totals } from '../row-table.ts'
import { type JobRecord, type Place, projectNumber } from './desk.ts'

const states: Record<Phase, string> = {
  queued: 'QUEUED',
  pending: 'PENDING',
  running: 'RUNNING',
  cancelling: 'CANCELLING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  // The run was cut off after a day; what was finished by then is there.
  cut: 'PARTIALLY_SUCCEEDED',
}

export function parentOf({ project, location }: Place): string {
  return `projects/${projectNumber(project)}/locations/${location}`
}

/** The folder of a job's predictions: a new one for each job, with colons in its name. */
export function outputDirectory(job: JobRecord): string {
  return `${job.outputPrefix.replace(/\/$/, '')}/prediction-model-${timestamp(job.course.createdAt, 6)}`
}

/** Whether a job in this phase leaves predictions behind. */
export function handsOut(job: JobRecord, moment: Moment): boolean {
  if (moment.phase === 'failed') return job.course.failure?.keepsLines === true
  if (moment.phase === 'cancelled') return moment.startedAt !== null
  return moment.phase === 'succeeded' || moment.phase === 'cut'
}

/** A job as the wire shows it at one moment, with the lies a scenario asks for. */
export function jobView(job: JobRecord, moment: Moment, totals: Totals | null, now: number): Json {
  const { faults, course } = job
  const error = errorOf(job, moment)
  const shows = handsOut(job, moment) && !faults.outputInfoMissing
  return {
    name: `${parentOf(job.place)}/batchPredictionJobs/${job.id}`,
    displayName: job.displayName,
    model: job.modelName,
    inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: [job.inputUri] } },
    outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: job.outputPrefix } },
    state: `JOB_STATE_${stateWord(job, moment, now)}`,
    createTime: timestamp(course.createdAt, 6),
    updateTime: timestamp(moment.endedAt ?? moment.startedAt ?? course.createdAt, 6),
    modelVersionId: '1',
    ...(job.labels === undefined ? {} : { labels: job.labels }),
    ...(moment.startedAt === null ? {} : { startTime: timestamp(moment.startedAt, 6) }),
    ...(moment.endedAt === null ? {} : { endTime: timestamp(moment.endedAt, 6) }),
    ...(error ? { error: statusOf(error) } : {}),
    ...(shows ? { outputInfo: { gcsOutputDirectory: outputDirectory(job) } } : {}),
    ...(handsOut(job, moment) && totals ? { completionStats: statsOf(job, moment, totals) } : {}),
  }
}

function stateWord({ faults }: JobRecord, moment: Moment, now: number): string {
  const odd = faults.stateWord
  const isOdd = odd && moment.phase === 'running' && now < (moment.startedAt ?? 0) + odd.seconds * 1000
  return isOdd ? odd.word : states[moment.phase]
}

function errorOf(job: JobRecord, moment: Moment) {
  if (moment.phase === 'failed') return job.problem ?? problem('INTERNAL', 'INTERNAL')
  return moment.phase === 'cancelled' ? problem('CANCELLED', 'Job is cancelled.') : undefined
}

/** Counters are text, and those that are zero are left out; one may be unknown. */
function statsOf({ faults, scan }: JobRecord, moment: Moment, totals: Totals): Json {
  const incomplete = (scan?.lines ?? 0) - moment.executed
  const off = faults.counts === 'wrong' ? 3 : 0
  const counts = {
    successfulCount: totals.succeeded + off,
    failedCount: totals.failed + off,
    incompleteCount: faults.counts === 'unknown' ? -1 : incomplete,
  }
  const told = Object.entries(counts).filter(([, count]) => count !== 0)
  return Object.fromEntries(told.map(([name, count]) => [name, String(count)]))
}
