import { between, chanceOf } from '../chance.ts'
import { type Course, momentOf } from '../gemini/course.ts'
import { invalidArgument, problem, Refusal } from '../gemini/errors.ts'
import { isJson, type Json } from '../json.ts'
import { runMsOf } from '../latency.ts'
import { checkedJob } from './create-checks.ts'
import { type Desk, type JobModel, type JobRecord, type Place, parsedUri } from './desk.ts'
import type { BatchFaults } from './faults.ts'
import { limits } from './limits.ts'
import { startScan } from './start-scan.ts'
import { jobView } from './view.ts'

/** POST …/batchPredictionJobs. @returns the job as it stands at its first moment */
export function createJob(desk: Desk, place: Place, body: unknown): Json {
  try {
    return accepted(desk, place, body)
  } catch (error) {
    if (error instanceof Refusal) {
      const { name, message } = error.problem
      const metadata = isJson(body)
        ? { displayName: body['displayName'] ?? null, labels: body['labels'] ?? null }
        : null
      desk.log.record('vertex', 'create-refused', { status: name, metadata, error: message })
    }
    throw error
  }
}

function accepted(desk: Desk, place: Place, body: unknown): Json {
  const account = desk.switchboard.account()
  const today = new Date(desk.clock.now()).toISOString().slice(0, 10)
  const request = checkedJob(body, ({ model }) => {
    const shutdown = model.entry.shutdown?.date
    return account.retiresModels === true && Boolean(shutdown) && today >= String(shutdown)
  })
  refuseTooMany(desk, place, request.model, account.concurrentMax)
  const { bucket = '', name = '' } = parsedUri(request.inputUri) ?? {}
  const input = desk.store.get(bucket, name) ?? null
  if (input === null && account.missingInputAtCreate) {
    throw new Refusal(invalidArgument(`The specified input ${request.inputUri} could not be found.`))
  }
  const faults = desk.switchboard.batch()
  const id = desk.nextId('job')
  const job: JobRecord = {
    ...request,
    id,
    place,
    input,
    course: layCourse(desk, id, input?.size ?? 0, faults),
    faults,
    problem: null,
    scanning: Promise.resolve().then(() => startScan(desk, job)),
    scan: null,
    deletedAt: null,
    publishing: null,
  }
  input?.readers.push(job.scanning)
  desk.jobs.set(id, job)
  desk.log.record('vertex', 'create', {
    batch: id,
    inputFileId: request.inputUri,
    metadata: { displayName: request.displayName, labels: request.labels ?? null },
    endpoint: request.modelName,
    inputFound: input !== null,
  })
  const { createdAt } = job.course
  return jobView(job, momentOf({ ...job.course, failure: null }, 0, createdAt), null, createdAt)
}

function refuseTooMany(desk: Desk, place: Place, { publisher }: JobModel, max: number | undefined): void {
  const limit = max ?? (publisher === 'anthropic' ? limits.claudeConcurrentMax : Number.POSITIVE_INFINITY)
  const now = desk.clock.now()
  const active = [...desk.jobs.values()].filter(
    (job) =>
      job.place.project === place.project &&
      job.model.publisher === publisher &&
      !momentOf(job.course, job.scan?.lines ?? 0, now).terminal,
  )
  if (active.length >= limit) {
    throw new Refusal(problem('RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.'))
  }
}

/** Draws how long each state lasts, once, from the seed and the job's own name. */
function layCourse(desk: Desk, id: string, bytes: number, faults: BatchFaults): Course {
  const chance = chanceOf('course', desk.seed, id)
  const createdAt = desk.clock.now()
  const runMs = runMsOf(desk.latency, chance, bytes, faults.runSeconds)
  const forever = (faults.stuckSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const pendingAt = createdAt + (faults.stuck === 'queued' ? forever : 0)
  const waits = (desk.latency.validatingSeconds * 1000 * between(chance, 80, 120)) / 100
  const startsAt = pendingAt + (faults.stuck === 'pending' ? forever : waits)
  const queueEnds = createdAt + limits.queueMs
  return {
    createdAt,
    pendingAt,
    startsAt,
    runMs,
    endsAt: startsAt + (faults.stuck === 'running' ? forever : runMs),
    expiresAt: startsAt > queueEnds ? queueEnds : Number.POSITIVE_INFINITY,
    cutAt: startsAt + limits.runMs,
    stallShare: faults.stuck === 'running' ? (faults.stallShare ?? 1) : 1,
    failure: null,
    cancel: null,
  }
}
