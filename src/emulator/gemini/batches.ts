import { readFile } from 'node:fs/promises'
import { between, chanceOf } from '../chance.ts'
import type { Json } from '../json.ts'
import { isLongContext } from '../prices.ts'
import { sealed, type Totals } from '../row-table.ts'
import { type Moment, momentOf } from './course.ts'
import { type BatchRecord, type Desk, day } from './desk.ts'
import { deadline, notFound, overloaded, problem, Refusal } from './errors.ts'
import { limits } from './limits.ts'
import { operationView } from './operations.ts'
import { pageOf } from './pages.ts'
import type { Scan } from './run-lines.ts'

/** A batch at this moment, with everything read and written that has to be by now. */
export interface Look {
  readonly moment: Moment
  readonly totals: Totals | null
}

export async function lookAt(desk: Desk, batch: BatchRecord): Promise<Look> {
  const at = batch.deletedAt ?? desk.clock.now()
  // Once it runs the lines must have been read; at a high speed the clock may be ahead of the reading.
  if (at >= Math.min(batch.course.startsAt, batch.course.expiresAt) || batch.course.cancel) await batch.scanning
  const moment = momentOf(batch.course, batch.scan?.lines ?? 0, batch.deletedAt ?? desk.clock.now())
  if (moment.terminal) seal(batch, moment)
  return { moment, totals: batch.scan?.rows.totals(moment.executed) ?? null }
}

/** Of a batch that has ended only sums are kept: nothing in it can change any more. */
function seal(batch: BatchRecord, moment: Moment): void {
  const { scan } = batch
  if (!scan || batch.sealed) return
  batch.sealed = true
  batch.scan = { ...scan, rows: sealed(scan.rows, moment.executed, longPrompts(batch)) }
  batch.scanning = Promise.resolve(batch.scan)
}

/** Which prompts are billed at the long-context prices, on the day of the batch. */
export function longPrompts({ course, model }: BatchRecord): (promptTokens: number) => boolean {
  const date = day(course.createdAt)
  return (promptTokens) => isLongContext(model.entry, 'batch', promptTokens, date)
}

/**
 * GET /batches/{id}.
 * @param partial  whether only a part of the answer is asked for, which spares the reading of a large result
 * @param timeout  seconds the caller is ready to wait, where it said so
 */
export async function getBatch(
  desk: Desk,
  project: string,
  id: string,
  partial: boolean,
  timeout: string | undefined,
): Promise<Json> {
  const batch = visible(desk, project, id)
  const age = desk.clock.now() - batch.course.createdAt
  if (age < (batch.faults.hiddenFromGetSeconds ?? 0) * 1000) throw new Refusal(notFound())
  const { moment, totals } = await lookAt(desk, batch)
  const bytes = totals?.outputBytes ?? 0
  const isUnreadable = bytes > (batch.faults.unreadableBytes ?? Number.POSITIVE_INFINITY)
  if (isUnreadable && moment.terminal && batch.input.kind === 'inline' && !partial) {
    // The front end gives up after a minute; with a longer patience of the client, the back end does.
    throw new Refusal(timeout === undefined ? overloaded() : deadline())
  }
  const output = await outputOf(desk, batch, moment, totals, partial)
  return operationView(batch, moment, totals, desk.clock.now(), 'get', output)
}

/** GET /batches: newest first, and without any output. */
export async function listBatches(desk: Desk, project: string, query: URLSearchParams): Promise<Json> {
  const now = desk.clock.now()
  const newestFirst = [...desk.batches.values()]
    .filter((batch) => batch.project === project && isThere(desk, batch))
    .filter((batch) => now >= batch.course.createdAt + (batch.faults.hiddenFromListSeconds ?? 0) * 1000)
    .toReversed()
  const page = pageOf(newestFirst, query, 50, desk.switchboard.account())
  const operations: Json[] = []
  for (const batch of page.items) {
    const { moment, totals } = await lookAt(desk, batch)
    operations.push(operationView(batch, moment, totals, desk.clock.now(), 'list'))
  }
  return { ...(operations.length > 0 ? { operations } : {}), ...page.tail }
}

/** POST /batches/{id}:cancel. Answers at once; the batch stops when it stops. */
export async function cancelBatch(desk: Desk, project: string, id: string): Promise<Json> {
  const batch = visible(desk, project, id)
  const { moment } = await lookAt(desk, batch)
  desk.log.record('gemini', 'cancel', { batch: id, status: moment.phase })
  if (moment.phase === 'cancelling' || moment.phase === 'cancelled') return {}
  if (moment.terminal) throw new Refusal(problem('FAILED_PRECONDITION', 'Precondition check failed.'))
  const requestedAt = desk.clock.now()
  const lag = batch.faults.cancelLagSeconds
  const usual = (desk.latency.cancellingSeconds * between(chanceOf('cancel', desk.seed, id), 50, 150)) / 100
  batch.course.cancel = {
    requestedAt,
    endsAt: requestedAt + (lag ?? usual) * 1000,
    race: batch.faults.cancelRace ?? false,
  }
  return {}
}

/** DELETE /batches/{id}: out of sight at once, and whatever has not run does not run. */
export async function deleteBatch(desk: Desk, project: string, id: string): Promise<Json> {
  const batch = visible(desk, project, id)
  const { moment } = await lookAt(desk, batch)
  desk.log.record('gemini', 'delete', { batch: id, status: moment.phase })
  batch.deletedAt = desk.clock.now()
  return {}
}

function visible(desk: Desk, project: string, id: string): BatchRecord {
  const batch = desk.batches.get(id)
  if (!batch || batch.project !== project || !isThere(desk, batch)) throw new Refusal(notFound())
  return batch
}

function isThere(desk: Desk, { course, faults, deletedAt }: BatchRecord): boolean {
  const after = faults.vanishAfterSeconds
  return deletedAt === null && (after === undefined || desk.clock.now() < course.createdAt + after * 1000)
}

async function outputOf(
  desk: Desk,
  batch: BatchRecord,
  moment: Moment,
  totals: Totals | null,
  partial: boolean,
): Promise<Json | undefined> {
  const { faults, scan } = batch
  const handsOut =
    moment.phase === 'succeeded' ||
    (moment.phase === 'failed' && batch.course.failure?.keepsLines) ||
    (moment.phase === 'cancelled' && faults.cancelledKeepsOutput)
  if (!scan || !totals || !handsOut || moment.endedAt === null) return undefined
  if (desk.clock.now() < moment.endedAt + (faults.outputLateSeconds ?? 0) * 1000) return undefined
  if (batch.input.kind === 'inline' && !faults.inlineAsFile) {
    return { inlinedResponses: { inlinedResponses: partial ? [] : await inlineRows(scan, totals.outputBytes) } }
  }
  batch.outputFileId ??= publish(desk, batch, scan, totals.outputBytes, moment.endedAt)
  return { responsesFile: `files/${batch.outputFileId}` }
}

/** The result file: the rows of the lines that were run, and no other. */
function publish(desk: Desk, batch: BatchRecord, scan: Scan, bytes: number, endedAt: number): string {
  const id = `batch-${batch.id}`
  desk.files.set(id, {
    id,
    project: batch.project,
    displayName: undefined,
    mimeType: 'application/jsonl',
    bytes,
    sha256: '',
    createdAt: endedAt,
    // Notes differ on how long results live; the shorter reading catches clients that wait too long.
    expiresAt: endedAt + limits.fileLifeMs,
    activeAt: endedAt,
    fails: false,
    source: 'GENERATED',
    path: scan.outputPath,
    origin: batch.origin,
    readers: [],
  })
  return id
}

async function inlineRows(scan: Scan, bytes: number): Promise<unknown[]> {
  const text = (await readFile(scan.outputPath)).subarray(0, bytes).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}
