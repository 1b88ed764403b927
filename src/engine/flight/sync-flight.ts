import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Collected, upstreamId } from '../../delivery/result-index.ts'
import { makesNumbers } from '../../domain/endpoints.ts'
import { vendorOf } from '../../domain/usage.ts'
import { EngineUse } from '../../executor/engine-use.ts'
import { execute } from '../../executor/execute.ts'
import { addUnproven, answersIn, recover } from '../../executor/read-journal.ts'
import type { Ended, Progress, SourceRow } from '../../executor/work.ts'
import { SECOND } from '../../kit/clock.ts'
import { HttpFailed } from '../../kit/http.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import { keepLines, RowOutcomes } from '../harvest/row-outcomes.ts'
import { OUTPUT_MAX, settle, settleCancelled } from '../harvest/settle.ts'
import type { JobOptions } from '../options.ts'
import { nextOf, overBudget, spending } from '../purchase/budget.ts'
import { Purse } from '../purchase/purse.ts'
import { hold } from '../purchase/refusal.ts'
import { isLive } from '../purchase/restore.ts'
import { submissionRow } from '../purchase/submission-row.ts'
import { modelSplice, type Route } from '../rows/routing.ts'
import { rowBodies } from '../rows/row-bodies.ts'
import { attachFiles } from '../shards/attach.ts'
import { courseOf } from '../shards/course.ts'
import { fillSlots, type References } from '../shards/fill-slots.ts'
import { commit, eventOf, type SyncFlight, type Then } from '../shards/flight.ts'
import { recordsFor } from '../shards/growth.ts'
import { keepShard, keepSubmission, moveShard, moveSubmission } from '../shards/move.ts'
import type { Runs } from '../shards/runs.ts'
import { leaveOutWithdrawn, Withdrawn } from '../shards/withdrawn.ts'

/** Real time on the lease below which nothing new leaves. */
const LEASE_SPARE_MS = 2 * SECOND
/** Of a journal's blob. */
const ANSWERS = 'answers'

/** What a run tells of itself while it flies, kept with its submission. */
export interface RunProgress {
  /** When an answer last came; our clock. */
  readonly movedAt: number | null
  readonly inFlight: number
  readonly window: number
  readonly pausedUntil: number | null
  readonly held: boolean
  /** Why an engine gets nothing now, in words. */
  readonly heldBy: string | null
  readonly trouble: Progress['trouble']
  /** Of the lane's time, by all runs so far, our clock. */
  readonly engineMs: number
}

/**
 * A shard on a lane that takes requests one by one. Its run is a submission as any other; each process that takes the
 * shard over goes on with it, by the journals of those before. There is nothing to look up and nothing to prove: a
 * journal says what was answered, and what was in flight is unproven.
 */
export async function stepSync(flight: SyncFlight, runs: Runs): Promise<Then> {
  const { ports, job, shard } = flight
  const current = (await ports.store.submissions({ shardId: shard.id })).filter(isLive).at(-1)
  if (current === undefined) {
    if (job.cancelWanted) return settleCancelled(flight)
    const left = await leaveOutWithdrawn(flight)
    if (left !== undefined) return left
    return (await overBudget(flight)) ?? begin(flight)
  }
  switch (current.state) {
    case 'open':
      return run(flight, current, runs)
    case 'ended':
      return collectRun(flight, current)
    default:
      return settleRun(flight, current)
  }
}

/** From here on money may flow: the budget counts the shard as bought. */
async function begin(flight: SyncFlight): Promise<Then> {
  const { ports, shard } = flight
  await attachFiles(flight)
  const submission = { ...submissionRow(flight, { state: 'open', fileId: null }), worstNanoUsd: nextOf(flight) }
  await commit(flight, {
    insertSubmissions: [submission],
    shards: [shard.state === 'flying' ? keepShard(shard, { held: null }) : moveShard(shard, 'fly', { held: null })],
    ...spending(flight),
    events: [eventOf(flight, 'begun', { lane: shard.lane, rows: shard.count }, submission)],
  })
  ports.step('bought')
  return 'again'
}

async function run(flight: SyncFlight, submission: SubmissionRow, runs: Runs): Promise<Then> {
  const { ports, claim, shard, job, lane } = flight
  if (claim === null) throw new Error('A run needs the lease.')
  if (job.cancelWanted || submission.cancelWanted) return end(flight, submission)
  const settings = ports.vendors.engine(shard.accountId)
  const placesMax = settings?.placesMax ?? lane.limits.concurrencyMax
  const limits = { ...lane.limits, concurrencyMax: Math.min(placesMax, lane.limits.concurrencyMax) }
  claim.linger()
  const { requestsPerMinute } = flight.options
  const patient = async () => !claim.signal.aborted && !(await wishes(flight, submission)).unwanted
  const before = await journalsOf(flight, submission)
  const purse = await Purse.of(flight, submission)
  if (before.length > 0) await purse.count((await recover(before)).unproven)
  const wait = await purse.wait()
  if (wait !== null) return wait
  const turn = await runs.turn(shard, { limits, requestsPerMinute, patient })
  if (turn === undefined) return claim.signal.aborted ? ports.clock.now() : 'again'
  const stop = new AbortController()
  const took = new Map<number, number>()
  const engine = settings && new EngineUse(flight.call, settings)
  try {
    const withdrawn = new Withdrawn(ports, shard)
    await withdrawn.look(flight.options)
    const references = await attachFiles(flight)
    const running = execute({
      lane,
      call: flight.call,
      idOf: (row) => upstreamId(submission.key, row),
      source: sourceOf(flight, references),
      journal: join(folderOf(flight, submission), `${String(claim.epoch).padStart(9, '0')}.journal`),
      earlier: before,
      isWanted: (row) => !withdrawn.has(row),
      signal: AbortSignal.any([claim.signal, stop.signal]),
      mayStart: (unproven) =>
        claim.leaseUntil() - ports.clock.real() > LEASE_SPARE_MS &&
        engine?.mayStart() !== false &&
        purse.covers(unproven),
      gate: turn.gate,
      ...(flight.options.trial === true ? { onAnswer: (row: number, ms: number) => void took.set(row, ms) } : {}),
    })
    const ended = await follow(flight, submission, running, { turn, stop, engine, withdrawn, purse }).finally(() =>
      // Whatever broke it off, nothing more may leave under a lease that is not ours.
      running.return(undefined as never),
    )
    if (ended.kind === 'halted') {
      return await hold(flight, undefined, { kind: ended.why, code: null, message: ended.message }, ended.why)
    }
    if (claim.signal.aborted) return ports.clock.now()
    if (ended.kind === 'stopped' && purse.isEmpty) return (await purse.wait()) ?? 'again'
    return await end(flight, submission, ended.progress, took)
  } finally {
    turn.end()
    engine?.close()
  }
}

interface Running {
  readonly turn: { answered(count: number): void }
  readonly stop: AbortController
  readonly engine: EngineUse | undefined
  readonly withdrawn: Withdrawn
  readonly purse: Purse
}

/** Sees a run to its end; writes down now and then how far it is, and stops it when somebody wants that. */
async function follow(
  flight: SyncFlight,
  submission: SubmissionRow,
  running: AsyncGenerator<Progress, Ended>,
  { turn, stop, engine, withdrawn, purse }: Running,
): Promise<Ended> {
  const { ports, shard } = flight
  let answered: number | undefined
  let movedAt = (submission.progress as RunProgress | null)?.movedAt ?? null
  let written = ''
  let waits = shard.state === 'held'
  for (;;) {
    const { done, value } = await running.next()
    if (done === true) return value
    const more = value.answered - (answered ?? value.answered)
    turn.answered(more)
    if (more > 0) movedAt = ports.clock.now()
    answered = value.answered
    ports.step('running')
    const { inFlight, window, pausedUntil, held, trouble } = value
    const engineMs = engineMsOf(submission) + value.engineMs
    const heldBy = held ? (engine?.held() ?? null) : null
    const progress: RunProgress = { movedAt, inFlight, window, pausedUntil, held, heldBy, trouble, engineMs }
    const set = { counts: countsOf(submission, value), progress }
    const text = JSON.stringify([set.counts, trouble?.why ?? null, held])
    if (text !== written) {
      written = text
      const released = waits && more > 0
      waits &&= !released
      await commit(flight, {
        submissions: [keepSubmission(submission, set)],
        ...(released
          ? { shards: [moveShard(shard, 'fly', { held: null })], events: [eventOf(flight, 'released')] }
          : {}),
      })
    }
    const now = await wishes(flight, submission)
    await purse.count(value.unproven)
    // What is in flight may come in; breaking it off would leave more that is paid for nothing.
    if (now.unwanted || (purse.isEmpty && value.inFlight === 0)) stop.abort()
    await withdrawn.look(now.options)
  }
}

/** What people want of it by now: somebody may have asked for its end since the step began, or withdrawn rows. */
async function wishes({ ports: { store }, job, options }: SyncFlight, { id }: SubmissionRow) {
  const [jobNow, now] = await Promise.all([store.job(job.id), store.submission(id)])
  return {
    unwanted: jobNow?.cancelWanted === true || now?.cancelWanted === true,
    options: (jobNow?.options as JobOptions | undefined) ?? options,
  }
}

const countsOf = ({ rows }: SubmissionRow, { answered, succeeded }: Progress) => ({
  total: rows,
  completed: succeeded,
  failed: answered - succeeded,
})

/** By the runs of those before. */
const engineMsOf = ({ progress }: SubmissionRow): number => (progress as Partial<RunProgress> | null)?.engineMs ?? 0

async function end(
  flight: SyncFlight,
  submission: SubmissionRow,
  progress?: Progress,
  took?: ReadonlyMap<number, number>,
): Promise<Then> {
  const { ports } = flight
  const counts = progress === undefined ? submission.counts : countsOf(submission, progress)
  const kept = {
    engineMs: engineMsOf(submission) + (progress?.engineMs ?? 0),
    ...(took === undefined || took.size === 0 ? {} : { took: [...took] }),
  }
  await commit(flight, {
    submissions: [moveSubmission(submission, 'end', { counts, endedAt: ports.clock.now(), progress: kept })],
    events: [eventOf(flight, 'ended', { counts }, submission)],
  })
  ports.step('ended')
  return 'again'
}

/** What the journals hold becomes a file of results like any other, and they are no longer needed. */
async function collectRun(flight: SyncFlight, submission: SubmissionRow): Promise<Then> {
  const { ports, job, lane, claim } = flight
  ports.step('collecting')
  const journals = await journalsOf(flight, submission)
  const { unproven, promised } = await recover(journals)
  // What is still promised is not waited for: it is withdrawn, and may have been done.
  for (const { promise, inputTokens, outputMax } of promised.values()) {
    addUnproven(unproven, inputTokens, outputMax)
    await withdraw(flight, promise)
  }
  const folder = `jobs/${job.id}/${submission.id}/${claim?.epoch ?? 0}`
  const rows = new RowOutcomes(submission.rows, { resident: flight.call.resident === true, buysEach: true })
  const name = `${folder}/${ANSWERS}`
  await keepLines(flight, answersIn(journals), { name, scanner: lane.scanner, key: submission.key }, rows, 0)
  const stopped = job.cancelWanted || submission.cancelWanted
  const missing = rows.markUnseen(stopped ? 'cancelled' : undefined)
  const saved = await rows.save(ports, folder, [name], missing)
  const { took } = (submission.progress ?? {}) as { took?: readonly (readonly [number, number])[] }
  const collected: Collected = {
    ...saved,
    ...(unproven.attempts === 0 ? {} : { unproven }),
    ...(took === undefined ? {} : { ms: byRow(took, submission.rows) }),
    ...(ports.vendors.engine(submission.accountId) === undefined
      ? {}
      : { engineMs: Math.round(engineMsOf(submission)) }),
  }
  await commit(flight, {
    submissions: [moveSubmission(submission, 'collect', { collected })],
    events: [eventOf(flight, 'collected', { ...collected.rows, bytes: collected.bytes }, submission)],
  })
  ports.step('collected')
  return 'again'
}

const byRow = (took: readonly (readonly [number, number])[], rows: number): (number | null)[] => {
  const known = new Map(took)
  return Array.from({ length: rows }, (_, row) => known.get(row) ?? null)
}

async function withdraw({ lane, call, ports }: SyncFlight, promise: string): Promise<void> {
  if (lane.later === undefined) return
  const { url, headers } = lane.later.withdraw(call, promise)
  await call.http.call({ method: 'POST', url, headers, body: '' }).catch((error: unknown) => {
    if (!(error instanceof HttpFailed)) throw error
    ports.log.warn({ promise, error: error.message }, 'a request could not be withdrawn')
  })
}

async function settleRun(flight: SyncFlight, submission: SubmissionRow): Promise<Then> {
  const then = await settle(flight, submission)
  await rm(folderOf(flight, submission), { recursive: true, force: true })
  return then
}

/** A run whose shard flies elsewhere meanwhile: what it has answered is charged, once nobody can be at it any more. */
export async function endStrayRun(flight: SyncFlight, submission: SubmissionRow): Promise<void> {
  const { ports, shard } = flight
  const left = courseOf(shard).cancelledAt ?? submission.createdAt
  if (ports.clock.now() < left + STRAY_MS * ports.clock.speed) return
  if (submission.state === 'open') await end(flight, submission)
  else if (submission.state === 'ended') await collectRun(flight, submission)
  else await settleRun(flight, submission)
}
/** Longer than a lease that was lost goes unnoticed, and what was in flight is waited for; real time. */
const STRAY_MS = 60 * SECOND

const folderOf = ({ ports }: SyncFlight, { id }: SubmissionRow): string => join(ports.journals, id)

async function journalsOf(flight: SyncFlight, submission: SubmissionRow): Promise<string[]> {
  const folder = folderOf(flight, submission)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return (await readdir(folder)).sort().map((name) => join(folder, name))
}

async function* sourceOf(
  { ports, manifest, shard, input, lane }: SyncFlight,
  references: References | undefined,
): AsyncGenerator<SourceRow> {
  const { attached } = manifest
  const { endpoint, model, member } = input.routes[shard.group] as Route
  const bodies = rowBodies(ports.blobs, manifest, recordsFor(ports, input, shard), {
    model: modelSplice(input, shard.group),
    blanksModel: lane.blanksModel === true,
    member,
  })
  const most = makesNumbers(endpoint)
    ? 0
    : (ports.vendors.prices.find(model, vendorOf(shard.lane))?.maxOutput ?? OUTPUT_MAX)
  for await (const { row, body, tokens, outputMax } of bodies) {
    if (attached !== undefined && references !== undefined) fillSlots(body, attached.token, references)
    yield { row, body, endpoint, model, inputTokens: tokens, outputMax: outputMax === 0 ? most : outputMax }
  }
}
