import { appendFile, copyFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../json.ts'
import { lineBlocks } from '../lines.ts'
import { isLongContext } from '../prices.ts'
import { sealed, type Totals } from '../row-table.ts'
import { type Moment, momentOf } from './course.ts'
import { createBatch } from './create.ts'
import type { BatchRecord, Desk, Results } from './desk.ts'
import { errorLine } from './error-line.ts'
import { cannotCancel, invalid, noSuchBatch, Refusal } from './errors.ts'
import type { Scan } from './execute.ts'
import { cancelLagMs } from './lay-course.ts'
import type { Scope } from './scope.ts'
import { batchView } from './view.ts'

export { createBatch }

/** A batch at this moment, with everything read and written that has to be by now. */
export interface Look {
  readonly moment: Moment
  readonly totals: Totals | null
  readonly view: Json
}

export async function lookAt(desk: Desk, batch: BatchRecord): Promise<Look> {
  // Past validation the lines must have been read; at a high speed the clock may be ahead of the reading.
  if (desk.clock.now() >= batch.course.validatedAt || batch.course.cancel) await batch.scanning
  const now = desk.clock.now()
  const moment = momentOf(batch.course, batch.scan?.lines ?? 0, now)
  const counted = batch.scan !== null && moment.status !== 'validating'
  const totals = counted && batch.scan ? batch.scan.rows.totals(moment.executed) : null
  if (moment.terminal && moment.status !== 'failed') {
    batch.settling ??= settle(desk, batch, moment)
    batch.results = await batch.settling
  }
  return { moment, totals, view: batchView(batch, moment, totals, now) }
}

export async function getBatch(desk: Desk, scope: Scope, id: string): Promise<Look> {
  const batch = visible(desk, scope, id)
  const age = desk.clock.now() - batch.course.createdAt
  if (age < (batch.faults.hiddenFromGetSeconds ?? 0) * 1000) throw new Refusal(noSuchBatch(id))
  return lookAt(desk, batch)
}

export async function listBatches(desk: Desk, scope: Scope, query: URLSearchParams): Promise<Json> {
  const newestFirst = listedBatches(desk, scope.key)
  const { onePage } = desk.likeness
  const limit = onePage ? newestFirst.length : pageLimit(query, 20, 100)
  const page = pageAfter(newestFirst, onePage ? null : query.get('after'), limit, noSuchBatch)
  const data: Json[] = []
  for (const batch of page.items) data.push((await lookAt(desk, batch)).view)
  return onePage ? { object: 'list', data } : listOf(data, page.hasMore)
}

/** What a list shows now, the newest first. */
export function listedBatches(desk: Desk, scope: string): BatchRecord[] {
  const now = desk.clock.now()
  return [...desk.batches.values()]
    .filter((batch) => batch.scope === scope && !hasVanished(desk, batch))
    .filter((batch) => now >= batch.course.createdAt + (batch.faults.hiddenFromListSeconds ?? 0) * 1000)
    .toReversed()
}

export async function cancelBatch(desk: Desk, scope: Scope, id: string): Promise<Look> {
  const batch = visible(desk, scope, id)
  const look = await lookAt(desk, batch)
  const { moment } = look
  const { status } = moment
  desk.log.record(desk.likeness.name, 'cancel', { batch: id, status })
  if (status === 'cancelled' || status === 'cancelling') return look
  if (moment.terminal) throw new Refusal(cannotCancel(status))
  const requestedAt = desk.clock.now()
  const endsAt = requestedAt + cancelLagMs(desk, batch)
  batch.course.cancel = { requestedAt, endsAt, race: batch.faults.cancelRace ?? false }
  return lookAt(desk, batch)
}

function visible(desk: Desk, scope: Scope, id: string): BatchRecord {
  const batch = desk.batches.get(id)
  if (!batch || batch.scope !== scope.key || hasVanished(desk, batch)) throw new Refusal(noSuchBatch(id))
  return batch
}

function hasVanished(desk: Desk, { course, faults }: BatchRecord): boolean {
  const after = faults.vanishAfterSeconds
  return after !== undefined && desk.clock.now() >= course.createdAt + after * 1000
}

/** Gives the finished lines to an output file and everything else to an error file. */
async function settle(desk: Desk, batch: BatchRecord, moment: Moment): Promise<Results> {
  const scan = await batch.scanning
  const { outputBytes, errorBytes } = scan.rows.totals(moment.executed)
  const endedAt = moment.completedAt ?? moment.expiredAt ?? moment.cancelledAt ?? desk.clock.now()
  const publish = (kind: 'output' | 'error', path: string, bytes: number) => {
    const id = desk.nextId('file')
    desk.files.set(id, {
      id,
      scope: batch.scope,
      purpose: 'batch_output',
      filename: `${batch.id}_${kind}.jsonl`,
      bytes,
      createdAt: endedAt,
      expiresAt: Math.floor(endedAt / 1000) + batch.outputExpiresAfter,
      path,
      readers: [],
    })
    return id
  }
  const unfinished = scan.lines - moment.executed
  let errorPath = scan.errorPath
  let errorTotal = errorBytes
  if (unfinished > 0) {
    errorPath = join(desk.dir, `${batch.id}.unfinished`)
    await copyFile(scan.errorPath, errorPath)
    await truncate(errorPath, errorBytes)
    errorTotal += await appendUnfinished(desk, scan, errorPath, moment)
  }
  const rows = sealed(scan.rows, moment.executed, longPrompts(batch, scan))
  batch.scan = { ...scan, rows }
  batch.scanning = Promise.resolve(batch.scan)
  return {
    outputFileId: outputBytes > 0 ? publish('output', scan.outputPath, outputBytes) : null,
    errorFileId: errorTotal > 0 ? publish('error', errorPath, errorTotal) : null,
  }
}

/** Which prompts are billed at the long-context prices, on the day of the batch. */
export function longPrompts({ course }: BatchRecord, { model }: Scan): (promptTokens: number) => boolean {
  const day = new Date(course.createdAt).toISOString().slice(0, 10)
  return (promptTokens) => model !== null && isLongContext(model.entry, 'batch', promptTokens, day)
}

const unfinishedErrors = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: { code: 'batch_cancelled', message: 'This request was not executed because the batch was cancelled.' },
}

async function appendUnfinished(desk: Desk, scan: Scan, path: string, moment: Moment): Promise<number> {
  const error = moment.status === 'expired' ? unfinishedErrors.expired : unfinishedErrors.cancelled
  let bytes = 0
  let row = 0
  for await (const block of lineBlocks(scan.idsPath)) {
    let text = ''
    for (const line of block) {
      if (row++ < moment.executed) continue
      const [customId] = JSON.parse(line.toString('utf8')) as [string]
      text += errorLine(desk, { id: `batch_req_${row}`, custom_id: customId, response: null, error })
    }
    await appendFile(path, text)
    bytes += Buffer.byteLength(text)
  }
  return bytes
}

export function pageLimit(query: URLSearchParams, fallback: number, max: number, name = 'limit'): number {
  const text = query.get(name)
  if (text === null) return fallback
  const limit = Number(text)
  if (!Number.isInteger(limit)) {
    throw new Refusal(
      invalid(`Invalid type for '${name}': expected an integer, but got a string instead.`, name, 'invalid_type'),
    )
  }
  if (limit < 1) {
    throw new Refusal(
      invalid(
        `Invalid '${name}': integer below minimum value. Expected a value >= 1, but got ${limit} instead.`,
        name,
        'integer_below_min_value',
      ),
    )
  }
  if (limit > max) {
    throw new Refusal(
      invalid(
        `Invalid '${name}': integer above maximum value. Expected a value <= ${max}, but got ${limit} instead.`,
        name,
        'integer_above_max_value',
      ),
    )
  }
  return limit
}

export function pageAfter<T extends { readonly id: string }>(
  items: readonly T[],
  after: string | null,
  limit: number,
  unknown: (id: string) => ReturnType<typeof noSuchBatch>,
): { items: readonly T[]; hasMore: boolean } {
  let start = 0
  if (after) {
    start = items.findIndex((item) => item.id === after) + 1
    if (start === 0) throw new Refusal(unknown(after))
  }
  return { items: items.slice(start, start + limit), hasMore: items.length > start + limit }
}

export function listOf(data: readonly Json[], hasMore: boolean): Json {
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: hasMore,
  }
}
