import { between, chanceOf } from '../chance.ts'
import { type Moment, momentOf } from '../gemini/course.ts'
import { invalidArgument, problem, Refusal } from '../gemini/errors.ts'
import { masked } from '../gemini/fields-mask.ts'
import { pageOf } from '../gemini/pages.ts'
import type { Json } from '../json.ts'
import type { Totals } from '../row-table.ts'
import { type Desk, type JobRecord, type Place, projectNumber } from './desk.ts'
import { filterOf } from './filter.ts'
import { publish } from './publish.ts'
import { handsOut, jobView, parentOf } from './view.ts'

/** A job at this moment, with everything read and written that has to be by now. */
export interface Look {
  readonly moment: Moment
  readonly totals: Totals | null
}

export async function lookAt(desk: Desk, job: JobRecord): Promise<Look> {
  // Once it runs the lines must have been read; at a high speed the clock may be ahead of the reading.
  if (desk.clock.now() >= Math.min(job.course.startsAt, job.course.expiresAt) || job.course.cancel) await job.scanning
  const now = desk.clock.now()
  const moment = momentOf(job.course, job.scan?.lines ?? 0, now)
  const totals = job.scan?.rows.totals(moment.executed) ?? null
  const isDue = moment.endedAt !== null && now >= moment.endedAt + (job.faults.outputLateSeconds ?? 0) * 1000
  if (totals && isDue && handsOut(job, moment)) {
    job.publishing ??= publish(desk, job, moment, totals)
    await job.publishing
  } else if (totals && job.faults.rowsEarly && moment.phase === 'running') await publish(desk, job, moment, totals)
  return { moment, totals }
}

/** Has the predictions of every job in the bucket that should be there by now. */
export async function settleAll(desk: Desk): Promise<void> {
  for (const job of desk.jobs.values()) if (!job.publishing) await lookAt(desk, job)
}

export async function getJob(desk: Desk, place: Place, id: string): Promise<Json> {
  const job = visible(desk, place, id)
  const age = desk.clock.now() - job.course.createdAt
  if (age < (job.faults.hiddenFromGetSeconds ?? 0) * 1000) throw new Refusal(noSuchJob())
  const { moment, totals } = await lookAt(desk, job)
  return jobView(job, moment, totals, desk.clock.now())
}

/** GET …/batchPredictionJobs, newest first. */
export async function listJobs(desk: Desk, place: Place, query: URLSearchParams): Promise<Json> {
  const wanted = filterOf(query.get('filter') ?? '')
  const now = desk.clock.now()
  const views: { id: string; view: Json }[] = []
  for (const job of [...desk.jobs.values()].toReversed()) {
    if (!isAt(job, place) || !isThere(desk, job)) continue
    if (now < job.course.createdAt + (job.faults.hiddenFromListSeconds ?? 0) * 1000) continue
    const { moment, totals } = await lookAt(desk, job)
    const view = jobView(job, moment, totals, now)
    if (wanted(view)) views.push({ id: job.id, view })
  }
  const page = pageOf(views, query, 100, {})
  const mask = query.get('readMask')
  const shown = page.items.map(({ view }) => (mask === null ? view : masked(view, mask)))
  return { ...(shown.length > 0 ? { batchPredictionJobs: shown } : {}), ...page.tail }
}

/** POST …:cancel. Best effort: what is finished stays, and is billed. */
export async function cancelJob(desk: Desk, place: Place, id: string): Promise<Json> {
  const job = visible(desk, place, id)
  const { moment } = await lookAt(desk, job)
  desk.log.record('vertex', 'cancel', { batch: id, status: moment.phase })
  if (moment.phase === 'cancelling' || moment.phase === 'cancelled') return {}
  if (moment.terminal) {
    throw new Refusal(problem('FAILED_PRECONDITION', `The BatchPredictionJob ${id} is in a final state already.`))
  }
  const requestedAt = desk.clock.now()
  const usual = (desk.latency.cancellingSeconds * between(chanceOf('cancel', desk.seed, id), 50, 150)) / 100
  const lag = job.faults.cancelLagSeconds ?? usual
  job.course.cancel = { requestedAt, endsAt: requestedAt + lag * 1000, race: job.faults.cancelRace ?? false }
  return {}
}

/** DELETE …: a job that has not ended has to be cancelled first. Its predictions stay in the bucket. */
export async function deleteJob(desk: Desk, place: Place, id: string): Promise<Json> {
  const job = visible(desk, place, id)
  const { moment } = await lookAt(desk, job)
  desk.log.record('vertex', 'delete', { batch: id, status: moment.phase })
  if (!moment.terminal) {
    throw new Refusal(
      problem('FAILED_PRECONDITION', `The BatchPredictionJob ${id} is not in a final state. Please cancel it first.`),
    )
  }
  job.deletedAt = desk.clock.now()
  const at = `${new Date(desk.clock.now()).toISOString().slice(0, 19)}Z`
  return {
    name: `${parentOf(job.place)}/operations/${desk.nextId('operation')}`,
    metadata: {
      '@type': 'type.googleapis.com/google.cloud.aiplatform.v1beta1.DeleteOperationMetadata',
      genericMetadata: { createTime: at, updateTime: at },
    },
    done: true,
    response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
  }
}

function visible(desk: Desk, place: Place, id: string): JobRecord {
  if (!/^\d+$/.test(id)) throw new Refusal(invalidArgument(`Invalid resource field value in the request: ${id}.`))
  const job = desk.jobs.get(id)
  if (!job || !isAt(job, place) || !isThere(desk, job)) throw new Refusal(noSuchJob())
  return job
}

const noSuchJob = () => problem('NOT_FOUND', 'The BatchPredictionJob does not exist.')

function isAt(job: JobRecord, place: Place): boolean {
  return job.place.location === place.location && projectNumber(job.place.project) === projectNumber(place.project)
}

function isThere(desk: Desk, { course, faults, deletedAt }: JobRecord): boolean {
  const after = faults.vanishAfterSeconds
  return deletedAt === null && (after === undefined || desk.clock.now() < course.createdAt + after * 1000)
}
